/** On a file system of 2 MiB that really is full. Needs the right to mount a tmpfs. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
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

interface Outcome {
  code: string;
  message: string;
  /** What is on the small disk afterwards. */
  left: string[];
}

/** One process for all, as starting it takes longest: does what must fail, tells how it failed. */
function program(small: string, dir: string): string {
  return `
    import { createServer } from 'node:http';
    import { readdirSync } from 'node:fs';
    const { download } = await import(${source('media/download.ts')});
    const { convertImage } = await import(${source('image/convert.ts')});
    const { appendToInitrd } = await import(${source('media/initrd.ts')});
    const small = ${JSON.stringify(small)};
    const dir = ${JSON.stringify(dir)};
    const server = createServer((request, response) => {
      if (request.url === '/long') response.setHeader('content-length', 10_000_000);
      response.setHeader('etag', '"1"');
      const body = Buffer.alloc(100_000, 'x');
      let sent = 0;
      const more = () => {
        while (sent++ < 100) if (!response.write(body)) return void response.once('drain', more);
        response.end();
      };
      more();
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = 'http://127.0.0.1:' + server.address().port;
    const image = { format: 'qcow2', sourceFormat: 'raw' };
    const target = small + '/target';
    const actions = {
      long: () => download(url + '/long', target),
      unknown: () => download(url + '/unknown', target),
      convert: () => convertImage(dir + '/disk', target, image),
      compress: () => convertImage(dir + '/disk', target, { ...image, compress: true }),
      initrd: () => appendToInitrd(dir + '/initrd', target, [{ name: 'p', content: 'x' }]),
    };
    const outcomes = {};
    for (const [name, action] of Object.entries(actions)) {
      const error = await action().then(() => null, (e) => e);
      outcomes[name] = { code: error?.code, message: error?.message, left: readdirSync(small) };
    }
    console.log(JSON.stringify(outcomes));
    process.exit(0);`;
}

function outcomesOnSmallDisk(): Record<string, Outcome> {
  const dir = testDir();
  const small = path.join(dir, 'small');
  mkdirSync(small);
  writeFileSync(path.join(dir, 'disk'), someBytes(6 << 20));
  const initrd = execFileSync('xz', ['-0', '-c'], {
    input: someBytes(4 << 20),
    maxBuffer: 16 << 20,
  });
  writeFileSync(path.join(dir, 'initrd'), initrd);
  return JSON.parse(onSmallDisk(dir, small, program(small, dir))) as Record<string, Outcome>;
}

it('reports a full disk in sizes or words, and leaves nothing on it', () => {
  const { long, unknown, convert, compress, initrd } = outcomesOnSmallDisk();
  const full = { code: 'OZ_NO_SPACE', left: [] };
  expect(long).toMatchObject(full);
  expect(long?.message).toMatch(/it needs 9\.5 MiB and \S+ has 2\.0 MiB free/);
  expect(unknown).toMatchObject(full);
  expect(unknown?.message).toMatch(/the file system is full/);
  expect(convert).toMatchObject(full);
  expect(convert?.message).toMatch(/needs 6\.\d MiB/);
  expect(compress).toMatchObject(full);
  expect(compress?.message).toMatch(/the file system is full/);
  expect(initrd).toMatchObject(full);
});
