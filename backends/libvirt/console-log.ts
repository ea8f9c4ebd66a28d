/** The file with a guest's serial output, as libvirt writes it. */
import { open, stat } from 'node:fs/promises';
import { codeOf } from '../../src/base/errors.ts';

/** Makes the file before libvirt does, so that it is ours to read whoever writes it. */
export async function prepareConsoleLog(file: string): Promise<void> {
  const handle = await open(file, 'a', 0o600);
  await handle.close();
}

async function sizeOf(file: string): Promise<number | null> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** The last bytes of a file whose size is known. */
async function endOf(file: string, size: number, bytes: number): Promise<Buffer> {
  const length = Math.min(size, bytes);
  const handle = await open(file, 'r');
  try {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await handle.read(buffer, 0, length, size - length);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Size of all output and its end. virtlogd moves full files (2 MiB) to `.0`, `.1`, `.2`. */
export async function readConsoleLog(
  file: string,
  tailBytes: number,
): Promise<{ size: number; tail: string } | null> {
  const current = await sizeOf(file);
  if (current === null) return null;
  let size = current;
  let tail = await endOf(file, current, tailBytes);
  for (let index = 0; ; index++) {
    const older = `${file}.${index}`;
    const olderSize = await sizeOf(older);
    if (olderSize === null) break;
    size += olderSize;
    const missing = tailBytes - tail.length;
    if (index === 0 && missing > 0) {
      tail = Buffer.concat([await endOf(older, olderSize, missing), tail]);
    }
  }
  return { size, tail: tail.toString('utf8') };
}
