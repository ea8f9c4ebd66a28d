/** On a file system of 2 MiB that really is full. Needs the right to mount a tmpfs. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../src/base/package-root.ts';
import { someBytes, testDir } from './support.ts';

/**
 * Runs `code` in a mount namespace of its own (and a user namespace, where we
 * are not root), with a tmpfs at `small`. Returns what it prints.
 */
function onSmallDisk(dir: string, small: string, code: string): string {
  const script = path.join(dir, 'script.mts');
  writeFileSync(script, code);
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const run = `mount -t tmpfs -o size=2m none "$1" && cd "$2" && exec "$3" --import tsx "$4"`;
  const args = [
    ...asRoot,
    '--mount',
    'sh',
    '-c',
    run,
    'sh',
    small,
    packageFile(),
    process.execPath,
    script,
  ];
  const { status, stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the test's own process failed: ${stderr}`);
  return stdout;
}

const source = (file: string) => JSON.stringify(pathToFileURL(packageFile('src', file)).href);

/** A program that does something that must fail, then prints the error and what is left. */
function program(small: string, setup: string, action: string): string {
  return `
    import { createServer } from 'node:http';
    import { readdirSync, writeFileSync } from 'node:fs';
    const { download } = await import(${source('media/download.ts')});
    const { convertImage } = await import(${source('image/convert.ts')});
    const { appendToInitrd } = await import(${source('media/initrd.ts')});
    const small = ${JSON.stringify(small)};
    ${setup}
    const error = await (${action}).then(() => null, (e) => e);
    console.log(JSON.stringify({ code: error?.code, message: error?.message, left: readdirSync(small) }));
    process.exit(0);`;
}

/** The server tells its file's length only where it is asked to. */
const server = (length: boolean) => `
  const server = createServer((q, r) => {
    ${length ? "r.setHeader('content-length', 10_000_000);" : ''}
    r.setHeader('etag', '"1"');
    const body = Buffer.alloc(100_000, 'x');
    let sent = 0;
    const more = () => { while (sent++ < 100) if (!r.write(body)) return void r.once('drain', more); r.end(); };
    more();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = 'http://127.0.0.1:' + server.address().port + '/f';`;

function run(setup: (dir: string) => string, action: string) {
  const dir = testDir();
  const small = path.join(dir, 'small');
  mkdirSync(small);
  const out = onSmallDisk(dir, small, program(small, setup(dir), action));
  return JSON.parse(out) as { code: string; message: string; left: string[] };
}

describe('a full disk', () => {
  it('is seen before a download, with sizes', () => {
    const result = run(() => server(true), "download(url, small + '/f')");
    expect(result.code).toBe('OZ_NO_SPACE');
    expect(result.message).toMatch(/it needs 9\.5 MiB and \S+ has 2\.0 MiB free/);
    expect(result.left).toEqual([]);
  });

  it('is worded when it comes during a download', () => {
    const result = run(() => server(false), "download(url, small + '/f')");
    expect(result.code).toBe('OZ_NO_SPACE');
    expect(result.message).toMatch(/the file system is full/);
    expect(result.left).toEqual([]);
  });

  it('is seen before a conversion, and worded during one', () => {
    const image = (dir: string) => {
      const file = path.join(dir, 'disk.raw');
      writeFileSync(file, someBytes(6 << 20));
      return `const file = ${JSON.stringify(file)};`;
    };
    const options = "format: 'qcow2', sourceFormat: 'raw'";
    const before = run(image, `convertImage(file, small + '/x', { ${options} })`);
    expect(before).toMatchObject({ code: 'OZ_NO_SPACE', left: [] });
    expect(before.message).toMatch(/needs 6\.\d MiB/);
    const during = run(image, `convertImage(file, small + '/x', { ${options}, compress: true })`);
    expect(during).toMatchObject({ code: 'OZ_NO_SPACE', left: [] });
    expect(during.message).toMatch(/the file system is full/);
  });

  it('is worded when an initrd does not fit', () => {
    const initrd = (dir: string) => {
      const file = path.join(dir, 'initrd');
      writeFileSync(
        file,
        execFileSync('xz', ['-0', '-c'], { input: someBytes(4 << 20), maxBuffer: 16 << 20 }),
      );
      return `const file = ${JSON.stringify(file)};`;
    };
    const result = run(initrd, "appendToInitrd(file, small + '/x', [{ name: 'p', content: 'x' }])");
    expect(result).toMatchObject({ code: 'OZ_NO_SPACE', left: [] });
  });
});
