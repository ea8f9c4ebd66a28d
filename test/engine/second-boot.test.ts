/** How the installed system is started to be worked in over SSH. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { beginWork } from '../../src/engine/build-context.ts';
import { createEventStream } from '../../src/engine/event-stream.ts';
import { type Ledger, openLedger } from '../../src/engine/ledger.ts';
import { workInGuest } from '../../src/engine/second-boot.ts';
import { plan } from '../../src/plan/plan.ts';
import type { PlannedAccess } from '../../src/plan/types.ts';
import { testConfig, testInput } from '../fakes/inputs.ts';
import { memoryBackend, type ScriptedRun, testClock } from '../fakes/memory-backend.ts';

let dir: string;
let ledger: Ledger;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-second-'));
  ledger = openLedger(path.join(dir, 'data'));
  for (const name of ['disk', 'key']) writeFileSync(path.join(dir, name), name);
});
afterEach(() => {
  ledger.close();
  rmSync(dir, { recursive: true, force: true });
});

const dies: ScriptedRun = { stopAfter: 3_000, stop: { reason: 'failed', detail: 'the host died' } };

/** The second boot of a guest that dies before it is reached. */
async function boot(access: Partial<PlannedAccess>, runs: ScriptedRun[] = [dies]) {
  const clock = testClock();
  const made = plan(testInput({ config: testConfig({ paths: pathsIn(dir) }) }));
  const key = { publicKey: 'ssh-ed25519 AAAA x', privateKeyPath: path.join(dir, 'key') };
  const work = {
    ...made,
    access: { username: 'root', via: 'answer', emulate: false, ...key, ...access } as const,
  };
  const backend = memoryBackend({ clock, ledger, runs });
  const { emit } = createEventStream();
  const context = await beginWork(work, { backend, ledger, emit, clock });
  const disk = { ref: path.join(dir, 'disk'), format: 'qcow2', size: 1024 };
  let error: unknown;
  const done = workInGuest(context, disk).catch((thrown: unknown) => {
    error = thrown;
  });
  while (error === undefined) await clock.advance(500);
  await done;
  return { error, spec: backend.specs[0], guests: backend.specs.length };
}

const pathsIn = (at: string) => ({
  ...{ outputDir: at, dataDir: path.join(at, 'data'), screenshotDir: at },
  sshPrivKey: path.join(at, 'key'),
});

it('says in the words of its place why a guest is not reached any more', async () => {
  expect((await boot({})).error).toMatchObject({
    code: 'OZ_GUEST_ENDED',
    message: expect.stringContaining('the host died'),
  });
});

it.each<[string, Partial<PlannedAccess>, boolean]>([
  ['a system without cloud-init', { method: 'ssh' }, false],
  ['one that brings it', { method: 'ssh', tame: true }, true],
  ['an image that lets the build in by it', { method: 'ssh', via: 'user-data' }, true],
])('tells cloud-init what to leave alone: %s', async (_name, access, told) => {
  const { userData = '' } = (await boot(access)).spec ?? {};
  expect(userData.startsWith('#cloud-config\n')).toBe(told);
  if (told) expect(JSON.parse(userData.slice(14))).toMatchObject({ users: [{ name: 'root' }] });
});

it('does not wait for a system that its firmware does not find', async () => {
  const text = 'BdsDxe: No bootable option or device was found.\r\n';
  const { error, guests } = await boot({}, [{ console: [{ at: 1_000, text }] }]);
  expect(error).toMatchObject({
    code: 'OZ_BOOT_FAILED',
    message: expect.stringContaining('No bootable option'),
  });
  expect(guests).toBe(1);
});

it('starts a system once more that panicked before it wrote', async () => {
  const text = '[    0.048000] Kernel panic - not syncing: IO-APIC + timer\n';
  const activity = [{ diskRequests: 9, networkBytes: 0, bytesWritten: 0 }];
  const panics = { console: [{ at: 1_000, text }], activity };
  const again = await boot({}, [panics, dies]);
  expect(again.guests).toBe(2);
  expect(again.error).toMatchObject({ message: expect.stringContaining('the host died') });
  const twice = await boot({}, [panics]);
  expect(twice.guests).toBe(2);
  expect(twice.error).toMatchObject({ code: 'OZ_BOOT_FAILED' });
  const wrote = { ...panics, activity: [{ diskRequests: 9, networkBytes: 0, bytesWritten: 1 }] };
  expect((await boot({}, [wrote])).guests).toBe(1);
});
