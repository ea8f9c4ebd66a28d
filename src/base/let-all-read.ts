/** The mode of what is no secret, and may be read by another user's QEMU. */
import { chmod, type FileHandle } from 'node:fs/promises';

/** Makes it 0644, whatever the umask and its source's mode. Some file systems have one mode for all. */
export async function letAllRead(file: FileHandle | string): Promise<void> {
  const made = typeof file === 'string' ? chmod(file, 0o644) : file.chmod(0o644);
  await made.catch(() => {});
}
