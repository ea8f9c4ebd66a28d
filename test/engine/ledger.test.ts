import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LedgerEntry } from '../../src/base/ledger-entry.ts';
import { openLedger } from '../../src/engine/ledger.ts';
import { findLedgers } from '../../src/engine/ledger-file.ts';
import { clearDeadLedgers } from '../../src/engine/leftovers.ts';

/** Answers of writeSync() besides the real ones: bytes that it takes, or an error. */
const answers: (number | Error)[] = [];
vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const writeSync = (fd: number, bytes: Buffer, offset: number): number => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return real.writeSync(fd, bytes, offset, answer);
  };
  return { ...real, writeSync };
});

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-ledger-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const ledgerFiles = () => readdirSync(path.join(dir, 'ledger'));
const domain: LedgerEntry = {
  ...{ place: 'libvirt', kind: 'domain', at: 'qemu:///session' },
  ref: 'a/0e7ea4a5-4d3c-4c38-9f3c-0d3c0a1b2c3d',
};
const none = { dead: [], doubts: [] };

/** A ledger as a killed process leaves it. */
function abandon(code: string): void {
  const module = path.resolve('src/engine/ledger.ts');
  const script = `
    const { openLedger } = await import(${JSON.stringify(module)});
    const ledger = openLedger(${JSON.stringify(dir)});
    ${code}
    process.kill(process.pid, 'SIGKILL');`;
  spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
}

describe('ledger', () => {
  it('leaves no file when all was dropped', () => {
    const ledger = openLedger(dir);
    ledger.add(domain);
    expect(ledgerFiles()).toHaveLength(1);
    ledger.drop(domain);
    ledger.close();
    expect(ledgerFiles()).toHaveLength(0);
  });

  it('gives the newest entry first and forgets the dropped', () => {
    const ledger = openLedger(dir);
    const [one, two, three] = ['/1', '/2', '/3'].map(
      (ref): LedgerEntry => ({ place: 'file', kind: 'path', ref }),
    );
    for (const entry of [one, two, three]) ledger.add(entry as LedgerEntry);
    ledger.drop(two as LedgerEntry);
    expect(ledger.entries()).toEqual([three, one]);
    ledger.close();
  });

  it('does not touch the ledger of a living run', () => {
    const ledger = openLedger(dir);
    ledger.add(domain);
    expect(findLedgers(dir)).toEqual(none);
    ledger.close();
  });

  it('is touched while its run lives', () => {
    vi.useFakeTimers();
    try {
      const ledger = openLedger(dir);
      ledger.add(domain);
      const file = path.join(dir, 'ledger', ledgerFiles()[0] ?? '');
      utimesSync(file, 0, 0);
      vi.advanceTimersByTime(61_000);
      expect(statSync(file).mtimeMs).toBeGreaterThan(0);
      ledger.close();
      vi.advanceTimersByTime(61_000);
    } finally {
      vi.useRealTimers();
    }
  });

  it('clears what a killed run left: files here, the rest by its backend', async () => {
    const left = path.join(dir, '.x.ozma-0a1b2c3d');
    writeFileSync(left, 'x');
    abandon(`
      ledger.add({ place: 'file', kind: 'path', ref: ${JSON.stringify(left)} });
      ledger.add(${JSON.stringify(domain)});
      ledger.add({ place: 'libvirt', kind: 'pool', ref: 'ozma-0a1b2c3d' });
      ledger.drop({ place: 'libvirt', kind: 'pool', ref: 'ozma-0a1b2c3d' });`);
    const removed: LedgerEntry[] = [];
    const result = await clearDeadLedgers(dir, async (entry) => void removed.push(entry));
    expect(removed).toEqual([domain]);
    expect(result.failed).toEqual([]);
    expect(existsSync(left)).toBe(false);
    expect(ledgerFiles()).toHaveLength(0);
  });

  it('keeps a ledger whose entries cannot be removed yet', async () => {
    abandon(`ledger.add(${JSON.stringify(domain)});`);
    const result = await clearDeadLedgers(dir, async () => {
      throw new Error('libvirt is down');
    });
    expect(result.failed).toHaveLength(1);
    expect(ledgerFiles()).toHaveLength(1);
    const again = await clearDeadLedgers(dir, async () => {});
    expect(again.removed).toEqual([domain]);
    expect(ledgerFiles()).toHaveLength(0);
  });

  it('reads a ledger whose last line was cut off', () => {
    abandon(`ledger.add(${JSON.stringify(domain)});`);
    const file = path.join(dir, 'ledger', ledgerFiles()[0] as string);
    writeFileSync(file, '{"add":{"place":"fi', { flag: 'a' });
    expect(findLedgers(dir)).toMatchObject({ dead: [{ entries: [domain], bad: 0 }], doubts: [] });
  });

  it('says that the disk is full before anything is made, and is whole again later', () => {
    const ledger = openLedger(dir);
    const lost: LedgerEntry = { place: 'file', kind: 'path', ref: '/x/ozma-lost-0a1b2c3d' };
    answers.push(20, Object.assign(new Error('no space left'), { code: 'ENOSPC' }));
    expect(() => ledger.add(lost)).toThrow('no space left');
    ledger.add(domain);
    const [name = ''] = ledgerFiles();
    const file = path.join(dir, 'ledger', name);
    const [owner, ...rows] = readFileSync(file, 'utf8').trimEnd().split('\n');
    writeFileSync(file, [`{"owner":{"pid":1,"started":"no"}}`, ...rows, ''].join('\n'));
    expect(owner).toContain(`"pid":${process.pid}`);
    expect(findLedgers(dir)).toEqual({ dead: [{ file, entries: [domain], bad: 0 }], doubts: [] });
    ledger.drop(domain);
    ledger.drop(lost);
    ledger.close();
  });

  it('does not have removed what a full disk kept it from giving up', async () => {
    const ledger = openLedger(dir);
    const left = path.join(dir, '.x.ozma-0a1b2c3d');
    writeFileSync(left, 'x');
    const file: LedgerEntry = { place: 'file', kind: 'path', ref: left };
    const image: LedgerEntry = { place: 'openstack', at: 'cloud', ref: 'i1', kind: 'image' };
    const server: LedgerEntry = { ...image, kind: 'server', ref: 's1' };
    for (const entry of [image, file, server]) ledger.add(entry);
    answers.push(60, Object.assign(new Error('no space left'), { code: 'ENOSPC' }));
    expect(() => ledger.drop(image)).toThrow('no space left');
    ledger.add(domain);
    ledger.drop(domain);
    const name = path.join(dir, 'ledger', ledgerFiles()[0] ?? '');
    const [, ...rows] = readFileSync(name, 'utf8').split('\n');
    writeFileSync(name, [`{"owner":{"pid":1,"started":"no"}}`, ...rows].join('\n'));
    const removed: LedgerEntry[] = [];
    const { doubts } = await clearDeadLedgers(dir, async (entry) => void removed.push(entry));
    expect(removed).toEqual([server]);
    expect(existsSync(left)).toBe(false);
    expect(doubts).toEqual([expect.stringContaining('.damaged: 1 line was not obeyed')]);
    for (const entry of [file, server]) ledger.drop(entry);
    ledger.close();
  });

  it('is not there for others before it says whose it is', () => {
    answers.push(new Error('full'));
    expect(() => openLedger(dir)).toThrow('full');
    expect(ledgerFiles()).toEqual([]);
  });
});
