/** Packs directories as the kernel wants its initial file system. */
import { readdir } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { runTool } from '../../../src/base/run-tool.ts';

/** Everything below `top` as a gzipped cpio (newc), owned by root. */
export async function packInitrd(top: string, signal?: AbortSignal): Promise<Buffer> {
  const entries = (await readdir(top, { recursive: true })).sort();
  const { stdout } = await runTool(
    'cpio',
    ['--quiet', '-o', '-H', 'newc', '-R', '0:0', '--reproducible'],
    { cwd: top, input: `${entries.join('\n')}\n`, signal, most: Infinity },
  );
  return gzipSync(stdout, { level: 9 });
}
