/**
 * oz-customize and oz-generate-icicle: works in a guest that was built before.
 * All of it happens on an overlay, or on a server of its own in a cloud; the
 * image is changed when every step has succeeded, and a failure leaves it as it was.
 */
import { rename } from 'node:fs/promises';
import path from 'node:path';
import type { Backend, Published, StagedDisk } from '../../backends/backend.ts';
import { OzError } from '../base/errors.ts';
import { writeOutput } from '../base/write-output.ts';
import { imageInfo } from '../image/info.ts';
import { commitOverlay, createOverlay } from '../image/overlay.ts';
import type { PlannedEntry, WorkPlan } from '../plan/types.ts';
import { clearUp, finishFailed } from './build.ts';
import { beginWork, byteProgress, type WorkContext, type WorkOptions } from './build-context.ts';
import { checkFormat, copyDisk } from './copy-disk.ts';
import { inPhase } from './event-stream.ts';
import { withImageLock } from './image-lock.ts';
import { entryOf, publishDisk } from './publish.ts';
import { type FinishedDisk, lookInGuest, workInGuest } from './second-boot.ts';

async function refuseRunning(plan: WorkPlan, backend: Backend, signal?: AbortSignal) {
  const found = await backend.existing(plan.guest.name, plan.disk.path, { signal });
  if (found.some((leftover) => leftover.kind === 'guest')) {
    throw new OzError(
      'OZ_GUEST_EXISTS',
      `Cannot work on ${plan.disk.path}: guest ${plan.guest.name} exists and may be using it`,
      { hint: 'shut the guest down and undefine it first' },
    );
  }
}

/** What was done; `published` is the entry that took the place of the old one. */
export interface ExistingResult {
  icicleText: string | undefined;
  published?: Published | undefined;
}

type Context = WorkContext & { plan: WorkPlan };

/** A mere look at the packages leaves no mark on the image, safe_generation or not. */
async function workOn(context: Context, disk: StagedDisk): Promise<FinishedDisk> {
  const { access, customise } = context.plan;
  if (access && !customise) return { disk, icicle: await lookInGuest(context, disk, access) };
  return workInGuest(context, disk);
}

/** On an overlay, which becomes part of the file in the end. */
async function inFile(context: Context): Promise<ExistingResult> {
  const { plan, emit, signal } = context;
  const { virtualSize } = await imageInfo(plan.disk.path, { signal, format: plan.disk.format });
  const overlay = path.join(context.workDir, 'overlay.qcow2');
  await inPhase(emit, 'create-disk', 'protect the image', () =>
    createOverlay(plan.disk, overlay, { signal }),
  );
  const { icicle } = await workOn(context, { ref: overlay, format: 'qcow2', size: virtualSize });
  if (plan.customise) {
    await inPhase(emit, 'export', 'save the changes', () => commitOverlay(overlay));
  }
  return { icicleText: icicle };
}

/** On a server made from the image; a new image takes the place of the old one in the end. */
async function inCatalogue(context: Context, entry: PlannedEntry): Promise<ExistingResult> {
  const { plan, backend, emit, ledger, signal, workDir } = context;
  if (!backend.published) {
    throw new OzError(
      'OZ_NO_CATALOGUE',
      `Cannot find ${entry.name}: ${backend.type} has no images`,
    );
  }
  if (plan.customise) await checkFormat(entry.download?.format, { signal });
  const source = await backend.published(entry.id, { signal });
  const { disk, icicle } = await workOn(context, source);
  if (!plan.customise) return { icicleText: icicle };
  const published = await inPhase(emit, 'export', 'save the changes', async () => {
    const copy = path.join(workDir, 'image');
    if (entry.download) {
      const onProgress = byteProgress(emit, 'export', `download ${entry.name}`);
      await copyDisk(context, disk, copy, { format: entry.download.format, onProgress });
    }
    const { name, id: replaces } = entry;
    // The build got in by user data.
    const made = await publishDisk(context, disk, { name, replaces, userData: true });
    // The old one is gone: from here on a failure must not take the new one away.
    ledger.drop(entryOf(context, made));
    emit({ type: 'log', level: 'info', text: `image ${made.name} is now ${made.id}` });
    if (entry.download) await rename(copy, entry.download.path);
    return made;
  });
  return { icicleText: icicle, published };
}

/** Returns the ICICLE document when the plan asks for one; it is also written to its file. */
export async function customiseExisting(
  plan: WorkPlan,
  options: WorkOptions,
): Promise<ExistingResult> {
  options.signal?.throwIfAborted();
  const work = () => workOnExisting(plan, options);
  // What the guest has below it must stay what it is.
  return plan.published ? work() : withImageLock(plan.disk.path, `work on ${plan.name}`, work);
}

async function workOnExisting(plan: WorkPlan, options: WorkOptions): Promise<ExistingResult> {
  const { backend, emit, signal } = options;
  const began = Date.now();
  for (const text of plan.warnings) emit({ type: 'log', level: 'warning', text });
  if (!plan.published) {
    await imageInfo(plan.disk.path, { signal, format: plan.disk.format });
    await refuseRunning(plan, backend, signal);
  }
  const context = await beginWork(plan, options);
  try {
    const result = await (plan.published ? inCatalogue(context, plan.published) : inFile(context));
    const file = plan.icicle?.file;
    if (result.icicleText !== undefined && file) await writeOutput(file, result.icicleText);
    await clearUp(context);
    const { name, disk } = plan;
    const image = plan.published ? plan.published.download?.path : disk.path;
    emit({
      type: 'result',
      result: {
        ...{ name, image, imageFormat: disk.format, published: result.published },
        ...{ icicle: file ?? undefined, icicleText: result.icicleText, ms: Date.now() - began },
      },
    });
    return result;
  } catch (error) {
    throw await finishFailed(context, error, options.onError ?? 'cleanup');
  }
}
