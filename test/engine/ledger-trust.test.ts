import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LedgerEntry } from '../../src/base/ledger-entry.ts';
import { pidSpace } from '../../src/base/process-identity.ts';
import { openLedger } from '../../src/engine/ledger.ts';
import { findLedgers, parseLedger } from '../../src/engine/ledger-file.ts';
import { lifeOf, parseOwner, summed } from '../../src/engine/ledger-owner.ts';
import { directoryDoubt, parseEntry, pathDoubt } from '../../src/engine/ledger-trust.ts';
import { clearDeadLedgers } from '../../src/engine/leftovers.ts';
import { lockOpenFile } from '../../src/media/lock.ts';

/** Makes it another user's; who is not root becomes another one instead. */
function giveAway(file: string): void {
  const me = process.geteuid?.() ?? 0;
  if (me === 0) chownSync(file, 65534, 65534);
  else vi.spyOn(process, 'geteuid').mockReturnValue(me + 1);
}

let dir: string;
let ledgers: string;
let victim: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-trust-'));
  ledgers = path.join(dir, 'ledger');
  mkdirSync(ledgers, { mode: 0o755 });
  victim = path.join(dir, '.x.ozma-0a1b2c3d');
  mkdirSync(victim);
});
afterEach(() => {
  vi.restoreAllMocks();
  chmodSync(ledgers, 0o755);
  rmSync(dir, { recursive: true, force: true });
});

const dead = { pid: process.pid, started: '1', space: pidSpace() };
const add = (ref: string) => ({ add: { place: 'file', kind: 'path', ref } });

