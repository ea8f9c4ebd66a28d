/** A file system that is soon full. */
import { runTool } from '../../../src/base/run-tool.ts';

/** Puts a tmpfs of `size` (such as 2m) on a directory; the returned function takes it away. */
export async function mountSmallDisk(dir: string, size: string): Promise<() => Promise<unknown>> {
  await runTool('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'none', dir]);
  return () => runTool('umount', [dir]);
}
