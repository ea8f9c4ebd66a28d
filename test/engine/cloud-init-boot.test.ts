import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GuestSpec } from '../../backends/backend.ts';
import { cksum } from '../../src/base/cksum.ts';
import { build } from '../../src/engine/build.ts';
import { beginWork } from '../../src/engine/build-context.ts';
import { createEventStream } from '../../src/engine/event-stream.ts';
import type { BuildEvent } from '../../src/engine/events.ts';
import { type Ledger, openLedger } from '../../src/engine/ledger.ts';
import { lookInGuest, workInGuest } from '../../src/engine/second-boot.ts';
import { plan } from '../../src/plan/plan.ts';
import { testCapabilities, testConfig, testInput, testTdl } from '../fakes/inputs.ts';
import {
  type MemoryBackendOptions,
  memoryBackend,
  type ScriptedRun,
  testClock,
} from '../fakes/memory-backend.ts';

let dir: string;
let ledger: Ledger;
const at = (...parts: string[]) => path.join(dir, ...parts);

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-cloud-'));
  ledger = openLedger(at('data'));
  writeFileSync(at('disk'), 'installed');
});
afterEach(() => {
  ledger.close();
  rmSync(dir, { recursive: true, force: true });
});

const userData = { maxBytes: 49149, configDrive: true, url: null };

function cloudPlan(what: { customize: boolean; icicle: boolean }) {
  const capabilities = { ...testCapabilities, userData };
  return plan(
    testInput({
      config: testConfig({
        paths: { outputDir: dir, dataDir: at('data'), screenshotDir: dir, sshPrivKey: at('key') },
        openstack: { customize: 'cloud-init' },
      }),
      tdl: testTdl({ commands: [{ name: 'one', content: { bytes: Buffer.from('echo one') } }] }),
      backend: { type: 'openstack', capabilities, uri: 'cloud/project' },
      options: { forceDownload: false, cleanup: false, ...what },
    }),
  );
}

/** What a guest prints; the mark is in its user data. */
const markOf = (spec: GuestSpec) => /\/run\/(ozma-[0-9a-f]+)\/run/.exec(spec.userData ?? '')?.[1];
const says = (words: string) => (spec: GuestSpec) =>
  `\n@${markOf(spec)} ${words} ${cksum(Buffer.from(words))}\n`;
const outputs = (words: string) => (spec: GuestSpec) => `@${markOf(spec)} out ${words}\r\n`;
const lists = (name: string, text: string) => (spec: GuestSpec) => {
  const data = gzipSync(text);
  const piece = `@${markOf(spec)} data ${name} 1 ${data.toString('base64')}\n`;
  return piece + says(`end ${name} 1 ${cksum(data)} ${data.length}`)(spec);
};

async function run(
  what: { customize: boolean; icicle: boolean },
  script: ScriptedRun,
  place: MemoryBackendOptions = {},
  look = false,
) {
  const clock = testClock();
  const made = cloudPlan(what);
  const backend = memoryBackend({
    clock,
    ledger,
    remote: true,
    capabilities: { userData },
    runs: [script],
    ...place,
  });
  const stream = createEventStream();
  const events: BuildEvent[] = [];
  stream.subscribe((event) => events.push(event));
  const context = await beginWork(made, { backend, ledger, emit: stream.emit, clock });
  const disk = { ref: at('disk'), format: 'qcow2', size: 1024, remote: true };
  const access = made.access;
  if (!access) throw new Error('no access');
  let over = false;
  const done = (
    look
      ? lookInGuest(context, disk, access).then((icicle) => ({ disk, icicle }))
      : workInGuest(context, disk)
  ).finally(() => {
    over = true;
  });
  done.catch(() => {});
  while (!over) await clock.advance(500);
  const [settled] = await Promise.allSettled([done]);
  const phases = events.flatMap((event) =>
    event.type === 'phase-end' ? [`${event.phase}${event.skipped ? ' skipped' : ''}`] : [],
  );
  return { settled, events, phases, backend, now: clock.now() };
}

const wholeRun: ScriptedRun = {
  console: [
    { at: 20_000, text: 'Cloud-init v. 22.4.2 running\n' },
    { at: 30_000, text: says('at 0') },
    { at: 31_000, text: outputs('0.1 one') },
    { at: 31_000, text: outputs('0.2 a&secret<pw') },
    { at: 32_000, text: says('at 1') },
    { at: 33_000, text: says('at 2') },
    { at: 34_000, text: lists('list', 'bash\tinstall\nsed\tdeinstall\n') },
    { at: 35_000, text: says('at 3') },
    { at: 36_000, text: says('done') },
  ],
  stopAfter: 66_000,
  writes: ' and customized',
};

