import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { getSystemErrorMap } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { OzError } from '../../src/base/errors.ts';
import { makeDirectory, makeDirectorySync } from '../../src/base/make-directory.ts';
import { packageFile } from '../../src/base/package-root.ts';
import { systemError, systemHint, whyOf } from '../../src/base/system-errors.ts';
import { obstacleIn } from '../../src/base/usable-directory.ts';
import { reportError } from '../../src/cli/report-error.ts';
import { fakeIo } from '../cli/fake-io.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'ozma-errno-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const at = (...names: string[]) => path.join(dir, ...names);
writeFileSync(at('file'), '');
symlinkSync('loop', at('loop'));

const numbers = new Map([...getSystemErrorMap()].map(([errno, [code]]) => [code, errno]));

const raised = (code: string, more: object = {}) =>
  Object.assign(new Error(`${code}: some words, open '/x/y'`), {
    ...{ code, errno: numbers.get(code), syscall: 'open', path: '/x/y', ...more },
  });

describe("the system's errors", () => {
  it.each([...numbers.keys()])('%s has words and a hint, and no name', (code) => {
    const io = fakeIo();
    reportError(io, raised(code), 0);
    expect(io.err()).toMatch(/^Error: Cannot open \/x\/y: [a-z"].*\nHint: .+\n$/i);
    expect(io.err()).not.toMatch(/foreseen|\bE[A-Z]{3,}/);
  });

  it('of every kind name what was done, and to what', async () => {
    const failed = (await readFile('/x/nowhere').catch((error: unknown) => error)) as Error;
    expect(systemError(failed)).toMatchObject({
      code: 'OZ_SYSTEM',
      message: 'Cannot open /x/nowhere: it is not there',
      hint: 'check /x/nowhere',
    });
    const spawned = raised('EACCES', { syscall: 'spawn /usr/bin/qemu-img', path: 'qemu-img' });
    expect(systemError(spawned)?.message).toBe('Cannot start /usr/bin/qemu-img: permission denied');
    const renamed = raised('ENOSPC', { syscall: 'rename', dest: '/to' });
    expect(systemError(renamed)?.message).toBe('Cannot rename /to: the file system is full');
    expect(systemError(raised('EMFILE', { path: undefined }))).toMatchObject({
      message: 'Cannot go on: this process has too many files open',
      hint: expect.stringContaining('ulimit -n'),
    });
  });

  it('are not what we say ourselves, nor what is wrong with a program', () => {
    expect(systemError(new OzError('ENOENT', 'x'))).toBeUndefined();
    expect(systemError(new TypeError('x is not a function'))).toBeUndefined();
    expect(systemError(Object.assign(new Error('x'), { code: 'ERR_INVALID' }))).toBeUndefined();
    expect(whyOf(new Error('as it is'))).toBe('as it is');
    expect(systemHint(raised('EACCES'), 'otherwise')).toBe('otherwise');
  });
});

describe.each([
  ['makeDirectory', makeDirectory],
  ['makeDirectorySync', async (made: string, mode?: number) => makeDirectorySync(made, mode)],
])('%s()', (name, make) => {
  it('makes all that is missing, and takes what is there', async () => {
    await make(at(name, 'a/b'));
    await make(at(name, 'a/b'));
    await make('/');
    expect(await obstacleIn(at(name, 'a/b'))).toBeNull();
  });

  it.each(['/proc/x', '/proc/self/x/y'])('ends below %s', async (made) => {
    await expect(make(made)).rejects.toMatchObject({
      code: 'OZ_NOT_WRITABLE',
      message: expect.stringContaining('nothing can be made in /proc'),
      hint: expect.any(String),
    });
  });

  it.each([
    ['file', 'EEXIST'],
    ['file/a/b', 'ENOTDIR'],
    ['loop/a', 'ELOOP'],
    [`${'x'.repeat(300)}/a`, 'ENAMETOOLONG'],
  ])('fails as the system says at %s', async (made, code) => {
    await expect(make(at(made))).rejects.toMatchObject({ code });
  });
});

describe('what keeps files from a directory', () => {
  it.each([
    ['/proc/x/y', "/proc is the kernel's own (proc)"],
    [at('file', 'x'), `a file is where a directory is needed`],
    [at('file'), `${at('file')} is not a directory`],
    [at('loop', 'x'), 'it is a link, or links that lead in a circle'],
    [at('x'.repeat(300)), 'the name is too long for the file system'],
  ])('is said: %s', async (where, why) => {
    const found = await obstacleIn(where);
    expect(found).toMatchObject({ never: true, why: expect.stringContaining(why) });
  });

  it('is nothing where they can be made, also below what is not there yet', async () => {
    expect(await obstacleIn(at('a/b/c'))).toBeNull();
  });

  it('is a file system that is read-only', () => {
    const script = at('script.mts');
    const source = pathToFileURL(packageFile('src/base/usable-directory.ts')).href;
    writeFileSync(
      script,
      `import { obstacleIn } from ${JSON.stringify(source)};
       console.log(JSON.stringify(await obstacleIn(process.argv[2])));`,
    );
    const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
    const run = 'mount -t tmpfs -o ro none "$1" && cd "$2" && exec "$3" --import tsx "$4" "$1/sub"';
    const small = mkdtempSync(at('ro-'));
    const words = [small, packageFile(), process.execPath, script];
    const args = [...asRoot, '--mount', 'sh', '-c', run, 'sh', ...words];
    const said = execFileSync('unshare', args, { encoding: 'utf8' });
    expect(JSON.parse(said)).toEqual({
      why: `the file system is read-only (${small})`,
      never: true,
    });
  });
});
