/** build(): does what a BuildPlan says, phase by phase, and leaves only the results. */
import path from 'node:path';
import type { Backend, StagedDisk } from '../../backends/backend.ts';
import { messageOf, OzError } from '../base/errors.ts';
import type { LedgerEntry } from '../base/ledger-entry.ts';
import { systemError, whyOf } from '../base/system-errors.ts';
import { wordWriteFailure } from '../media/write-failure.ts';
import type { BuildPlan } from '../plan/types.ts';
import {
  type BuildContext,
  beginWork,
  byteProgress,
  type WorkContext,
  type WorkOptions,
} from './build-context.ts';
import { checkCloudInit } from './cloud-init-boot.ts';
import { checkDelivery, deliver } from './deliver.ts';
import { inPhase, skipPhase } from './event-stream.ts';
import type { BuildResult } from './events.ts';
import { collectEvidence, lastWords } from './evidence.ts';
import { withImageLock } from './image-lock.ts';
import { installGuest } from './install.ts';
import { cachedJeos, storeJeos } from './jeos.ts';
import { keepAll } from './keep.ts';
import { removeFileEntry } from './leftovers.ts';
import { endUses, namesMedia, settleUses } from './media-uses.ts';
import { fetchMedia, stageMedia } from './prepare-media.ts';
import { refuseLongNames } from './result-names.ts';
import { workInGuest } from './second-boot.ts';

export interface BuildOptions extends WorkOptions {
  forceDownload?: boolean | undefined;
  /** Looks at the installer's ISO: what is wrong with it, if anything. */
  judgeInstaller?: BuildContext['judgeInstaller'];
  /** Removes an old guest and disk of the same name first (-p). */
  cleanup?: boolean | undefined;
}

async function refuseConflicts(plan: BuildPlan, options: BuildOptions): Promise<void> {
  const { backend, signal } = options;
  if (options.cleanup) await backend.clear(plan.guest.name, plan.disk.path, { signal });
  const [found] = await backend.existing(plan.guest.name, plan.disk.path, { signal });
  if (!found) return;
  throw new OzError(
    found.kind === 'guest' ? 'OZ_GUEST_EXISTS' : 'OZ_DISK_EXISTS',
    `Cannot build ${plan.name}: ${found.kind} ${found.name} already exists`,
    { hint: 'remove it with -p, or change the name in the TDL' },
  );
}

/** The installed system on a disk: from the JEOS cache, or by running the installer. */
async function installedDisk(context: BuildContext): Promise<StagedDisk> {
  const { plan, backend, emit, signal, workDir } = context;
  const jeos = await cachedJeos(context);
  const createDisk = () =>
    inPhase(emit, 'create-disk', 'create the disk', () =>
      backend.createDisk(
        {
          path: path.join(workDir, `disk.${plan.disk.format}`),
          format: plan.disk.format,
          size: plan.disk.size,
          from: jeos,
          strategy: plan.install.strategy?.name,
          beside: plan.install.attach.map(({ device }) => device),
        },
        { signal, onProgress: byteProgress(emit, 'create-disk', 'create the disk') },
      ),
    );
  if (jeos) {
    emit({ type: 'log', level: 'info', text: `starting from the cached JEOS ${plan.jeos?.path}` });
    for (const phase of ['fetch-media', 'stage-media'] as const) skipPhase(emit, phase, 'JEOS');
    const disk = await createDisk();
    skipPhase(emit, 'install', 'JEOS');
    return disk;
  }
  const fetched = await inPhase(emit, 'fetch-media', 'fetch the installer', () =>
    fetchMedia(context),
  );
  const boot = await inPhase(emit, 'stage-media', 'stage the installer', () =>
    stageMedia(context, fetched),
  );
  const disk = await createDisk();
  return inPhase(emit, 'install', `install ${plan.os.name}`, async () => {
    const installed = await installGuest(context, disk, boot);
    await storeJeos(context, installed);
    return installed;
  });
}

async function removeEntry(entry: LedgerEntry, backend: Backend): Promise<void> {
  await (entry.place === 'file' ? removeFileEntry(entry) : backend.remove(entry));
}

/** Removes all that the ledger still holds. Says what could not be removed. */
export async function clearUp(context: WorkContext): Promise<void> {
  const { ledger, backend, emit } = context;
  for (const entry of ledger.entries()) {
    try {
      await removeEntry(entry, backend);
      ledger.drop(entry);
    } catch (error) {
      emit({
        type: 'log',
        level: 'error',
        text: `cannot remove ${entry.kind} ${entry.ref} yet: ${whyOf(error)}; the next run tries again`,
      });
    }
  }
}