describe('a second boot by cloud-init', () => {
  it('does it all, reads the ICICLE from the console, and takes the disk', async () => {
    const { settled, events, phases, backend } = await run(
      { customize: true, icicle: true },
      wholeRun,
    );
    expect(settled).toMatchObject({ status: 'fulfilled' });
    const { icicle } = settled.status === 'fulfilled' ? settled.value : { icicle: '' };
    expect(icicle).toContain('<package name="bash"/>');
    expect(icicle).not.toContain('sed');
    expect(phases).toEqual(['customize', 'icicle', 'seal']);
    expect(events.filter((event) => event.type === 'output')).toMatchObject([
      { source: 'command one', text: 'one' },
      { source: 'command one', text: '********' },
    ]);
    expect(backend.specs[0]).toMatchObject({ purpose: 'run', boot: { kind: 'disk' } });
    expect(backend.calls.map(({ operation }) => operation)).toEqual(
      expect.arrayContaining(['takeDisk', 'destroy', 'syncDisk']),
    );
    expect(backend.live().guests).toEqual([]);
    expect(readFileSync(at('disk'), 'utf8')).toBe('installed and customized');
    expect(JSON.stringify(events)).not.toContain('cloud-config');
  });

  it('starts the guest once more that panicked before it was told anything', async () => {
    const text = '[    0.048000] Kernel panic - not syncing: IO-APIC + timer\n';
    // Nobody counts what this one writes; its kernel's clock says how far it was.
    const panics: ScriptedRun = { console: [{ at: 5_000, text }], activity: [null] };
    const { settled, phases, backend } = await run({ customize: true, icicle: true }, wholeRun, {
      runs: [panics, wholeRun],
    });
    expect(settled).toMatchObject({ status: 'fulfilled' });
    expect(phases).toEqual(['customize', 'icicle', 'seal']);
    expect(backend.specs).toHaveLength(2);
    expect(backend.live().guests).toEqual([]);
  });

  it('does not wait for cloud-init in a system that does not start', async () => {
    const stands: ScriptedRun = { console: [{ at: 5_000, text: 'grub rescue> ' }] };
    const { settled, now } = await run({ customize: true, icicle: false }, stands);
    expect(settled).toMatchObject({ reason: { code: 'OZ_BOOT_FAILED' } });
    expect(now).toBeLessThan(200_000);
  });

  it('only looks: the guest is gone as soon as it has told', async () => {
    const script: ScriptedRun = {
      console: [
        { at: 5_000, text: says('at 0') },
        { at: 6_000, text: lists('list', 'bash\tinstall\n') },
        { at: 6_000, text: says('done') },
      ],
    };
    const { settled, phases, backend, now } = await run(
      { customize: false, icicle: true },
      script,
      {},
      true,
    );
    expect(settled).toMatchObject({ value: { icicle: expect.stringContaining('bash') } });
    expect(phases).toEqual(['customize skipped', 'icicle', 'seal skipped']);
    expect(backend.calls.map(({ operation }) => operation)).not.toContain('takeDisk');
    expect(backend.live().guests).toEqual([]);
    expect(now).toBeLessThan(10_000);
    expect(backend.specs[0]?.userData).not.toContain('seal');
  });

  it('ends at once with what the failed step printed', async () => {
    const { settled, now } = await run(
      { customize: true, icicle: true },
      {
        console: [
          { at: 30_000, text: says('at 0') },
          { at: 31_000, text: outputs('0.1 no such a&secret<pw') },
          { at: 31_000, text: says('failed 0 7') },
        ],
      },
    );
    expect(settled).toMatchObject({
      reason: {
        code: 'OZ_CUSTOMISE_FAILED',
        message:
          'Cannot customize the guest: command one ended with exit code 7; it printed\n  no such ********',
      },
    });
    expect(now).toBeLessThan(35_000);
  });

  it.each([
    ['2', 'OZ_ICICLE_LIST'],
    ['3', 'OZ_SEAL_FAILED'],
  ])('words the failure of operation %s as %s', async (operation, code) => {
    const console_ = [{ at: 1_000, text: says(`failed ${operation} 1`) }];
    const { settled } = await run({ customize: true, icicle: true }, { console: console_ });
    expect(settled).toMatchObject({ reason: { code } });
  });

  it('says that cloud-init never began', async () => {
    const { settled, now } = await run(
      { customize: true, icicle: false },
      { console: [{ at: 0, text: 'login: ' }] },
    );
    expect(settled).toMatchObject({
      reason: { code: 'OZ_CLOUD_INIT_TIMEOUT', hint: expect.stringContaining('has cloud-init') },
    });
    expect(now).toBeLessThan(cloudPlan({ customize: true, icicle: false }).timeouts.boot + 5_000);
  });

  it('does not take a guest that went off by itself for a finished one', async () => {
    const { settled } = await run(
      { customize: true, icicle: false },
      { console: [{ at: 30_000, text: says('at 0') }], stopAfter: 40_000 },
    );
    expect(settled).toMatchObject({ reason: { code: 'OZ_CLOUD_INIT_ENDED' } });
  });

  it('believes the power-off alone where no console is shown, but has no ICICLE then', async () => {
    const script: ScriptedRun = { stopAfter: 40_000 };
    const without = await run({ customize: true, icicle: false }, script);
    expect(without.settled).toMatchObject({ status: 'fulfilled' });
    expect(without.phases).toEqual(['customize', 'icicle skipped', 'seal']);
    const asked = await run({ customize: true, icicle: true }, script);
    expect(asked.settled).toMatchObject({
      reason: { code: 'OZ_ICICLE_CONSOLE', message: expect.stringContaining('shows no console') },
    });
  });

  it('is refused in a place without user data, before a guest is made', async () => {
    const { settled, backend } = await run({ customize: true, icicle: false }, wholeRun, {
      capabilities: {},
    });
    expect(settled).toMatchObject({ reason: { code: 'OZ_NO_USER_DATA' } });
    expect(backend.specs).toEqual([]);
  });

  it('is refused before the install when its user data are too large', async () => {
    const made = cloudPlan({ customize: true, icicle: false });
    const backend = memoryBackend({
      ledger,
      capabilities: { userData: { ...userData, maxBytes: 500 } },
    });
    const { emit } = createEventStream();
    await expect(build(made, { backend, ledger, emit })).rejects.toMatchObject({
      code: 'OZ_USER_DATA_TOO_LARGE',
    });
    expect(backend.specs).toEqual([]);
    expect(backend.calls.map(({ operation }) => operation)).not.toContain('createDisk');
    expect(ledger.entries()).toEqual([]);
  });
});
