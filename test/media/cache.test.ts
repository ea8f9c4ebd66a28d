import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { packageFile } from '../../src/base/package-root.ts';
import {
  clearCache,
  dropMedium,
  fetchMedium,
  listCache,
  readMediumRecord,
} from '../../src/media/cache.ts';
import { acquireLock, isLocked } from '../../src/media/lock.ts';
import { type ServedFile, sendFile, serve, someBytes, testDir } from './support.ts';

const fast = { backoffMs: 5, retries: 1 };
const names = (dir: string) => readdirSync(dir).sort();

/** A server of one medium whose file can be changed, and its checksum file. */
async function mirror() {
  const file: ServedFile = {
    content: someBytes(500_000),
    etag: '"1"',
    lastModified: 'Wed, 01 Jan 2025 00:00:00 GMT',
  };
  const served = await serve((q, r) => {
    if (!q.url?.startsWith('/sums')) return sendFile(q, r, file);
    r.end(`${createHash('sha256').update(file.content).digest('hex')}  x.iso\n`);
  });
  const dir = testDir();
  const cachePath = path.join(dir, 'isos', 'Debian13x86_64-iso.iso');
  const medium = { url: `${served.url}/x.iso`, cachePath };
  const gets = () => served.requests.filter((line) => line.startsWith('GET /x.iso')).length;
  return { ...served, file, dir, cachePath, medium, gets };
}

