/** Directories whose mode is what it is meant to be, whatever the umask. */
import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';

/** Makes the directory and those above it that are missing; what is there already stays as it is. */
export async function makeDirectory(dir: string, mode = 0o755): Promise<void> {
  const wanted = path.resolve(dir);
  const first = await mkdir(wanted, { recursive: true, mode });
  if (first === undefined) return;
  for (let made = wanted; ; made = path.dirname(made)) {
    await chmod(made, mode);
    if (made === first || made === path.dirname(made)) return;
  }
}
