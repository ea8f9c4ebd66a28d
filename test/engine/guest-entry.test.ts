/** The build goes into a guest by the host key that the guest's own console prints. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { WaitForSshOptions } from '../../src/customize/wait-ssh.ts';
import { beginWork } from '../../src/engine/build-context.ts';
import { type Ledger, openLedger } from '../../src/engine/ledger.ts';
import { workInGuest } from '../../src/engine/second-boot.ts';
import { plan } from '../../src/plan/plan.ts';
import type { PlannedAccess } from '../../src/plan/types.ts';
import { testConfig, testInput } from '../fakes/inputs.ts';
import { memoryBackend, testClock } from '../fakes/memory-backend.ts';

const key = Buffer.from('the key of the guest: 0123456789');
const other = Buffer.from('another key, of somebody else...');
const printed = `-----BEGIN SSH HOST KEY KEYS-----\nssh-ed25519 AAAA${key.toString('base64')} x\n-----END SSH HOST KEY KEYS-----\n`;
/** As printed: the four letters belong to the key. */
const shown = Buffer.from(`AAAA${key.toString('base64')}`, 'base64');

const verdicts: string[] = [];
vi.mock('../../src/customize/wait-ssh.ts', () => ({
  async waitForSsh(_address: unknown, _auth: unknown, { hostKeys }: WaitForSshOptions) {
    for (const one of [shown, other]) {
      const verdict = await hostKeys?.verify(one).then(
        () => 'taken',
        (error: { code: string }) => error.code,
      );
      verdicts.push(verdict ?? 'unasked');
    }
    throw new Error('that is all');
  },
}));

let dir: string;
let ledger: Ledger;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-entry-'));
  ledger = openLedger(path.join(dir, 'data'));
  for (const name of ['disk', 'key']) writeFileSync(path.join(dir, name), name);
});
afterEach(() => {
  ledger.close();
  rmSync(dir, { recursive: true, force: true });
});

it('and by no other', async () => {
  const clock = testClock();
  const config = testConfig({
    paths: { ...testConfig().paths, outputDir: dir, dataDir: path.join(dir, 'data') },
  });
  const access: PlannedAccess = {
    ...{ username: 'root', via: 'answer', emulate: false, method: 'ssh' },
    ...{ publicKey: 'ssh-ed25519 AAAA x', privateKeyPath: path.join(dir, 'key') },
  };
  const runs = [{ stopAfter: 60_000, console: [{ at: 0, text: printed }] }];
  const backend = memoryBackend({ clock, ledger, runs });
  const work = { ...plan(testInput({ config })), access };
  const context = await beginWork(work, { backend, ledger, emit: () => {}, clock });
  const disk = { ref: path.join(dir, 'disk'), format: 'qcow2', size: 1024 };
  let error: unknown;
  const done = workInGuest(context, disk).catch((thrown: unknown) => {
    error = thrown;
  });
  for (let step = 0; error === undefined && step < 50; step++) await clock.advance(500);
  await done;
  expect(error).toMatchObject({ message: 'that is all' });
  expect(verdicts).toEqual(['taken', 'OZ_SSH_HOST_KEY']);
});