describe('fetchMedium', () => {
  it('fetches once, then uses the kept copy', async () => {
    const { medium, cachePath, gets, file, requests } = await mirror();
    expect(await fetchMedium(medium)).toMatchObject({ path: cachePath, cached: false });
    expect(await fetchMedium(medium)).toMatchObject({ path: cachePath, cached: true });
    expect(gets()).toBe(1);
    expect(requests.at(-1)).toBe('HEAD /x.iso');
    expect(readFileSync(cachePath).equals(file.content)).toBe(true);
    expect(names(path.dirname(cachePath))).toEqual([
      'Debian13x86_64-iso.iso',
      'Debian13x86_64-iso.iso.ozma.json',
    ]);
  });

  it.each<[string, (m: Awaited<ReturnType<typeof mirror>>) => void]>([
    [
      'has changed its size',
      (m) => {
        m.file.content = someBytes(400_000);
      },
    ],
    [
      'has changed its tag only',
      (m) => {
        delete m.file.lastModified;
        m.file.etag = '"2"';
        m.file.content = someBytes(500_000, 3);
      },
    ],
    [
      'has changed its date only',
      (m) => {
        delete m.file.etag;
        m.file.lastModified = 'Thu, 02 Jan 2025 00:00:00 GMT';
      },
    ],
    [
      'was written to here',
      (m) => {
        writeFileSync(m.cachePath, Buffer.alloc(500_000));
        utimesSync(m.cachePath, 5, 5);
      },
    ],
    [
      'was cut here',
      (m) => {
        writeFileSync(m.cachePath, 'x');
      },
    ],
    [
      'is wanted from another URL',
      (m) => {
        m.medium.url = m.medium.url.replace('x.iso', 'y/x.iso');
      },
    ],
  ])('fetches again when the file %s', async (_, change) => {
    const m = await mirror();
    await fetchMedium(m.medium);
    change(m);
    const log: string[] = [];
    expect((await fetchMedium(m.medium, { log: (text) => log.push(text) })).cached).toBe(false);
    expect(readFileSync(m.cachePath).equals(m.file.content)).toBe(true);
  });

  it('fetches again when forced', async () => {
    const { medium, gets } = await mirror();
    await fetchMedium(medium);
    expect((await fetchMedium(medium, { force: true })).cached).toBe(false);
    expect(gets()).toBe(2);
  });

  it('keeps the old copy when a forced download fails', async () => {
    const { medium, cachePath, file } = await mirror();
    await fetchMedium(medium);
    const old = file.content;
    Object.assign(file, {
      content: someBytes(400_000),
      breakAfter: 9000,
      etag: '',
      lastModified: '',
    });
    await expect(fetchMedium(medium, { ...fast, force: true })).rejects.toThrow();
    expect(readFileSync(cachePath).equals(old)).toBe(true);
    expect(await readMediumRecord(cachePath)).not.toBeNull();
  });

  it('uses the checksum: for the download, and against the kept copy', async () => {
    const m = await mirror();
    const medium = { ...m.medium, checksum: { type: 'sha256' as const, url: `${m.url}/sums` } };
    expect((await fetchMedium(medium)).cached).toBe(false);
    expect((await fetchMedium(medium)).cached).toBe(true);
    m.file.content = someBytes(500_000, 9); // same size, tag and date: only the checksum tells
    expect((await fetchMedium(medium)).cached).toBe(false);
    expect(readFileSync(m.cachePath).equals(m.file.content)).toBe(true);
  });

  it('keeps a copy that has the right checksum, whatever tag, date or URL', async () => {
    const m = await mirror();
    const checksum = { type: 'sha256' as const, url: `${m.url}/sums` };
    await fetchMedium(m.medium);
    m.file.etag = '"other mirror"';
    m.file.lastModified = 'Fri, 03 Jan 2025 00:00:00 GMT';
    const moved = { ...m.medium, url: m.medium.url.replace('x.iso', 'y/x.iso'), checksum };
    expect((await fetchMedium(moved)).cached).toBe(true);
    expect(m.gets()).toBe(1);
  });

  it('is not irritated by mirrors with other tags', async () => {
    const m = await mirror();
    await fetchMedium(m.medium);
    m.file.etag = '"other mirror"';
    expect((await fetchMedium(m.medium)).cached).toBe(true);
  });

  it('words a cache directory that can not be made', async () => {
    const m = await mirror();
    writeFileSync(path.join(m.dir, 'isos'), 'a file');
    await expect(fetchMedium(m.medium)).rejects.toMatchObject({ code: 'OZ_NOT_WRITABLE' });
  });

  it('leaves nothing of a medium with the wrong checksum', async () => {
    const m = await mirror();
    const wrong = await serve((_, r) => r.end(`${'0'.repeat(64)}  x.iso`));
    const medium = { ...m.medium, checksum: { type: 'sha256' as const, url: `${wrong.url}/s` } };
    await expect(fetchMedium(medium)).rejects.toMatchObject({ code: 'OZ_DOWNLOAD_CHECKSUM' });
    expect(names(path.dirname(m.cachePath))).toEqual([]);
  });

  it('takes over a file of Oz by its size, unless the server’s is newer', async () => {
    const { medium, cachePath, file, gets } = await mirror();
    mkdirSync(path.dirname(cachePath));
    // whatever the umask: Debian 13's users share their files with their group
    writeFileSync(cachePath, file.content, { mode: 0o644 });
    expect((await fetchMedium(medium)).cached).toBe(true);
    expect((await readMediumRecord(cachePath))?.digests.sha256).toBe(
      createHash('sha256').update(file.content).digest('hex'),
    );
    await dropMedium(cachePath);
    writeFileSync(cachePath, file.content, { mode: 0o644 });
    utimesSync(cachePath, 1e9, 1e9);
    expect((await fetchMedium(medium)).cached).toBe(false);
    expect(gets()).toBe(1);
  });

  it('uses the kept copy while the server is out of reach, and says so', async () => {
    const { medium, server, cachePath } = await mirror();
    await fetchMedium(medium);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const log: string[] = [];
    const result = await fetchMedium(medium, { ...fast, log: (text) => log.push(text) });
    expect(result).toMatchObject({ path: cachePath, cached: true });
    expect(log.at(-1)).toMatch(/out of reach: using the copy of \d{4}-/);
    await expect(fetchMedium({ ...medium, url: `${medium.url}2` }, fast)).rejects.toMatchObject({
      code: 'OZ_DOWNLOAD_UNREACHABLE',
    });
    await expect(fetchMedium(medium, { ...fast, force: true })).rejects.toThrow();
  });

  it('does not pass off a kept copy when the server says it is gone', async () => {
    const { medium, server } = await mirror();
    await fetchMedium(medium);
    server.removeAllListeners('request');
    server.on('request', (_, r) => r.writeHead(404).end());
    await expect(fetchMedium(medium)).rejects.toMatchObject({ code: 'OZ_DOWNLOAD_NOT_FOUND' });
  });

  it('refuses an empty file', async () => {
    const { medium, file, cachePath } = await mirror();
    file.content = Buffer.alloc(0);
    await expect(fetchMedium(medium)).rejects.toThrow(/is empty/);
    expect(names(path.dirname(cachePath))).toEqual([]);
  });

  it('works with a server that refuses HEAD', async () => {
    const content = someBytes(1000);
    const { url } = await serve((q, r) =>
      q.method === 'HEAD' ? r.writeHead(405).end() : sendFile(q, r, { content, etag: '"1"' }),
    );
    const medium = { url: `${url}/k`, cachePath: path.join(testDir(), 'k') };
    expect((await fetchMedium(medium)).cached).toBe(false);
    expect((await fetchMedium(medium)).cached).toBe(true);
  });

  it('fetches once when two builds want it at the same time', async () => {
    const { medium, gets } = await mirror();
    const log: string[] = [];
    const results = await Promise.all(
      [1, 2, 3].map(() => fetchMedium(medium, { log: (text) => log.push(text) })),
    );
    expect(results.map((result) => result.cached).sort()).toEqual([false, true, true]);
    expect(gets()).toBe(1);
    // who has just taken the lock may not have written its number yet
    expect(log.join()).toMatch(
      new RegExp(`waiting for (process ${process.pid}|another build) to finish`),
    );
  });
});

