/**
 * Devices that a server gets from Nova, told by the server itself: media on a floppy and a USB
 * disk as they are planned for Windows XP, secure boot and a TPM as for Windows 11, keys pressed
 * at its screen. The guest is a CD of ours, see support/probe.ts.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Guest, Hardware, StagedMedium } from '../../backends/backend.ts';
import { type OpenstackBackend, openOpenstack } from '../../backends/openstack/index.ts';
import type { Rig } from '../../compat/rigs/lib/serve.ts';
import { network } from '../../compat/rigs/openstack/layout.ts';
import { startStandinRig } from '../../compat/rigs/standin/rig.ts';
import { delay } from '../../src/base/abort.ts';
import type { LedgerEntry, LedgerWriter } from '../../src/base/ledger-entry.ts';
import { makeAnswerMedium } from '../../src/engine/answer-media.ts';
import { download } from '../../src/media/download.ts';
import { plan } from '../../src/plan/plan.ts';
import { testInput, testTdl } from '../fakes/inputs.ts';
import { makeProbeIso } from './support/probe.ts';
import { makeProject, type Project, useCloud } from './support/project.ts';

const gib = 2 ** 30;
/** Linux' numbers of them. */
const keys = { enter: 28, shift: 42, x: 45 };

let project: Project;
let dir: string;
let rig: Rig;
let backend: OpenstackBackend;
let iso: string;
/** Answer media that the product makes, and the digests of their bytes. */
const media: Record<'floppy' | 'usb', { file: string; digest: string }> = {
  floppy: { file: '', digest: '' },
  usb: { file: '', digest: '' },
};

const keyOf = ({ kind, ref }: LedgerEntry) => `${kind} ${ref}`;
const made = new Map<string, LedgerEntry>();
const ledger: LedgerWriter = {
  add: (entry) => void made.set(keyOf(entry), entry),
  drop: (entry) => void made.delete(keyOf(entry)),
  has: (entry) => made.has(keyOf(entry)),
};

beforeAll(async () => {
  rig = await startStandinRig({ bind: network.gateway });
  dir = await mkdtemp(path.join(os.tmpdir(), 'ozma-devices-'));
  for (const device of ['floppy', 'usb'] as const) {
    const files = [{ path: 'answer.txt', text: randomBytes(20_000).toString('hex') }];
    const at = await mkdtemp(path.join(dir, device));
    const file = await makeAnswerMedium({ device, label: 'ANSWERS', files }, at);
    const digest = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    media[device] = { file, digest };
  }
  const images = `${rig.url}/dists/trixie/main/installer-amd64/current/images`;
  const initrd = path.join(dir, 'initrd.gz');
  await download(`${images}/netboot/debian-installer/amd64/initrd.gz`, initrd);
  iso = await makeProbeIso(dir, initrd, {
    floppy: (await stat(media.floppy.file)).size,
    usb: (await stat(media.usb.file)).size,
  });
  project = await makeProject('devices');
  backend = await openOpenstack({
    settings: { tpm: 'yes', secure_boot: 'yes' },
    env: await useCloud(project, path.join(dir, 'clouds.yaml')),
    context: { ledger, log: () => {} },
    describeFinished: () => '',
  });
});
afterAll(async () => {
  await backend?.close();
  await project?.remove();
  await rig?.close();
  if (dir) await rm(dir, { recursive: true, force: true });
});

/**
 * As planned for a version of Windows, but for what the guest of these tests needs not, and for
 * the clock: Nova gives guests of Windows features of Hyper-V, which emulated processors lack.
 */
async function hardwareFor(version: string): Promise<Hardware> {
  const { hardware } = plan(
    testInput({
      tdl: testTdl({
        distro: 'Windows',
        version,
        arch: version === 'XP' ? 'i386' : 'x86_64',
        key: 'AAAAA-BBBBB-CCCCC-DDDDD-EEEEE',
        install: { type: 'iso', url: 'http://h/x', extras: [] },
      }),
      backend: {
        type: 'openstack',
        capabilities: await backend.capabilities(),
        uri: 'openstack',
      },
    }),
  );
  return { ...hardware, arch: 'x86_64', memory: 512, cpus: 1, clock: 'utc' };
}

async function start(hardware: Hardware, extra: StagedMedium[]): Promise<Guest> {
  const installer = await backend.stage({ role: 'installer', path: iso, label: 'probe.iso' });
  const disk = await backend.createDisk({
    path: path.join(dir, 'disk'),
    format: 'raw',
    size: gib,
    strategy: 'volumes',
    beside: ['cdrom', ...extra.map(({ device = 'cdrom' }) => device)],
  });
  const guest = await backend.createGuest({
    name: `ozma-devices-${randomBytes(3).toString('hex')}`,
    uuid: randomUUID(),
    hardware,
    boot: { kind: 'cdrom' },
    disk,
    media: [{ ...installer, device: 'cdrom' }, ...extra],
    purpose: 'install',
    consoleLog: path.join(dir, 'console.log'),
    strategy: 'volumes',
  });
  try {
    await guest.start();
    return guest;
  } catch (error) {
    await guest.destroy();
    throw error;
  }
}

/** What it has said, as soon as that matches. */
async function said(guest: Guest, pattern: RegExp): Promise<string> {
  const end = performance.now() + 600_000;
  for (;;) {
    const text = (await guest.console({ tailBytes: 100_000 }))?.tail ?? '';
    if (pattern.test(text)) return text;
    if (performance.now() > end)
      throw new Error(`nothing like ${pattern} in:\n${text.slice(-4000)}`);
    await delay(5000);
  }
}

it('gives the guest a floppy and a USB disk with the answers', async () => {
  const extra: StagedMedium[] = [];
  for (const device of ['floppy', 'usb'] as const) {
    const staged = await backend.stage({
      role: 'answer',
      path: media[device].file,
      label: `answers on ${device}`,
      private: true,
    });
    extra.push({ ...staged, device });
  }
  const guest = await start(await hardwareFor('XP'), extra);
  try {
    const text = await said(guest, /probe: waiting/);
    expect(text).toContain(`probe: floppy ${media.floppy.digest}`);
    expect(text).toContain(`probe: usb ${media.usb.digest}`);
  } finally {
    await guest.destroy();
  }
});

it('gives the guest a TPM 2 and secure boot, and presses keys at its screen', async () => {
  const hardware = await hardwareFor('11');
  expect(hardware).toMatchObject({ firmware: 'efi', secureBoot: true, tpm: true });
  const guest = await start(hardware, []);
  try {
    await said(guest, /probe: waiting/);
    await guest.sendKeys([keys.shift, keys.x]);
    await guest.sendKeys([keys.enter]);
    const text = await said(guest, /probe: line/);
    expect(text).toMatch(/Secure boot enabled/);
    expect(text).toMatch(/probe: TPM version 2\r?\n/);
    expect(text).toMatch(/probe: line <X>/);
  } finally {
    await guest.destroy();
  }
});

it('leaves nothing', async () => {
  for (const entry of [...made.values()].reverse()) await backend.remove(entry);
  await backend.close();
  expect(await project.leftovers()).toEqual([]);
});
