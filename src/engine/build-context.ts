/** What all phases of one build share. */
import path from 'node:path';
import type { Backend, Guest } from '../../backends/backend.ts';
import { makeDirectory } from '../base/make-directory.ts';
import { makePassingDirectory } from '../base/passing-directory.ts';
import { masker } from '../base/secrets.ts';
import type { UsedMedium } from '../image/manifest.ts';
import type { MediumUse } from '../media/use.ts';
import type { BuildPlan, WorkPlan } from '../plan/types.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Emit, Phase } from './events.ts';
import type { Ledger } from './ledger.ts';

export interface WorkOptions {
  backend: Backend;
  ledger: Ledger;
  emit: Emit;
  signal?: AbortSignal | undefined;
  /** What to do with guest, disk and work files after a failure; `cleanup` unless told. */
  onError?: 'cleanup' | 'keep' | undefined;
  clock?: Clock | undefined;
}

export interface Witness {
  guest: Guest | null;
  consoleLog: string | null;
  lastActivity: unknown;
  /** The guest runs the installed system, which the build gets into. */
  entered?: boolean | undefined;
}

/** Work in a guest: all that a second boot needs. */
export interface WorkContext {
  plan: WorkPlan;
  backend: Backend;
  ledger: Ledger;
  emit: Emit;
  clock: Clock;
  signal?: AbortSignal | undefined;
  /** A directory of this build's own, on the image's file system. */
  workDir: string;
  mask: (text: string) => string;
  /** What the evidence is taken from, should the build fail now. */
  witness: Witness;
}

/** The same for a whole build. */
export interface BuildContext extends WorkContext {
  plan: BuildPlan;
  forceDownload: boolean;
  /** Ended with the build; `file`: what its pin is of, for humans. */
  uses: { use: MediumUse; keep: boolean; file: string }[];
  /** What the guest is really given: for the manifest. */
  used: UsedMedium[];
  /** The cached installation that the build started from. */
  jeos?: string | undefined;
  judgeInstaller?: ((iso: string, signal?: AbortSignal) => Promise<string | undefined>) | undefined;
}

/** A private directory beside the image; the hypervisor's user must be able to enter it. */
async function makeWorkDir(plan: WorkPlan, ledger: Ledger): Promise<string> {
  const beside = path.dirname(plan.disk.path);
  await makeDirectory(beside);
  return (await makePassingDirectory(ledger, beside, `.${plan.name}.ozma-`, 0o711)).path;
}

/**
 * Checks that the place can run the guest, announces the work, and makes the
 * directory it is done in.
 */
export async function beginWork<P extends WorkPlan>(
  plan: P,
  options: WorkOptions,
): Promise<WorkContext & { plan: P }> {
  const { backend, ledger, emit, signal } = options;
  const { summary } = await backend.check(plan.hardware, { signal });
  emit({ type: 'build-start', name: plan.name, backend: backend.type, summary });
  return {
    plan,
    backend,
    ledger,
    emit,
    clock: options.clock ?? systemClock,
    signal,
    workDir: await makeWorkDir(plan, ledger),
    mask: masker(plan.secrets),
    witness: { guest: null, consoleLog: null, lastActivity: null },
  };
}

/** A progress listener that reports bytes of the phase. */
export function byteProgress(
  emit: Emit,
  phase: Phase,
  what: string,
): (done: number, total: number | null) => void {
  return (done, total) => emit({ type: 'progress', phase, what, done, total, unit: 'bytes' });
}