function plant(rows: readonly unknown[], name = '1-a.jsonl'): string {
  const file = path.join(ledgers, name);
  const text = rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row)));
  writeFileSync(file, `${text.join('\n')}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  return file;
}

const removed: LedgerEntry[] = [];
const clear = () => clearDeadLedgers(dir, async (entry) => void removed.push(entry));

/** Nothing goes, and one sentence says why. */
async function isLeft(why: string): Promise<void> {
  const before = readdirSync(ledgers);
  const { removed, doubts } = await clear();
  expect(removed).toEqual([]);
  expect(existsSync(victim)).toBe(true);
  expect(doubts).toEqual([expect.stringContaining(why)]);
  expect(readdirSync(ledgers)).toEqual(before);
}

describe('a ledger is obeyed', () => {
  it('where it is the user’s own', async () => {
    plant([{ owner: dead }, add(victim)]);
    expect(await clear()).toMatchObject({ removed: [{ ref: victim }], failed: [], doubts: [] });
    expect(existsSync(victim)).toBe(false);
    expect(readdirSync(ledgers)).toEqual([]);
  });

  it('not where another user owns it', async () => {
    giveAway(plant([{ owner: dead }, add(victim)]));
    await isLeft('of other users');
  });

  it('not in a directory of another user', () => {
    expect(directoryDoubt(ledgers)).toBeNull();
    giveAway(ledgers);
    expect(directoryDoubt(ledgers)).toContain('belongs to another user');
  });

  it('not where others may write to it', async () => {
    chmodSync(plant([{ owner: dead }, add(victim)]), 0o620);
    await isLeft('others may write to it');
  });

  it('not in a directory that everybody may write to', async () => {
    plant([{ owner: dead }, add(victim)]);
    chmodSync(ledgers, 0o777);
    await isLeft('everybody may write to it');
  });

  it('in a directory that a group shares', async () => {
    plant([{ owner: dead }, add(victim)]);
    chmodSync(ledgers, 0o2775);
    expect((await clear()).removed).toHaveLength(1);
  });

  it('not through a link', async () => {
    const file = plant([{ owner: dead }, add(victim)]);
    renameSync(file, path.join(dir, 'elsewhere'));
    symlinkSync(path.join(dir, 'elsewhere'), file);
    await isLeft('it is a link');
  });

  it('not where it has several names', async () => {
    linkSync(plant([{ owner: dead }, add(victim)]), path.join(dir, 'other'));
    await isLeft('several hard links');
  });

  it.each([
    ['a directory that is no work of Ozma', () => dir],
    ['a path that climbs', () => `${dir}/y/../${path.basename(victim)}`],
    ['a relative path', () => '.x.ozma-0a1b2c3d'],
  ])('but for %s', async (_, ref) => {
    const file = plant([{ owner: dead }, add(ref())]);
    const { removed, doubts } = await clear();
    expect(removed).toEqual([]);
    expect(existsSync(victim)).toBe(true);
    expect(doubts).toEqual([expect.stringContaining(`${file}.damaged`)]);
  });

  it.each([
    { place: 'libvirt', kind: 'domain', ref: 'production' },
    { place: 'libvirt', kind: 'volume', ref: 'default/production.qcow2' },
    { place: 'libvirt', kind: 'pool', ref: 'default' },
    { place: 'openstack', kind: 'network', ref: '1' },
    { place: 'file', kind: 'constructor', ref: '/tmp/ozma-x-0a1b2c3d' },
    { place: '__proto__', kind: 'path', ref: '/tmp/ozma-x-0a1b2c3d' },
  ])('but for $place $kind $ref', async (entry) => {
    removed.length = 0;
    plant([{ owner: dead }, { add: entry }]);
    expect((await clear()).removed).toEqual([]);
    expect(removed).toEqual([]);
  });

  it('where a link has taken the place of what it names: the link alone goes', async () => {
    rmSync(victim, { recursive: true });
    const there = path.join(dir, 'there');
    mkdirSync(there);
    writeFileSync(path.join(there, 'file'), 'x');
    symlinkSync(there, victim);
    plant([{ owner: dead }, add(victim)]);
    expect((await clear()).removed).toHaveLength(1);
    expect(existsSync(path.join(there, 'file'))).toBe(true);
    expect(readdirSync(dir)).toEqual(['ledger', 'there']);
  });

  it('but for a directory that is another user’s by now', async () => {
    plant([{ owner: dead }, add(victim)]);
    expect(pathDoubt(victim)).toBeNull();
    giveAway(victim);
    expect(pathDoubt(victim)).toContain('belongs to another user');
  });
});

describe('a run counts as alive', () => {
  it('whichever bit of its first line is flipped', () => {
    const ledger = openLedger(dir);
    ledger.add({ place: 'file', kind: 'path', ref: victim });
    const [name = ''] = readdirSync(ledgers);
    const file = path.join(ledgers, name);
    const whole = readFileSync(file);
    const lifeWith = (bytes: Buffer) => lifeOf(parseLedger(bytes.toString('utf8')).owner, file);
    expect(lifeWith(whole)).toBe('alive');
    const end = whole.indexOf('\n');
    for (let bit = 0; bit < (end + 1) * 8; bit++) {
      const flipped = Buffer.from(whole);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(lifeWith(flipped), `bit ${bit}`).not.toBe('dead');
    }
    ledger.drop({ place: 'file', kind: 'path', ref: victim });
    ledger.close();
  });

  const [host = '', boot = '', namespace = ''] = pidSpace().split('/');
  it.each([
    ['of another host', `elsewhere/${boot}x/${namespace}`, 14, []],
    ['of another host, silent', `elsewhere/${boot}x/${namespace}`, 16, ['begun on elsewhere']],
    ['of another container, silent', `${host}/${boot}/pid:[1]`, 16, ['another container']],
  ])('%s', (_, space, minutes, doubts) => {
    const file = plant([{ owner: { ...dead, space } }, add(victim)]);
    const touched = new Date(Date.now() - minutes * 60_000);
    utimesSync(file, touched, touched);
    expect(findLedgers(dir)).toEqual({
      dead: [],
      doubts: doubts.map((why) => expect.stringContaining(why)),
    });
  });

  it('in another container of this machine while it holds its lock', () => {
    const owner = summed({ ...dead, space: `${host}/${boot}/pid:[1]`, locked: true });
    const file = plant([{ owner }, add(victim)]);
    const fd = openSync(file, 'r');
    expect(lockOpenFile(fd)).toBe(true);
    expect(findLedgers(dir)).toEqual({ dead: [], doubts: [] });
    closeSync(fd);
    expect(findLedgers(dir).dead).toHaveLength(1);
    plant([{ owner: { ...owner, locked: false } }, add(victim)]);
    expect(findLedgers(dir)).toMatchObject({ dead: [], doubts: [expect.any(String)] });
  });

  it('holds its lock from before others can see its ledger', () => {
    const ledger = openLedger(dir);
    const [name = ''] = readdirSync(ledgers);
    const file = path.join(ledgers, name);
    expect(JSON.parse(readFileSync(file, 'utf8').trim())).toMatchObject({
      owner: { locked: true },
    });
    const fd = openSync(file, 'r');
    expect(lockOpenFile(fd)).toBe(false);
    closeSync(fd);
    ledger.close();
  });

  it('also when the host’s name was changed', () => {
    const ledger = openLedger(dir);
    ledger.add({ place: 'file', kind: 'path', ref: victim });
    const [name = ''] = readdirSync(ledgers);
    const { owner } = JSON.parse(
      readFileSync(path.join(ledgers, name), 'utf8').split('\n')[0] ?? '',
    );
    const renamed = summed({ ...owner, space: `former/${boot}/${namespace}` });
    plant([{ owner: renamed }, add(victim)], name);
    expect(findLedgers(dir)).toEqual({ dead: [], doubts: [] });
    plant([{ owner: summed({ ...renamed, started: '1' }) }, add(victim)], name);
    expect(findLedgers(dir).dead).toHaveLength(1);
    ledger.drop({ place: 'file', kind: 'path', ref: victim });
    ledger.close();
  });

  it('but not when this machine was started anew since', () => {
    plant([{ owner: { ...dead, space: `${host}/${boot}x/${namespace}` } }, add(victim)]);
    expect(findLedgers(dir).dead).toHaveLength(1);
  });

  it('where the sentence says what to remove by hand', async () => {
    const file = plant(['null', add(victim)]);
    await isLeft(`if that run has ended, remove what it made (path ${victim}) and the file`);
    expect(existsSync(file)).toBe(true);
  });
});

describe('one bad line', () => {
  it.each([
    'null',
    '5',
    '[]',
    '"x"',
    '{}',
    '{"add":null}',
    '{"add":{"place":5,"kind":"path","ref":"/x"}}',
    '{"owner":null}',
    '\u0000\u0001\u00ff',
    `{"add":"${'x'.repeat(100_000)}"}`,
  ])('costs one line: %.40s', async (row) => {
    const file = plant([{ owner: dead }, row, add(victim)]);
    const { removed, doubts } = await clear();
    expect(removed).toEqual([expect.objectContaining({ ref: victim })]);
    expect(doubts).toEqual([expect.stringContaining(`${file}.damaged: 1 line was not obeyed`)]);
    expect((await clear()).doubts).toEqual([]); // it is said once
  });

  it('that gives something up is believed wherever it is cut off', () => {
    const kept = { place: 'libvirt', kind: 'pool', ref: 'ozma-0a1b2c3d' };
    const given = { place: 'file', kind: 'path', ref: '/x/é/.x.ozma-0a1b2c3d' };
    const rows = [{ owner: dead }, { add: kept }, { add: given }];
    const whole = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    const drop = Buffer.from(JSON.stringify({ drop: given }));
    for (let cut = 1; cut <= drop.length; cut++) {
      const torn = drop.subarray(0, cut).toString('utf8');
      const sure = torn.includes('"file"');
      for (const text of [whole + torn, `${whole + torn}\n`]) {
        const { entries, bad } = parseLedger(text);
        expect(entries, torn).not.toContainEqual(given);
        if (sure) expect(entries).toEqual([kept]);
        if (cut < drop.length) expect(bad).toBe(1);
      }
    }
    const add = JSON.stringify({ add: { ...given, ref: '/x/.y.ozma-0a1b2c3d' } });
    for (let cut = 3; cut < add.length - 1; cut++) {
      expect(parseLedger(whole + add.slice(0, cut))).toMatchObject({ entries: [given, kept] });
    }
  });

  it('of any bytes ends no build', async () => {
    let seed = 20261130;
    const random = (below: number) => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * below);
    };
    const rows = [
      { owner: dead },
      add(victim),
      { drop: add(victim).add },
      { add: { place: 'libvirt', kind: 'pool', ref: 'ozma-0a1b2c3d' } },
    ];
    const whole = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    for (let round = 0; round < 500; round++) {
      const bytes = Buffer.from(whole.subarray(0, whole.length - random(30)));
      for (let hits = random(5); hits >= 0; hits--) bytes[random(bytes.length)] = random(256);
      const { entries, bad } = parseLedger(bytes.toString('utf8'));
      expect(bad).toBeLessThanOrEqual(6);
      for (const entry of entries) expect(parseEntry(entry)).toEqual(entry);
      const noise = Buffer.from(Array.from({ length: random(300) }, () => random(256)));
      expect(parseLedger(noise.toString('latin1')).entries).toEqual([]);
      expect(parseOwner(bytes[0])).toBeNull();
    }
    plant([whole.toString('latin1').replace(/e/g, 'é'), '\u0000'.repeat(10)]);
    await expect(clear()).resolves.toMatchObject({ removed: [] });
  });
});
