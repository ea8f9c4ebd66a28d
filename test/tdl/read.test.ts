import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { readTdl, readTdlFrom } from '../../src/tdl/read.ts';
import { refusal, template } from './templates.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'ozma-tdl-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const put = (name: string, content: string | Buffer) => {
  const file = path.join(dir, name);
  writeFileSync(file, content);
  return file;
};

describe('readTdlFrom()', () => {
  it('waits no longer for a silent terminal than its signal allows', async () => {
    const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
    const stop = new AbortController();
    const reading = readTdlFrom(silent, { source: 'standard input', signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
  });

  it('reads no more than a TDL may have', async () => {
    const endless = (function* () {
      for (;;) yield ' '.repeat(1024 ** 2);
    })();
    const reading = readTdlFrom(Readable.from(endless), { source: 'standard input' });
    expect((await refusal(reading)).message).toMatch(/^Cannot read TDL standard input: .* larger/);
  });
});

describe('readTdl()', () => {
  it('reads a file and knows its absolute path', async () => {
    const tdl = await readTdl(path.relative(process.cwd(), put('good.tdl', template())));
    expect(tdl.source).toBe(path.join(dir, 'good.tdl'));
  });

  it('reads from a pipe', async () => {
    const pipe = path.join(dir, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const reading = readTdl(pipe);
    writeFileSync(pipe, template());
    expect((await reading).name).toBe('thirteen');
  });

  it.each<[string, string | Buffer | undefined, RegExp]>([
    ['missing.tdl', undefined, /Cannot read TDL .*missing\.tdl: there is no such file/],
    ['big.tdl', Buffer.alloc(5 * 1024 * 1024 + 1, 32), /it is larger than 5 MiB/],
    ['latin1.tdl', Buffer.from(template({ name: '<name>\xe4</name>' }), 'latin1'), /not UTF-8/],
  ])('refuses %s', async (name, content, why) => {
    const file = content === undefined ? path.join(dir, name) : put(name, content);
    const error = await refusal(readTdl(file));
    expect(error.code).toBe('OZ_TDL_FILE');
    expect(error.message).toMatch(why);
  });

  it('refuses directories, endless devices and paths through files', async () => {
    expect((await refusal(readTdl(dir))).message).toContain('it is a directory');
    expect((await refusal(readTdl('/dev/zero'))).message).toContain('larger than');
    const through = path.join(put('file', ''), 'x.tdl');
    expect((await refusal(readTdl(through))).message).toContain('there is no such file');
  });

  it('stops when it is aborted', async () => {
    const file = put('abort.tdl', template());
    const reason = new Error('enough');
    await expect(readTdl(file, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('says where working templates are, also where the tool was installed', async () => {
    const missing = await refusal(readTdl(path.join(dir, 'missing.tdl')));
    const broken = await refusal(readTdl(put('text.tdl', 'no XML')));
    expect(broken.message).toContain('it is not an XML document');
    for (const { hint = '' } of [missing, broken]) {
      const [, folder = ''] = hint.split('see ');
      expect(path.isAbsolute(folder), hint).toBe(true);
      expect(existsSync(path.join(folder, 'debian-13.tdl')), hint).toBe(true);
    }
  });

  it('reads the example', async () => {
    const example = new URL('../../tdl-examples/debian-13.tdl', import.meta.url).pathname;
    const tdl = await readTdl(example);
    expect(tdl).toMatchObject({ distro: 'Debian', version: '13', arch: 'x86_64' });
    expect([tdl.packages, tdl.files, tdl.commands].map((list) => list.length)).toEqual([1, 1, 1]);
    expect(tdl.rootpw).toBeDefined();
  });
});
