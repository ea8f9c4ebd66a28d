/** oz doctor's look at a libvirt, over a connection whose answers the test makes. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type DiagnoseOptions, diagnoseConnection } from '../../../backends/libvirt/diagnose.ts';
import { vir } from '../../../backends/libvirt/ffi.ts';
import type { Finding } from '../../../src/base/finding.ts';
import { noLedger } from '../../../src/base/ledger-entry.ts';
import { type Answers, failure, fakeConnection, lifecycle } from './fake-connection.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ozma-diagnose-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** A user id that nobody has who runs tests. */
const stranger = 54_321;

function capabilities(types: readonly string[]): string {
  const domains = types.map((type) => `<domain type='${type}'/>`).join('');
  return `<capabilities><host><secmodel><model>dac</model><doi>0</doi>
    <baselabel type='kvm'>+${stranger}:+${stranger}</baselabel></secmodel></host>
    <guest><os_type>hvm</os_type><arch name='x86_64'>${domains}</arch></guest></capabilities>`;
}

const nat = `<network><name>default</name><forward mode='nat'/><bridge name='virbr0'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'/></network>`;

interface Setting extends Partial<DiagnoseOptions> {
  types?: readonly string[];
  version?: number;
  /** How the guest that tries KVM ends. */
  probe?: 'off' | 'crash';
  networks?: { name: string; xml: string }[];
  answers?: Answers;
}

async function diagnose(setting: Setting = {}) {
  const { types = ['qemu', 'kvm'], version = 8_000_000, probe = 'off', networks = [] } = setting;
  const connection = fakeConnection({
    capabilities: () => capabilities(types),
    version: () => version,
    activeNetworks: () => networks,
    createDomain(xml) {
      const uuid = /<uuid>(.*)<\/uuid>/.exec(String(xml))?.[1] ?? '';
      const how = probe === 'off' ? vir.stopped.shutdown : vir.stopped.crashed;
      connection.emit(uuid, lifecycle(vir.event.stopped, how));
    },
    ...setting.answers,
  });
  const findings: Finding[] = [];
  for await (const finding of diagnoseConnection(connection, {
    uri: 'qemu:///session',
    cacheDir: path.join(dir, 'cache'),
    directories: [],
    context: { ledger: noLedger, log: () => {} },
    tries: true,
    ...setting,
  }))
    findings.push(finding);
  return { findings, calls: connection.calls };
}

const states = (findings: readonly Finding[]) =>
  findings.map(({ check, state }) => `${check} ${state}`);

it('is content with a session whose KVM works', async () => {
  const { findings } = await diagnose();
  expect(states(findings)).toEqual(['libvirt ok', 'hypervisor ok', 'kvm ok', 'network ok']);
});

it('warns of a KVM that runs no guests, and of a QEMU that emulates wrongly', async () => {
  const { findings } = await diagnose({ probe: 'crash', version: 7_002_022 });
  expect(findings).toMatchObject([
    { state: 'ok' },
    { check: 'hypervisor', text: 'x86_64 guests of type qemu' },
    { check: 'kvm', state: 'warning', text: expect.stringContaining('a test guest crashed') },
    { check: 'qemu', state: 'warning', fix: expect.stringContaining('8.0') },
    { check: 'network', state: 'ok' },
  ]);
});

it('warns where there is no KVM, without trying it', async () => {
  const { findings, calls } = await diagnose({ types: ['qemu'] });
  expect(states(findings)).toContain('kvm warning');
  expect(calls).not.toContain('createDomain');
});

it('makes no guest where nothing can be written down', async () => {
  const { findings, calls } = await diagnose({ tries: false });
  expect(states(findings)).toEqual(['libvirt ok', 'kvm ok', 'network ok']);
  expect(calls).not.toContain('createDomain');
});

it('tells each problem, and goes on behind it', async () => {
  const { findings } = await diagnose({ uri: 'qemu:///system', types: [] });
  expect(findings).toMatchObject([
    { check: 'libvirt', state: 'ok' },
    {
      check: 'hypervisor',
      state: 'problem',
      fix: expect.stringContaining('apt-get install qemu-system-x86'),
    },
    { check: 'network', state: 'problem', fix: expect.stringContaining('virsh net-start default') },
  ]);
});

it('names the bridge of the system, and the directory that keeps QEMU out', async () => {
  const closed = path.join(dir, 'closed');
  await mkdir(closed, { mode: 0o700 });
  const { findings } = await diagnose({
    uri: 'qemu:///system',
    networks: [{ name: 'default', xml: nat }],
    directories: [closed, path.join(dir, 'not-there')],
  });
  expect(findings.slice(3)).toMatchObject([
    { check: 'network', state: 'ok', text: 'bridge virbr0 of default' },
    {
      check: 'reach',
      state: 'problem',
      fix: expect.stringContaining(`setfacl -m u:${stranger}:x ${dir}`),
    },
  ]);
});

it('refuses a type that oz.cfg names and libvirt has not', async () => {
  const { findings } = await diagnose({ type: 'xen' });
  expect(findings[1]).toMatchObject({
    state: 'problem',
    text: 'Cannot run x86_64 guests of type xen on qemu:///session: it has qemu, kvm',
    fix: 'change or remove type in [libvirt] of oz.cfg',
  });
});

it('tells what libvirt says when it does not answer', async () => {
  const refuse = () => {
    throw failure(vir.error.rpc, 'connection reset by peer');
  };
  const { findings } = await diagnose({ answers: { capabilities: refuse } });
  expect(findings).toMatchObject([
    { check: 'libvirt', state: 'problem', text: expect.stringContaining('connection reset') },
  ]);
});
