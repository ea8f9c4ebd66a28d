/** Against vsftpd, as real mirrors run it. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { OzError } from '../../src/base/errors.ts';
import { fetchContent } from '../../src/media/content.ts';
import { download } from '../../src/media/download.ts';
import { partPaths } from '../../src/media/part-file.ts';
import { someBytes, testDir } from './support.ts';

const content = someBytes(3_000_000);
const sha256 = createHash('sha256').update(content).digest('hex');

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

/** Starts vsftpd on a directory; returns the URL without a slash at its end. */
async function vsftpd(root: string, settings: Record<string, string | number> = {}) {
  const dir = testDir();
  chmodSync(dir, 0o755);
  const port = await freePort();
  mkdirSync(path.join(dir, 'empty'));
  const config = {
    listen: 'YES',
    listen_ipv6: 'NO',
    listen_address: '127.0.0.1',
    listen_port: port,
    background: 'NO',
    anonymous_enable: 'YES',
    anon_root: root,
    allow_writeable_chroot: 'YES',
    secure_chroot_dir: path.join(dir, 'empty'),
    run_as_launching_user: 'YES',
    seccomp_sandbox: 'NO',
    ...settings,
  };
  const file = path.join(dir, 'vsftpd.conf');
  writeFileSync(
    file,
    Object.entries(config)
      .map(([k, v]) => `${k}=${v}\n`)
      .join(''),
  );
  const server = spawn('vsftpd', [file], {
    stdio: 'ignore',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
  let problem: unknown;
  server.on('error', (error) => {
    problem = error;
  });
  server.on('exit', (code) => {
    problem ??= new Error(`vsftpd ended with ${code}`);
  });
  onTestFinished(() => {
    server.kill();
  });
  for (let tries = 0; tries < 100 && !(await isListening(port)); tries++) {
    if (problem)
      throw new Error('vsftpd is needed for this test (apt-get install vsftpd)', {
        cause: problem,
      });
    await sleep(50);
  }
  return `ftp://127.0.0.1:${port}`;
}

function publicDir(): string {
  const dir = testDir();
  chmodSync(dir, 0o755);
  mkdirSync(path.join(dir, 'pub'));
  writeFileSync(path.join(dir, 'pub/a file.iso'), content);
  return dir;
}

describe('download over ftp', () => {
  it('fetches a file, reports one that is missing', async () => {
    const url = await vsftpd(publicDir());
    const dir = testDir();
    const seen: (number | null)[] = [];
    const target = path.join(dir, 'f');
    const result = await download(`${url}/pub/a%20file.iso`, target, {
      onProgress: (_, total) => seen.push(total),
    });
    expect(result).toMatchObject({ bytes: content.length, sha256, resumed: false });
    expect(seen.at(-1)).toBe(content.length);
    expect((await fetchContent(`${url}/pub/a%20file.iso`)).equals(content)).toBe(true);
    const error = (await download(`${url}/pub/none`, path.join(dir, 'g')).catch(
      (e) => e,
    )) as OzError;
    expect(error.code).toBe('OZ_DOWNLOAD_NOT_FOUND');
    expect(readdirSync(dir)).toEqual(['f']);
  });

  it('resumes, but not when the file has changed', async () => {
    const root = publicDir();
    const url = `${await vsftpd(root, { anon_max_rate: 1_000_000 })}/pub/a%20file.iso`;
    const fast = `${await vsftpd(root)}/pub/a%20file.iso`;
    const target = path.join(testDir(), 'f');
    const stop = new AbortController();
    const aborted = download(url, target, {
      signal: stop.signal,
      onProgress: (done) => done > 300_000 && stop.abort(new Error('enough')),
    });
    await expect(aborted).rejects.toThrow('enough');
    const part = partPaths(target);
    const have = statSync(part.data).size;
    expect(have).toBeGreaterThan(300_000);
    expect(have).toBeLessThan(content.length);
    // The record names the slow server's URL; give it the fast one's.
    const record = JSON.parse(readFileSync(part.record, 'utf8')) as Record<string, string>;
    record.urlKey = createHash('sha256').update(fast).digest('hex');
    writeFileSync(part.record, JSON.stringify(record));
    const kept = readFileSync(part.data);
    expect(await download(fast, target)).toMatchObject({ sha256, resumed: true });

    writeFileSync(part.data, kept);
    writeFileSync(part.record, JSON.stringify(record));
    utimesSync(path.join(root, 'pub/a file.iso'), 1e9, 1e9);
    expect(await download(fast, target)).toMatchObject({ sha256, resumed: false });
  });

  it('says when a login is refused, without the password', async () => {
    const url = await vsftpd(publicDir(), { anonymous_enable: 'NO', local_enable: 'YES' });
    const target = path.join(testDir(), 'f');
    const secret = url.replace('://', '://nobody:s3cret@');
    const error = (await download(`${secret}/pub/x`, target).catch((e) => e)) as OzError;
    expect(error.code).toBe('OZ_DOWNLOAD_FORBIDDEN');
    expect(error.message).not.toContain('s3cret');
  });

  it('refuses a path that would smuggle a command in', async () => {
    const error = (await download(
      'ftp://127.0.0.1:1/a%0D%0ADELE%20b',
      path.join(testDir(), 'f'),
    ).catch((e) => e)) as OzError;
    expect(error.code).toBe('OZ_DOWNLOAD_URL');
  });

  it('ends at once when aborted while the server is silent', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      silent.close();
    });
    const { port } = silent.address() as AddressInfo;
    const begin = performance.now();
    const promise = download(`ftp://127.0.0.1:${port}/f`, path.join(testDir(), 'f'), {
      signal: AbortSignal.timeout(100),
    });
    await expect(promise).rejects.toThrow(/timeout/i);
    expect(performance.now() - begin).toBeLessThan(2000);
  });
});
