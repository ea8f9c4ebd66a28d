import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { type LedgerEntry, noLedger } from '../../src/base/ledger-entry.ts';
import { clearCache } from '../../src/media/cache-cleanup.ts';
import { acquireLock } from '../../src/media/lock.ts';
import { useMedium } from '../../src/media/use.ts';
import { testDir } from './support.ts';

it('takes a medium away only when no other build uses it', async () => {
  const dir = testDir();
  const iso = path.join(dir, 'isos', 'x.iso');
  const [one, two] = [await useMedium(noLedger, iso), await useMedium(noLedger, iso)];
  writeFileSync(iso, 'x');
  writeFileSync(`${iso}.part`, 'what the other build is fetching');
  await one.end({ drop: true });
  expect(existsSync(iso)).toBe(true);
  expect(existsSync(`${iso}.part`)).toBe(true);
  await two.end({ drop: true });
  expect(readdirSync(path.dirname(iso))).toEqual([]);
});

it('leaves it where it is to be kept, and the marks of killed builds to the next one', async () => {
  const iso = path.join(testDir(), 'x.iso');
  writeFileSync(iso, 'x');
  writeFileSync(`${iso}.used-0a0a0a0a.lock`, '1\n');
  const use = await useMedium(noLedger, iso);
  expect(readdirSync(path.dirname(iso))).toHaveLength(2);
  await use.end({ drop: false });
  expect(readdirSync(path.dirname(iso))).toEqual(['x.iso']);
});

it('does not take it away while another build begins to fetch it', async () => {
  const iso = path.join(testDir(), 'x.iso');
  writeFileSync(iso, 'x');
  const use = await useMedium(noLedger, iso);
  const fetching = await acquireLock(`${iso}.lock`);
  await use.end({ drop: true }); // without waiting for a download of hours
  const other = await useMedium(noLedger, iso);
  await fetching.release();
  expect(existsSync(iso)).toBe(true);
  await other.end({ drop: true });
  expect(existsSync(iso)).toBe(false);
});

it('is left alone by oz-cleanup-cache', async () => {
  const dir = testDir();
  const iso = path.join(dir, 'isos', 'x.iso');
  const use = await useMedium(noLedger, iso);
  writeFileSync(iso, 'x');
  writeFileSync(path.join(dir, 'isos', 'y.iso'), 'y');
  await expect(clearCache(dir)).rejects.toMatchObject({
    message: `Cannot clear all of the cache: ${iso} is in use by a running build`,
  });
  expect(existsSync(iso)).toBe(true);
  expect(existsSync(path.join(dir, 'isos', 'y.iso'))).toBe(false);
  await use.end({ drop: false });
  await clearCache(dir);
  expect(readdirSync(path.join(dir, 'isos'))).toEqual([]);
});

it('is in the ledger, for the next run to clear after a kill', async () => {
  const iso = path.join(testDir(), 'x.iso');
  const known = new Set<string>();
  const ledger = {
    ...noLedger,
    add: ({ ref }: LedgerEntry) => void known.add(ref),
    drop: ({ ref }: LedgerEntry) => void known.delete(ref),
  };
  const use = await useMedium(ledger, iso);
  writeFileSync(use.pin, 'x');
  const made = readdirSync(path.dirname(iso)).map((name) => path.join(path.dirname(iso), name));
  expect([...known].sort()).toEqual(made.sort());
  await use.end({ drop: false });
  expect([...known]).toEqual([]);
});
