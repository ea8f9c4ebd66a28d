/** What the comparison with the real Oz makes of logs, trees and lists. */
import { describe, expect, it } from 'vitest';
import { compareFiles, compareLists, type Look } from '../../../compat/real/images.ts';
import { explained, icicleNames, notExplained, resultOf } from '../../../compat/real/report.ts';
import type { SideRun } from '../../../compat/real/run.ts';
import { overheadOf, partsOf, timeTable } from '../../../compat/real/times.ts';
import { lifecycle } from '../../../compat/real/watch.ts';

const guest = [
  { started: 20_000, stopped: 80_000 },
  { started: 100_000, greeted: 130_000, stopped: 200_000 },
];
const common = { command: 'oz-install', exitCode: 0, stdout: '', load: [0, 0], guest };
const oz: SideRun = {
  ...{ ...common, load: [0, 0] },
  ...{ side: 'oz', began: 0, ended: 240_000 },
  lines: [
    { at: 81_000, text: 'Waiting for x to finish shutdown, 90/90' },
    { at: 150_000, text: "Warning: Permanently added '192.0.2.5'" },
    { at: 151_000, text: 'Succeeded' },
    { at: 190_000, text: "Warning: Permanently added '192.0.2.5'" },
    { at: 192_000, text: 'Waiting for x to finish shutdown, 90/90' },
    { at: 202_000, text: 'Waiting for x to finish shutdown, 80/90' },
  ],
};
const ours: SideRun = {
  ...{ ...common, load: [0, 0] },
  ...{ side: 'ours', began: 15_000, ended: 205_000 },
  lines: [
    { at: 131_000, text: '{"type":"mark","mark":"ssh-found","at":1}' },
    { at: 180_000, text: '{"type":"phase-start","phase":"seal","title":"…"}' },
  ],
};

describe('the parts of a run', () => {
  it('are Oz’s by its log', () => {
    const parts = partsOf(oz);
    expect(parts.map(({ ms }) => ms / 1000)).toEqual([20, 60, 20, 30, 21, 39, 10, 40]);
    expect(overheadOf(parts)).toBe((20 + 20 + 21 + 40) * 1000);
  });

  it('are ours by the events', () => {
    const parts = partsOf(ours);
    expect(parts.map(({ ms }) => ms / 1000)).toEqual([5, 60, 20, 30, 1, 49, 20, 5]);
    expect(parts.reduce((sum, { ms }) => sum + ms, 0)).toBe(ours.ended - ours.began);
  });

  it('are set side by side', () => {
    const lines = timeTable(oz, ours);
    expect(lines).toContain('| install (guest) | 60.0 | 60.0 |');
    expect(lines).toContain('| not the guest’s own | 101.0 | 31.0 |');
    expect(lines.at(-1)).toContain('31.0 s to 101.0 s, 0.31 : 1');
    expect(lines.at(-1)).toContain('41.0 s to 101.0 s, 0.41 : 1');
  });

  it('end where the run ended', () => {
    const short = { ...oz, guest: [{ started: 20_000 }], ended: 90_000, lines: [] };
    expect(partsOf(short).map(({ name }) => name)).toEqual([
      'media, answer file, disk',
      'after the shutdown',
    ]);
  });
});

it('reads the lines of virsh event', () => {
  const line = "2026-11-23 07:35:00.594+0000: event 'lifecycle' for domain 'web': Started Booted";
  expect(lifecycle(line)).toEqual({
    at: Date.UTC(2026, 10, 23, 7, 35, 0, 594),
    guest: 'web',
    what: 'Started',
  });
  expect(lifecycle('events received: 1')).toBeNull();
});

it('tells differences between trees, and why', () => {
  const tree = (files: Record<string, [string, string]>): Look['files'] =>
    new Map(Object.entries(files).map(([file, [kind, digest]]) => [file, { kind, digest }]));
  const a = tree({
    '/etc/passwd': ['-644 0:0', 'x'],
    '/etc/machine-id': ['-444 0:0', 'a'],
    '/usr/bin/tool': ['-755 0:0', 'x'],
    '/root/odd': ['-644 0:0', 'x'],
  });
  const b = tree({
    '/etc/passwd': ['-644 0:0', 'x'],
    '/etc/machine-id': ['-444 0:0', 'b'],
    '/usr/bin/tool': ['-700 0:0', 'x'],
    '/usr/new': ['d755 0:0', ''],
  });
  const differences = compareFiles(a, b);
  expect(differences).toEqual([
    { file: '/etc/machine-id', what: 'content' },
    { file: '/root/odd', what: 'only Oz' },
    { file: '/usr/bin/tool', what: 'mode or owner' },
    { file: '/usr/new', what: 'only Ozma' },
  ]);
  expect(explained(differences).get('not explained')).toHaveLength(3);
});

it('excuses the salt of passwords, but not who may read them', () => {
  const file = '/etc/shadow';
  expect([...explained([{ file, what: 'content' }]).keys()]).toEqual(['passwords, salted']);
  expect([...explained([{ file, what: 'mode or owner' }]).keys()]).toEqual([notExplained]);
});

it('is not content with what is not explained', async () => {
  const look = (digest: string, table = 'gpt'): Look => ({
    ...{ table, fileSystem: 'extent', packages: [], owners: new Map(), users: [] },
    files: new Map([['/usr/bin/tool', { kind: '-755 0:0', digest }]]),
  });
  const icicle = '<icicle><packages/></icicle>';
  const good = async (ours: Look) =>
    (await resultOf({ looks: { oz: look('a'), ours }, icicles: { oz: icicle, ours: icicle } }))
      .good;
  expect(await good(look('a'))).toBe(true);
  expect(await good(look('b'))).toBe(false);
  expect(await good(look('a', 'dos'))).toBe(false);
});

it('compares lists as sets', () => {
  expect(compareLists(['b', 'a'], ['c', 'a'])).toEqual({ same: 1, onlyOz: ['b'], onlyOurs: ['c'] });
});

it('finds the names in what a side printed before and after its ICICLE', async () => {
  const text =
    'said\n<icicle><packages><package name="a"/><package name="b"/></packages></icicle>\nLibvirt XML was written\n';
  expect(await icicleNames(text)).toEqual(['a', 'b']);
});
