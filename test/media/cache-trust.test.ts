/** What others may have done to the caches: nothing of theirs is used, written through, or kept open. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { noLedger } from '../../src/base/ledger-entry.ts';
import { fetchMedium } from '../../src/media/cache.ts';
import { acquireLock } from '../../src/media/lock.ts';
import { whyUnsafe } from '../../src/media/ownership.ts';
import { useMedium } from '../../src/media/use.ts';
import { giveAway, type ServedFile, sendFile, serve, someBytes, testDir } from './support.ts';

const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');

function withUmask(mask: number): void {
  const before = process.umask(mask);
  onTestFinished(() => void process.umask(before));
}

async function mirror() {
  const file: ServedFile = {
    content: someBytes(300_000),
    etag: '"1"',
    lastModified: 'Wed, 01 Jan 2025 00:00:00 GMT',
  };
  let sums = `${sha256(file.content)}  x.iso\n`;
  const served = await serve((q, r) =>
    q.url?.startsWith('/sums') ? void r.end(sums) : sendFile(q, r, file),
  );
  const dir = testDir();
  const cachePath = path.join(dir, 'data', 'isos', 'x.iso');
  const plain = { url: `${served.url}/x.iso`, cachePath };
  return {
    ...{ ...served, file, dir, cachePath, plain },
    checked: { ...plain, checksum: { type: 'sha256' as const, url: `${served.url}/sums` } },
    gets: () => served.requests.filter((line) => line.startsWith('GET /x.iso')).length,
    setSums: (text: string) => {
      sums = text;
    },
  };
}

const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8);

describe('modes', () => {
  it.each([0o000, 0o077])('are explicit, with umask %i too', async (mask) => {
    withUmask(mask);
    const { plain, cachePath, dir } = await mirror();
    const use = await useMedium(noLedger, cachePath);
    await fetchMedium(plain, { pin: use.pin });
    expect([cachePath, use.pin].map(modeOf)).toEqual(['644', '644']);
    expect([path.join(dir, 'data'), path.dirname(cachePath)].map(modeOf)).toEqual(['755', '755']);
    await use.end({ drop: false });
  });

  it('do not come from a local file', async () => {
    const { dir, cachePath } = await mirror();
    const local = path.join(dir, 'own.iso');
    writeFileSync(local, 'an ISO');
    chmodSync(local, 0o777);
    await fetchMedium({ url: `file://${local}`, cachePath });
    expect(modeOf(cachePath)).toBe('644');
  });

  it('of a directory of ours are mended, and it is said', async () => {
    const dir = path.join(testDir(), 'isos');
    mkdirSync(dir);
    chmodSync(dir, 0o777);
    const log: string[] = [];
    expect(await whyUnsafe(dir, (text) => log.push(text))).toBeNull();
    expect(modeOf(dir)).toBe('755');
    expect(log).toEqual([`${dir} could be written to by others: closed to them`]);
  });
});

/** A kept copy and its record, as a planter makes them: other content that is said to be right. */
async function planted(plant: (cachePath: string, dir: string) => void, checked = true) {
  const m = await mirror();
  const medium = checked ? m.checked : m.plain;
  await fetchMedium(medium);
  plant(m.cachePath, m.dir);
  const log: string[] = [];
  const { cached } = await fetchMedium(medium, { log: (text) => log.push(text) });
  const right = readFileSync(m.cachePath).equals(m.file.content as Buffer);
  return { cached, right, log: log.join('\n'), gets: m.gets() };
}

