/** Begins a build in a box: it ends by itself, or by Ctrl-C once its guest writes to its disk. */
import path from 'node:path';
import type { Box, BoxResult } from './box.ts';
import type { CellContext } from './cell.ts';
import { firstWrite } from './disks.ts';

export interface Begun extends BoxResult {
  /** The disk that the guest wrote to before Ctrl-C. */
  disk?: string | undefined;
}

export async function beginBuild(context: CellContext, box: Box, line: string): Promise<Begun> {
  const pidFile = path.join(box.home, 'build.pid');
  const found = new AbortController();
  const signal = AbortSignal.any([context.signal, found.signal]);
  const folders = [box.home, '/var/lib/libvirt/images', '/var/lib/oz'].map(box.outside);
  const running = box.run(`echo $$ >${pidFile}; exec ${line}`);
  const writing = firstWrite(folders, signal);
  // When the build ends by itself, nobody waits for this any more.
  writing.catch(() => {});
  const first = await Promise.race([running, writing]).finally(() => found.abort());
  if (typeof first !== 'string') return first;
  await box.run(`kill -INT $(cat ${pidFile})`);
  return { ...(await running), disk: first };
}
