/** Builds that work at the same time with media of the same cached names: each gets its own. */
import {
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { noLedger } from '../../src/base/ledger-entry.ts';
import { type CachedMedium, clearCache, fetchMedium, listCache } from '../../src/media/cache.ts';
import { acquireLock } from '../../src/media/lock.ts';
import { type MediumUse, useMedium } from '../../src/media/use.ts';
import { sendFile, serve, testDir } from './support.ts';

/** A mirror of two trees; the second tree's kernel is there at once, the first one's initrd later. */
async function mirror() {
  const { url } = await serve(async (request, response) => {
    const [, tree, file] = request.url?.split('/') ?? [];
    if (tree === 'a' && file === 'initrd' && request.method === 'GET') await sleep(300);
    sendFile(request, response, { content: Buffer.from(`${file} of ${tree}`), etag: `"${tree}"` });
  });
  const dir = testDir();
  const cached = (name: string) => path.join(dir, 'kernels', name);
  const medium = (tree: string, file: string): CachedMedium => ({
    url: `${url}/${tree}/${file}`,
    cachePath: cached(file),
  });
  return { dir, cached, medium };
}

async function fetchPinned(
  medium: CachedMedium,
): Promise<{ path: string; use: MediumUse; sha256: string | undefined }> {
  const use = await useMedium(noLedger, medium.cachePath);
  const { path: file, digests } = await fetchMedium(medium, { pin: use.pin });
  return { path: file, use, sha256: digests.sha256 };
}

describe('pins', () => {
  it('let each of two builds boot its own kernel and initrd (A2)', async () => {
    const { medium, cached } = await mirror();
    const set = async (tree: string) => {
      const kernel = await fetchPinned(medium(tree, 'kernel'));
      const initrd = await fetchPinned(medium(tree, 'initrd'));
      return { kernel, initrd };
    };
    const first = set('a');
    while (!existsSync(cached('kernel'))) await sleep(5);
    const [a, b] = await Promise.all([first, set('b')]);
    const texts = (one: typeof a) =>
      [one.kernel, one.initrd].map(({ path: file }) => readFileSync(file, 'utf8'));
    expect(texts(a)).toEqual(['kernel of a', 'initrd of a']);
    expect(texts(b)).toEqual(['kernel of b', 'initrd of b']);
    for (const { use } of [a.kernel, a.initrd, b.kernel, b.initrd]) await use.end({ drop: false });
    const left = readdirSync(path.dirname(cached('kernel'))).sort();
    expect(left).toEqual(['initrd', 'initrd.ozma.json', 'kernel', 'kernel.ozma.json']);
  });

  it('hold an ISO whose place another one takes, and are no copies (A3)', async () => {
    const { medium, cached } = await mirror();
    const a = await fetchPinned(medium('a', 'x.iso'));
    expect(statSync(a.path).ino).toBe(statSync(cached('x.iso')).ino);
    const b = await fetchPinned(medium('b', 'x.iso'));
    expect(readFileSync(a.path, 'utf8')).toBe('x.iso of a');
    expect(readFileSync(b.path, 'utf8')).toBe('x.iso of b');
    expect(a.sha256).not.toBe(b.sha256);
    // What the second has put there is the second's to keep.
    await b.use.end({ drop: false });
    await a.use.end({ drop: true });
    expect(readFileSync(cached('x.iso'), 'utf8')).toBe('x.iso of b');
    expect(existsSync(a.path)).toBe(false);
  });

  it('share one copy of the same file, which is not fetched or hashed again for their links', async () => {
    const { medium, cached } = await mirror();
    const [a, b] = [
      await fetchPinned(medium('a', 'x.iso')),
      await fetchPinned(medium('a', 'x.iso')),
    ];
    expect(statSync(cached('x.iso')).nlink).toBe(3);
    expect(a.sha256).toBe(b.sha256);
    await a.use.end({ drop: true });
    expect(existsSync(cached('x.iso'))).toBe(true);
    await b.use.end({ drop: false });
    const record = JSON.parse(readFileSync(`${cached('x.iso')}.ozma.json`, 'utf8'));
    expect(record.ctimeMs).toBe(statSync(cached('x.iso')).ctimeMs);
  });

  it('follow a link in the cache to what it leads to now', async () => {
    const { medium, cached, dir } = await mirror();
    await (await fetchPinned(medium('a', 'x.iso'))).use.end({ drop: false });
    const store = path.join(dir, 'store.iso');
    writeFileSync(store, 'x.iso of a');
    await clearCache(dir);
    symlinkSync(store, cached('x.iso'));
    const { path: pin, use } = await fetchPinned(medium('a', 'x.iso'));
    await fetchPinned(medium('b', 'x.iso'));
    expect(readFileSync(pin, 'utf8')).toBe('x.iso of a');
    await use.end({ drop: false });
    expect(readFileSync(store, 'utf8')).toBe('x.iso of a');
  });

  it('are left alone by oz-cleanup-cache, and are no entries of its list', async () => {
    const { medium, cached, dir } = await mirror();
    const { path: pin, use } = await fetchPinned(medium('a', 'x.iso'));
    await expect(clearCache(dir)).rejects.toThrow('x.iso is in use by a running build');
    expect(readFileSync(pin, 'utf8')).toBe('x.iso of a');
    expect((await listCache(dir)).entries.map((entry) => entry.path)).not.toContain(pin);
    await use.end({ drop: false });
    await clearCache(dir);
    expect(readdirSync(path.dirname(cached('x')))).toEqual([]);
  });

  it('stay for a guest that is kept, until the user removes them', async () => {
    const { medium, dir } = await mirror();
    const { path: pin, use } = await fetchPinned(medium('a', 'x.iso'));
    await use.leave();
    await expect(clearCache(dir)).rejects.toThrow(`${pin} belongs to a guest that was kept`);
    const other = await fetchPinned(medium('b', 'x.iso'));
    await other.use.end({ drop: true });
    expect(readFileSync(pin, 'utf8')).toBe('x.iso of a');
    expect(readdirSync(path.dirname(pin))).toEqual([path.basename(pin)]);
  });

  it('of a killed build go with its mark', async () => {
    const { medium, cached } = await mirror();
    await (await fetchPinned(medium('a', 'x.iso'))).use.end({ drop: false });
    const dead = `${cached('x.iso')}.used-0a0a0a0a`;
    linkSync(cached('x.iso'), dead);
    writeFileSync(`${dead}.lock`, '1\n');
    const { use } = await fetchPinned(medium('a', 'x.iso'));
    expect(existsSync(dead)).toBe(false);
    await use.end({ drop: false });
  });

  it('are given back at once while somebody else fetches', async () => {
    const { medium, cached } = await mirror();
    const { path: pin, use } = await fetchPinned(medium('a', 'x.iso'));
    const fetching = await acquireLock(`${cached('x.iso')}.lock`);
    await use.end({ drop: false });
    expect(existsSync(pin)).toBe(false);
    await fetching.release();
    // Its record does not fit to the last byte any more: hashed, and taken.
    expect((await fetchMedium(medium('a', 'x.iso'))).cached).toBe(true);
  });
});
