import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { writeOutput } from '../../src/base/write-output.ts';
import { checkOutputs } from '../../src/compose/outputs.ts';
import { testDir } from '../media/support.ts';

let dir: string;
beforeEach(() => {
  dir = testDir();
});
const at = (name: string) => path.join(dir, name);

describe('writeOutput()', () => {
  it('makes a file, and leaves nothing beside it', async () => {
    await writeOutput(at('new'), 'text', 0o600);
    expect(readFileSync(at('new'), 'utf8')).toBe('text');
    expect(statSync(at('new')).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).toEqual(['new']);
  });

  it('keeps the mode and the owner of a file', async () => {
    const root = process.getuid?.() === 0;
    const [uid, gid] = root ? [12345, 12346] : [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
    writeFileSync(at('old'), 'old');
    chmodSync(at('old'), 0o640);
    chownSync(at('old'), uid, gid);
    await writeOutput(at('old'), 'text');
    expect(readFileSync(at('old'), 'utf8')).toBe('text');
    expect(statSync(at('old'))).toMatchObject({ uid, gid });
    expect(statSync(at('old')).mode & 0o777).toBe(0o640);
  });

  it.each(['there', 'not there'])('leaves a link, whose file is %s', async (is) => {
    mkdirSync(at('far'));
    if (is === 'there') writeFileSync(at('far/file'), 'old');
    symlinkSync('far/file', at('link'));
    await writeOutput(at('link'), 'text');
    expect(lstatSync(at('link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(at('far/file'), 'utf8')).toBe('text');
  });

  it('writes into a pipe, which stays one', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const reading = promisify(execFile)('cat', [at('pipe')]);
    await writeOutput(at('pipe'), 'text');
    expect((await reading).stdout).toBe('text');
    expect(statSync(at('pipe')).isFIFO()).toBe(true);
  });

  it('replaces a file below /dev that is no device', async () => {
    const file = `/dev/shm/ozma-output-${process.pid}`;
    try {
      await writeOutput(file, 'one');
      await writeOutput(file, 'two');
      expect(readFileSync(file, 'utf8')).toBe('two');
    } finally {
      rmSync(file, { force: true });
    }
  });

  it('adds to what standard output has already', () => {
    const program = `import { writeOutput } from ${JSON.stringify(path.resolve('src/base/write-output.ts'))};
      process.stdout.write('first ');
      await writeOutput('/dev/stdout', 'text');`;
    const node = `${process.execPath} --import tsx --input-type=module`;
    execFileSync('sh', ['-c', `${node} >"$1"`, 'sh', at('file')], { input: program });
    expect(readFileSync(at('file'), 'utf8')).toBe('first text');
  });
});

describe('checkOutputs()', () => {
  it('refuses what can not be a file, before it is too late', async () => {
    mkdirSync(at('directory'));
    const hint = 'name a file';
    await expect(checkOutputs([at('directory')])).rejects.toMatchObject({
      code: 'OZ_OUTPUT',
      message: `Cannot write ${at('directory')}: it is a directory`,
      hint,
    });
    await expect(checkOutputs([at('none/file')])).rejects.toThrow('no such directory');
    writeFileSync(at('file'), '');
    await expect(checkOutputs([at('file/x')])).rejects.toMatchObject({ code: 'OZ_OUTPUT' });
    await checkOutputs([], dir);
    await expect(checkOutputs([], at('none'))).rejects.toMatchObject({
      code: 'OZ_OUTPUT',
      message: `Cannot write into ${at('none')}: no such directory`,
    });
  });

  it('takes devices, pipes, links and new files', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    symlinkSync('pipe', at('link'));
    await checkOutputs(['/dev/null', at('pipe'), at('link'), at('new'), undefined]);
  });
});
