/**
 * oz-customize and oz-generate-icicle: works in a guest that was built before.
 * All of it happens on an overlay, which becomes part of the image when every
 * step has succeeded: a failure leaves the image as it was.
 */
import path from 'node:path';
import type { Backend } from '../../backends/backend.ts';
import { writeFileAtomic } from '../base/atomic-file.ts';
import { OzError } from '../base/errors.ts';
import { imageInfo } from '../image/info.ts';
import { commitOverlay, createOverlay } from '../image/overlay.ts';
import type { WorkPlan } from '../plan/types.ts';
import { finishFailed } from './build.ts';
import { beginWork, dropWorkDir, type WorkOptions } from './build-context.ts';
import { inPhase } from './event-stream.ts';
import { lookInGuest, workInGuest } from './second-boot.ts';

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

/** Returns the ICICLE document when the plan asks for one; it is also written to its file. */
export async function customiseExisting(
  plan: WorkPlan,
  options: WorkOptions,
): Promise<{ icicleText: string | undefined }> {
  const { backend, ledger, emit, signal } = options;
  signal?.throwIfAborted();
  for (const text of plan.warnings) emit({ type: 'log', level: 'warning', text });
  const { virtualSize } = await imageInfo(plan.disk.path, { signal, format: plan.disk.format });
  await refuseRunning(plan, backend, signal);
  const context = await beginWork(plan, options);
  try {
    const overlay = path.join(context.workDir, 'overlay.qcow2');
    await inPhase(emit, 'create-disk', 'protect the image', () =>
      createOverlay(plan.disk, overlay, { signal }),
    );
    const disk = { ref: overlay, format: 'qcow2', size: virtualSize };
    const { access, customise } = plan;
    const icicleText =
      access && !customise
        ? await lookInGuest(context, disk, access)
        : (await workInGuest(context, disk)).icicle;
    const file = plan.icicle?.file;
    if (icicleText !== undefined && file) await writeFileAtomic(file, icicleText);
    // A mere look at the packages leaves no mark on the image, safe_generation or not.
    if (customise) await inPhase(emit, 'export', 'save the changes', () => commitOverlay(overlay));
    await dropWorkDir(context.workDir, ledger);
    return { icicleText };
  } catch (error) {
    throw await finishFailed(context, error, options.onError ?? 'cleanup');
  }
}
