/** The JEOS cache: finished installations, kept to start later builds from. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { StagedDisk } from '../../backends/backend.ts';
import { type BuildContext, byteProgress } from './build-context.ts';
import { copyDisk } from './copy-disk.ts';

/** The cached installation to start from, or undefined when there is none to be used. */
export function cachedJeos({ plan, forceDownload }: BuildContext): string | undefined {
  return plan.jeos && !forceDownload && existsSync(plan.jeos.path) ? plan.jeos.path : undefined;
}

/** Keeps a copy of a fresh installation, when the configuration wants that. */
export async function storeJeos(context: BuildContext, disk: StagedDisk): Promise<void> {
  const { plan, emit } = context;
  if (!plan.jeos) return;
  await mkdir(path.dirname(plan.jeos.path), { recursive: true });
  emit({ type: 'log', level: 'info', text: `caching the JEOS as ${plan.jeos.path}` });
  await copyDisk(context, disk, plan.jeos.path, {
    format: plan.disk.format,
    compress: plan.disk.format === 'qcow2',
    onProgress: byteProgress(emit, 'install', 'cache the JEOS'),
  });
}
