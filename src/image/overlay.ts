/** Overlays: what a guest writes goes beside an image until it is known to be wanted. */
import { runTool } from '../base/run-tool.ts';

export interface OverlayOptions {
  signal?: AbortSignal | undefined;
}

/** Makes a qcow2 `overlay` (an absolute path) on top of an image, which stays as it is. */
export async function createOverlay(
  base: { path: string; format: string },
  overlay: string,
  options: OverlayOptions = {},
): Promise<void> {
  const args = ['create', '-q', '-f', 'qcow2', '-F', base.format, '-b', base.path, overlay];
  await runTool('qemu-img', args, options);
}

/**
 * Writes what the overlay holds into its base. Must not be cut off half-way,
 * so it takes no signal; an overlay that is still there can be committed again.
 */
export async function commitOverlay(overlay: string): Promise<void> {
  await runTool('qemu-img', ['commit', '-q', '-f', 'qcow2', overlay]);
}
