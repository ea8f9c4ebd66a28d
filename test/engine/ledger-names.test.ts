/** What Ozma makes, the next run may remove: names and kinds in the code are those that ledgers are obeyed for. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { LedgerEntry } from '../../src/base/ledger-entry.ts';
import { packageFile } from '../../src/base/package-root.ts';
import { parseEntry } from '../../src/engine/ledger-trust.ts';
import { useMedium } from '../../src/media/use.ts';

const sources = ['src', 'backends'].flatMap((folder) =>
  readdirSync(packageFile(folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(packageFile(folder, name), 'utf8')),
);

const file = (ref: string): LedgerEntry => ({ place: 'file', kind: 'path', ref });

it('directories for what is on its way', () => {
  const call = /(?:make|in)PassingDirectory\([^;]*?['`]([^\s'`]*-)['`]/g;
  const prefixes = sources.flatMap((text) =>
    [...text.matchAll(call)].map((match) => match[1] ?? ''),
  );
  expect(prefixes.length).toBeGreaterThan(5);
  for (const prefix of prefixes) {
    const name = prefix.replace(/\$\{[^}]+\}/g, 'a.guest_1');
    const entry = file(`/var/tmp/${name}0a1b2c3d`);
    expect(parseEntry(entry), prefix).toEqual(entry);
  }
});

it('marks and pins of media', async () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-names-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const added: LedgerEntry[] = [];
  const ledger = { add: (entry: LedgerEntry) => added.push(entry), drop() {}, has: () => true };
  const use = await useMedium(ledger, path.join(dir, 'a medium.iso'));
  await use.end({ drop: true });
  expect(added).toHaveLength(2);
  for (const entry of added) expect(parseEntry(entry)).toEqual(entry);
});

it('kinds of a cloud', () => {
  const site = sources.find((text) => text.includes('type ResourceKind =')) ?? '';
  const kinds = /type ResourceKind =([^;]+);/.exec(site)?.[1]?.match(/[\w-]+/g) ?? [];
  expect(kinds).toContain('server');
  for (const kind of kinds) {
    for (const ref of ['0e7ea4a5-4d3c-4c38-9f3c-0d3c0a1b2c3d', 'tag:0e7ea4a5-4d3c-4c38-9f3c']) {
      const entry: LedgerEntry = { place: 'openstack', kind, ref, at: 'cloud/project' };
      expect(parseEntry(entry), kind).toEqual(entry);
    }
  }
  expect(parseEntry({ place: 'openstack', kind: 'keypair', ref: 'mine' })).toBeNull();
});

it.each([
  ['domain', 'a.guest_1/0e7ea4a5-4d3c-4c38-9f3c-0d3c0a1b2c3d'],
  ['domain', 'ozma-kvm-0a1b2c3d'],
  ['pool', 'ozma-0a1b2c3d'],
  ['volume', 'default/ozma-0a1b2c3d-12-Debian13x86_64-url.iso'],
])('libvirt’s %s %s', (kind, ref) => {
  const entry: LedgerEntry = { place: 'libvirt', kind, ref, at: 'qemu:///system' };
  expect(parseEntry(entry)).toEqual(entry);
});
