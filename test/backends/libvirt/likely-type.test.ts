/** What `oz plan` takes for granted of KVM, without connecting to libvirt. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Arch } from '../../../backends/backend.ts';
import { likelyType } from '../../../backends/libvirt/likely-type.ts';
import { ownArch } from '../../../src/base/own-arch.ts';

const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
const uid = process.getuid?.();
const session = 'qemu:///session';
const foreign = ownArch() === 's390x' ? 'x86_64' : 's390x';

function place() {
  const cacheDir = mkdtempSync(path.join(tmpdir(), 'likely-'));
  onTestFinished(() => rmSync(cacheDir, { recursive: true }));
  const device = path.join(cacheDir, 'kvm');
  writeFileSync(device, '');
  const keep = (verdict: object) =>
    writeFileSync(path.join(cacheDir, 'kvm-probe.json'), JSON.stringify(verdict));
  const ask = (uri = session, arch: Arch = ownArch(), use = device) =>
    likelyType({ uri, arch, cacheDir, device: use });
  return { keep, ask };
}

it('leaves open what nobody has tried, and what only others can tell', async () => {
  const { ask } = place();
  expect(await ask()).toBeUndefined();
  for (const uri of ['qemu+ssh://host/system', 'xen:///system', 'test:///default'])
    expect(await ask(uri, foreign, '/nowhere/kvm'), uri).toBeUndefined();
});

it('is emulation where there is no KVM, and for other processors', async () => {
  const { ask } = place();
  expect(await ask(session, ownArch(), '/nowhere/kvm')).toBe('qemu');
  expect(await ask('qemu:///system', ownArch(), '/nowhere/kvm')).toBe('qemu');
  expect(await ask(session, foreign)).toBe('qemu');
});

it('goes by the last trial of this place, user and start of the machine', async () => {
  const { ask, keep } = place();
  const key = `${boot} 10000000 ${uid} ${session}`;
  keep({ key, works: false });
  expect(await ask()).toBe('qemu');
  expect(await ask('qemu:///system')).toBeUndefined();
  keep({ key, works: true });
  expect(await ask()).toBeUndefined();
  keep({ key, works: false, until: 0 });
  expect(await ask()).toBe('qemu');
  keep({ key: key.replace(boot, 'earlier'), works: false });
  expect(await ask()).toBeUndefined();
});
