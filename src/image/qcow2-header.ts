/** Reads a qcow2 header: the size, and the fields that can make qemu open other files. */
import { open } from 'node:fs/promises';

export interface Qcow2Header {
  hasBackingFile: boolean;
  hasDataFile: boolean;
  /** Bytes that a guest sees. */
  virtualSize: number;
}

const magic = 0x514649fb;
const headerLength = 80;
/** Incompatible feature bit "external data file" (qemu: docs/interop/qcow2.txt). */
const dataFileBit = 4n;

/** Null for what is no qcow2 image. Reads 80 bytes and opens nothing else. */
export async function readQcow2Header(file: string): Promise<Qcow2Header | null> {
  const handle = await open(file, 'r');
  try {
    const header = Buffer.alloc(headerLength);
    const { bytesRead } = await handle.read(header, 0, headerLength, 0);
    if (bytesRead < 72 || header.readUInt32BE(0) !== magic) return null;
    const version = header.readUInt32BE(4);
    const features = version >= 3 ? header.readBigUInt64BE(72) : 0n;
    return {
      hasBackingFile: header.readBigUInt64BE(8) !== 0n,
      virtualSize: Number(header.readBigUInt64BE(24)),
      hasDataFile: (features & dataFileBit) !== 0n,
    };
  } finally {
    await handle.close();
  }
}
