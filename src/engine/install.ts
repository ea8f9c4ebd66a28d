/** Phase install: runs the installer's guest to its power-off. */
import path from 'node:path';
import type { Guest, StagedDisk } from '../../backends/backend.ts';
import { OzError } from '../base/errors.ts';
import { installSpec } from '../plan/guest-spec.ts';
import type { BuildContext } from './build-context.ts';
import { watchSteps } from './install-steps.ts';
import { pressKeys } from './key-presses.ts';
import type { MadeGuest } from './make-guest.ts';
import { onceMore } from './once-more.ts';
import type { StagedBoot } from './prepare-media.ts';
import { waitForInstall } from './waiter.ts';
import { tellWaysToLook } from './ways-to-look.ts';

/** Returns the installed, durable disk; the guest is gone. */
export async function installGuest(
  context: BuildContext,
  disk: StagedDisk,
  boot: StagedBoot,
): Promise<StagedDisk> {
  const { plan, backend, signal, workDir, witness } = context;
  const consoleLog = path.join(workDir, 'install-console.log');
  const spec = installSpec(plan, { disk, ...boot, consoleLog });
  const guest = await onceMore(context, spec, (made) => runInstaller(context, made));
  const installed = await guest.takeDisk({ signal });
  witness.guest = null;
  await guest.destroy({ signal });
  await backend.syncDisk(installed, { signal });
  return installed;
}

/** To the installer's own end; returns the guest, which is off. */
async function runInstaller(
  context: BuildContext,
  { guest, stops, hasWritten }: MadeGuest,
): Promise<Guest> {
  const { plan, emit, clock, signal, witness, mask } = context;
  let stopPressing = () => {};
  try {
    await guest.start({ signal });
    stopPressing = pressKeys({ guest, keys: plan.install.keyPresses, clock, emit, signal });
    emit({ type: 'mark', mark: 'guest-started', detail: { purpose: 'install' } });
    await tellWaysToLook(guest, emit, signal);
    await waitForInstall({
      guest,
      stops,
      clock,
      emit,
      signal,
      reboots: plan.install.reboots,
      timeouts: plan.timeouts,
      failurePatterns: plan.install.failurePatterns,
      silentConsole: plan.install.silentConsole,
      restart: () => guest.start({ signal, boot: { kind: 'disk' } }),
      onLook: watchSteps({ steps: plan.install.consoleSteps, emit, mask }),
      onReport: (report) => {
        witness.lastActivity = report.last;
      },
    });
    emit({ type: 'mark', mark: 'guest-stopped', detail: { purpose: 'install' } });
  } finally {
    stopPressing();
    stops.end();
  }
  if ((await hasWritten()) === false) {
    throw new OzError(
      'OZ_INSTALL_NOTHING_WRITTEN',
      'Cannot use the result: the guest powered off without writing to its disk',
      { hint: 'see the console log in the evidence folder' },
    );
  }
  return guest;
}