describe('a kept copy', () => {
  it.each([true, false])('that others can write to is not used (checksum: %s)', async (checked) => {
    const found = await planted((file) => chmodSync(file, 0o664), checked);
    expect(found).toMatchObject({ cached: false, right: true, gets: 2 });
    expect(found.log).toContain('the kept copy is not used, others can write to it');
  });

  it('that has several links is not used, and its other name keeps its content', async () => {
    let other = '';
    const found = await planted((file, dir) => {
      other = path.join(dir, 'other');
      linkSync(file, other);
    });
    expect(found).toMatchObject({ cached: false, right: true });
    expect(found.log).toContain('it has several links');
    expect(existsSync(other)).toBe(true);
  });

  it('of another user is not used, unless libvirt has made it QEMU’s', async () => {
    const found = await planted(giveAway);
    expect(found).toMatchObject({ cached: false, right: true });
    expect(found.log).toContain('it belongs to another user');
    const m = await mirror();
    const use = await useMedium(noLedger, m.cachePath);
    await fetchMedium(m.checked, { pin: use.pin });
    giveAway(use.pin); // as for a running guest
    const other = await useMedium(noLedger, m.cachePath);
    expect((await fetchMedium(m.checked, { pin: other.pin })).cached).toBe(true);
    for (const one of [use, other]) await one.end({ drop: true });
  });

  it.each([
    ['now', true, () => {}],
    ['now, without a checksum', false, () => {}],
    [
      'under a record of older versions',
      true,
      (record: Record<string, unknown>) => {
        delete record.ctimeMs;
        delete record.inode;
      },
    ],
  ] as const)(
    'with one byte changed, same size and mtime, is not used (B5): %s',
    async (_, checked, age) => {
      const found = await planted((file, dir) => {
        const before = path.join(dir, 'before');
        execFileSync('cp', ['-p', file, before]);
        const bytes = readFileSync(file);
        bytes[1000] = (bytes[1000] ?? 0) ^ 1;
        writeFileSync(file, bytes);
        execFileSync('touch', ['-r', before, file]);
        const record = JSON.parse(readFileSync(`${file}.ozma.json`, 'utf8'));
        expect(statSync(file).mtimeMs).toBe(record.mtimeMs);
        age(record);
        writeFileSync(`${file}.ozma.json`, JSON.stringify(record));
      }, checked);
      expect(found).toMatchObject({ cached: false, right: true, gets: 2 });
    },
  );

  it('is used when only its record is planted or open: its content decides', async () => {
    const found = await planted((file) => {
      const record = JSON.parse(readFileSync(`${file}.ozma.json`, 'utf8'));
      record.digests.sha256 = '0'.repeat(64);
      writeFileSync(`${file}.ozma.json`, JSON.stringify(record));
      chmodSync(`${file}.ozma.json`, 0o666);
    });
    expect(found).toMatchObject({ cached: true, right: true });
  });

  it('with a checksum is not used unchecked while the server is out of reach', async () => {
    const m = await mirror();
    await fetchMedium(m.plain); // without one: nothing was compared
    m.server.closeAllConnections();
    await new Promise((resolve) => m.server.close(resolve));
    const fast = { backoffMs: 5, retries: 1 };
    await expect(fetchMedium(m.checked, fast)).rejects.toMatchObject({
      code: 'OZ_DOWNLOAD_UNREACHABLE',
    });
  });

  it('that was compared once is compared with that digest while the server is out of reach', async () => {
    const m = await mirror();
    await fetchMedium(m.checked);
    m.server.closeAllConnections();
    await new Promise((resolve) => m.server.close(resolve));
    const log: string[] = [];
    const fast = { backoffMs: 5, retries: 1, log: (text: string) => log.push(text) };
    expect((await fetchMedium(m.checked, fast)).cached).toBe(true);
    expect(log.join('\n')).toContain('checked against the sha256 of that time');
    const { atimeMs, mtimeMs } = statSync(m.cachePath);
    writeFileSync(m.cachePath, someBytes(300_000, 7));
    utimesSync(m.cachePath, atimeMs / 1000, mtimeMs / 1000);
    await expect(fetchMedium(m.checked, fast)).rejects.toMatchObject({
      code: 'OZ_DOWNLOAD_UNREACHABLE',
    });
  });
});

describe('planted names', () => {
  it.each([
    ['a hard link', linkSync],
    ['a link', symlinkSync],
  ])('%s as the part file: its target stays what it is', async (_, plant) => {
    const { plain, cachePath, dir, file } = await mirror();
    const victim = path.join(dir, 'victim');
    writeFileSync(victim, 'precious');
    mkdirSync(path.dirname(cachePath), { recursive: true });
    plant(victim, `${cachePath}.part`);
    await fetchMedium(plain);
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    expect(readFileSync(cachePath).equals(file.content)).toBe(true);
  });

  it('a hard link as a lock: its target stays what it is', async () => {
    const dir = testDir();
    const victim = path.join(dir, 'victim');
    writeFileSync(victim, 'precious');
    linkSync(victim, path.join(dir, 'x.lock'));
    const lock = await acquireLock(path.join(dir, 'x.lock'));
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    await lock.release();
  });

  it('a directory of another user is not used', async () => {
    const dir = path.join(testDir(), 'isos');
    mkdirSync(dir);
    giveAway(dir);
    expect(await whyUnsafe(dir)).toBe('it belongs to another user');
  });
});