/** A process of its own that takes a lock and waits. */
async function holder(file: string) {
  const code = `
    const { acquireLock } = await import(${JSON.stringify(packageFile('src/media/lock.ts'))});
    await acquireLock(${JSON.stringify(file)});
    console.log('locked');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    cwd: packageFile(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await once(child.stdout, 'data');
  return child;
}

describe('locks', () => {
  it('are held against other processes, and end with a killed one', async () => {
    const file = path.join(testDir(), 'x.lock');
    const child = await holder(file);
    expect(await isLocked(file)).toBe(true);
    let waitedFor: number | null = null;
    const pending = acquireLock(file, {
      onWait: (pid) => {
        waitedFor = pid;
      },
    });
    await sleep(300);
    expect(waitedFor).toBe(child.pid);
    child.kill('SIGKILL');
    const lock = await pending;
    expect(readFileSync(file, 'utf8')).toBe(`${process.pid}\n`);
    await lock.release();
    expect(existsSync(file)).toBe(false);
  });

  it('let a waiting build be aborted', async () => {
    const file = path.join(testDir(), 'x.lock');
    const lock = await acquireLock(file);
    await expect(acquireLock(file, { signal: AbortSignal.timeout(50) })).rejects.toThrow(
      /timeout/i,
    );
    await lock.release();
  });

  it('exclude each other under contention', async () => {
    const file = path.join(testDir(), 'x.lock');
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        const lock = await acquireLock(file);
        most = Math.max(most, ++inside);
        await sleep(5);
        inside--;
        await lock.release();
      }),
    );
    expect(most).toBe(1);
  });
});

describe('clearing the cache', () => {
  function dataDir() {
    const dir = testDir();
    for (const name of ['isos', 'kernels', 'jeos', 'icicletmp/x', 'other']) {
      mkdirSync(path.join(dir, name), { recursive: true });
      writeFileSync(path.join(dir, name, 'file'), 'x');
    }
    return dir;
  }

  it('empties Oz’s directories, keeps them, and keeps all else', async () => {
    const dir = dataDir();
    writeFileSync(path.join(dir, 'isos/x.iso.lock'), '1\n');
    const { directories, entries } = await listCache(dir);
    expect(directories.map((each) => path.basename(each))).toEqual([
      'floppies',
      'floppycontent',
      'icicletmp',
      'isocontent',
      'isos',
      'jeos',
      'kernels',
      'screenshots',
    ]);
    expect(entries.map((entry) => path.relative(dir, entry.path)).sort()).toEqual([
      'icicletmp/x',
      'isos/file',
      'isos/x.iso.lock',
      'jeos/file',
      'kernels/file',
    ]);
    await clearCache(dir);
    expect(names(dir)).toEqual(['icicletmp', 'isos', 'jeos', 'kernels', 'other']);
    for (const name of ['icicletmp', 'isos', 'jeos', 'kernels'])
      expect(names(path.join(dir, name))).toEqual([]);
    expect(names(path.join(dir, 'other'))).toEqual(['file']);
    await clearCache(path.join(dir, 'not there'));
  });

  it('follows no link out of the data directory', async () => {
    const dir = dataDir();
    const outside = testDir();
    writeFileSync(path.join(outside, 'precious'), 'x');
    symlinkSync(outside, path.join(dir, 'isocontent'));
    symlinkSync(outside, path.join(dir, 'isos/link'));
    symlinkSync(path.join(outside, 'precious'), path.join(dir, 'isos/filelink'));
    await expect(clearCache(dir)).rejects.toThrow(/isocontent is a link out of/);
    expect(names(outside)).toEqual(['precious']);
    expect(names(path.join(dir, 'isos'))).toEqual([]);
  });

  it('leaves a file that a build is fetching', async () => {
    const dir = dataDir();
    for (const name of ['a.iso', 'a.iso.part', 'b.iso'])
      writeFileSync(path.join(dir, 'isos', name), 'x');
    const lock = await acquireLock(path.join(dir, 'isos/a.iso.lock'));
    await expect(clearCache(dir)).rejects.toThrow(/a\.iso is in use by a running build/);
    expect(names(path.join(dir, 'isos'))).toEqual(['a.iso', 'a.iso.lock', 'a.iso.part']);
    await lock.release();
    await clearCache(dir);
    expect(names(path.join(dir, 'isos'))).toEqual([]);
  });
});
