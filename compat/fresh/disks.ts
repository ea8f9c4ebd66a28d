/** Whether a guest in a box has begun to write: its disk grows. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** As Ozma calls disks; the rig's ISO has an `efi.img`, which grows as well while it is made. */
const diskName = /\.(?:dsk|qcow2|raw)$/;

/** Bytes that the disk images below a folder take; what vanishes while it is read counts as none. */
export async function diskBytes(folder: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile() || !diskName.test(entry.name)) continue;
    const file = path.join(entry.parentPath, entry.name);
    const facts = await stat(file).catch(() => undefined);
    if (facts) found.set(file, facts.blocks * 512);
  }
  return found;
}

/** More than a format's own tables, which grow when the guest only looks at its disk. */
const enough = 256 * 1024;

/** The disk that has grown since it was first seen, as `sizes` is told of it again and again. */
export function growth(): (sizes: Map<string, number>) => string | undefined {
  const first = new Map<string, number>();
  return (sizes) => {
    for (const [file, bytes] of sizes) {
      const begun = first.get(file) ?? bytes;
      first.set(file, begun);
      if (bytes - begun >= enough) return file;
    }
    return undefined;
  };
}

/** Waits until a guest has written to a disk below one of the folders. */
export async function firstWrite(folders: readonly string[], signal: AbortSignal): Promise<string> {
  const grown = growth();
  for (;;) {
    signal.throwIfAborted();
    for (const folder of folders) {
      const file = grown(await diskBytes(folder));
      if (file) return path.basename(file);
    }
    await sleep(1000, undefined, { signal }).catch(() => {});
  }
}