async function gatherEvidence(
  context: WorkContext,
  error: unknown,
  answer: { filename: string; text: string } | null,
): Promise<void> {
  const { plan, witness, mask, emit } = context;
  if (!witness.consoleLog && !witness.guest) return; // no guest has run yet
  const collected = collectEvidence({
    dir: plan.evidenceDir,
    guest: witness.guest,
    consoleLog: witness.consoleLog,
    answer,
    mask,
    error,
    lastActivity: witness.lastActivity,
  });
  const dir = await collected.catch((cause: unknown) => {
    const why = messageOf(wordWriteFailure(cause, plan.evidenceDir, 'make the evidence folder'));
    const text = `no evidence is kept: ${why}: set screenshot_dir in [paths] of oz.cfg to a directory that you may write`;
    emit({ type: 'log', level: 'error', text });
  });
  if (!(error instanceof OzError)) return;
  if (dir) error.evidence = dir;
  error.console = await lastWords(witness, mask);
}

/** Whether there is a secret in it, or in what -d3 shows of its causes. */
function tells(error: unknown, mask: WorkContext['mask']): boolean {
  if (!(error instanceof Error)) return false;
  const text = `${error.message}\n${error.stack}\n${(error as OzError).hint}`;
  return mask(text) !== text || tells(error.cause, mask);
}

/** Any error as an OzError with no secret in it. */
function worded(error: unknown, { mask, plan }: WorkContext): OzError {
  const { path: from, dest: to } = (error ?? {}) as { path?: string; dest?: string };
  const written = wordWriteFailure(error, to ?? from ?? plan.disk.path, `build ${plan.name}`);
  const known = written instanceof OzError ? written : systemError(error);
  if (known instanceof OzError) {
    if (!tells(known, mask)) return known;
    const { code, message, hint, exitCode, evidence } = known;
    return new OzError(code, mask(message), { hint: hint && mask(hint), exitCode, evidence });
  }
  return new OzError('OZ_INTERNAL', `Cannot build ${plan.name}: ${mask(messageOf(error))}`, {
    hint: 'run again with -d3 for the details',
    cause: tells(error, mask) ? undefined : error,
  });
}

/** After a failure: evidence, then nothing left (or all kept). Returns what to throw. */
export async function finishFailed(
  context: WorkContext,
  error: unknown,
  onError: 'cleanup' | 'keep',
  answer: { filename: string; text: string } | null = null,
): Promise<unknown> {
  const { signal } = context;
  const aborted = signal?.aborted ?? false;
  if (aborted) {
    await clearUp(context);
    return signal?.reason;
  }
  const final = worded(error, context);
  await gatherEvidence(context, final, answer);
  if (onError === 'keep') return keepAll(context, final);
  await clearUp(context);
  return final;
}

/**
 * Builds the image. Throws OzError; by then the evidence is in its folder and
 * guest, disk and temporary files are gone (or kept, with onError `keep`).
 */
export async function build(plan: BuildPlan, options: BuildOptions): Promise<BuildResult> {
  options.signal?.throwIfAborted();
  refuseLongNames(plan);
  return withImageLock(plan.disk.path, `build ${plan.name}`, () => buildLocked(plan, options));
}

async function buildLocked(plan: BuildPlan, options: BuildOptions): Promise<BuildResult> {
  const { emit } = options;
  const began = new Date();
  for (const text of plan.warnings) emit({ type: 'log', level: 'warning', text });
  await refuseConflicts(plan, options);
  const context: BuildContext = {
    ...(await beginWork(plan, options)),
    forceDownload: options.forceDownload ?? false,
    judgeInstaller: options.judgeInstaller,
    uses: [],
    used: [],
  };
  try {
    await checkCloudInit(context);
    await checkDelivery(context);
    const installed = await installedDisk(context);
    const { disk, icicle } = await workInGuest(context, installed);
    const result = await deliver(context, disk, icicle, began);
    await endUses(context, { drop: true });
    await clearUp(context);
    emit({ type: 'result', result });
    return result;
  } catch (thrown) {
    const error = namesMedia(thrown, context);
    const { answer } = plan.install;
    // The user's own file is there already, with passwords in it that nobody here knows.
    const shown = path.isAbsolute(answer.origin) ? null : answer;
    const onError = options.onError ?? 'cleanup';
    if (onError === 'keep' && !options.signal?.aborted) await settleUses(context);
    const final = await finishFailed(context, error, onError, shown);
    await endUses(context, { drop: false }); // not before the guest is gone
    throw final;
  }
}
