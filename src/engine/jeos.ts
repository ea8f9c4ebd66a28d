/** The JEOS cache: finished installations, kept to start later builds from. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { StagedDisk } from '../../backends/backend.ts';
import { type BuildContext, byteProgress } from './build-context.ts';
import { copyDisk } from './copy-disk.ts';

/** The cached installation to start from, or undefined when there is none to be used. */
export function cachedJeos({ plan, backend, forceDownload }: BuildContext): string | undefined {
  // A cloud would first have to be given the file.
  if (backend.publish && backend.type === 'openstack') return undefined;
  return plan.jeos && !forceDownload && existsSync(plan.jeos.path) ? plan.jeos.path : undefined;
}

/** Keeps a copy of a fresh installation, when the configuration wants that. */
export async function storeJeos(context: BuildContext, disk: StagedDisk): Promise<void> {
  const { plan, backend, emit } = context;
  if (!plan.jeos) return;
  if (disk.remote && backend.publish) {
    const text =
      'not kept as a JEOS: that cache holds files of this machine, not images of a cloud';
    emit({ type: 'log', level: 'info', text });
    return;
  }
  await mkdir(path.dirname(plan.jeos.path), { recursive: true });
  emit({ type: 'log', level: 'info', text: `caching the JEOS as ${plan.jeos.path}` });
  await copyDisk(context, disk, plan.jeos.path, {
    format: plan.disk.format,
    compress: plan.disk.format === 'qcow2',
    onProgress: byteProgress(emit, 'install', 'cache the JEOS'),
  });
}
