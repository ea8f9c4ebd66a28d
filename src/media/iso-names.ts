/** How an ISO names its files: what has to stay so in a new session or a copy. */
import { type FileHandle, open } from 'node:fs/promises';

export interface IsoNames {
  /** POSIX names, beside those of ISO 9660. */
  rockRidge: boolean;
  /** Windows' names. */
  joliet: boolean;
  /** A file system of its own, which may hold files that ISO 9660 does not show. */
  udf: boolean;
  /** Whether names of ISO 9660 end in `;1`; classic Windows has discs without, and needs them so. */
  versions: boolean;
}

const sector = 2048;
const firstDescriptor = 16;
/** Descriptors, of ISO 9660 and UDF together, are few. */
const lastDescriptor = 64;
const mostOfDirectory = 1024 * 1024;

async function read(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at);
  return buffer.subarray(0, bytesRead);
}

/** Records of a directory (ECMA-119, 9.1): the name, whether it is a file, and what follows. */
function recordsOf(directory: Buffer): { name: string; isFile: boolean; systemUse: Buffer }[] {
  const records = [];
  for (let at = 0; at < directory.length; ) {
    const length = directory[at] ?? 0;
    if (length < 34) {
      at = (Math.floor(at / sector) + 1) * sector; // none goes over the end of its sector
      continue;
    }
    const record = directory.subarray(at, at + length);
    const end = 33 + (record[32] ?? 0);
    records.push({
      name: record.toString('latin1', 33, end),
      isFile: ((record[25] ?? 0) & 2) === 0,
      systemUse: record.subarray(end + (end % 2)),
    });
    at += length;
  }
  return records;
}

/** `iso` is one, as isoInfo() has found. */
export async function isoNames(iso: string): Promise<IsoNames> {
  const handle = await open(iso, 'r');
  try {
    let root: Buffer | undefined;
    let [joliet, udf] = [false, false];
    for (let at = firstDescriptor; at <= lastDescriptor; at++) {
      const descriptor = await read(handle, at * sector, sector);
      const id = descriptor.toString('latin1', 1, 6);
      if (!/^(CD001|CDW02|BEA01|BOOT2|NSR0[23]|TEA01)$/.test(id)) break;
      if (id.startsWith('NSR')) udf = true;
      if (id !== 'CD001') continue;
      if (descriptor[0] === 1) root ??= descriptor.subarray(156, 190);
      if (descriptor[0] === 2 && /^%\/[@CE]/.test(descriptor.toString('latin1', 88, 91)))
        joliet = true;
    }
    const length = Math.min(root?.readUInt32LE(10) ?? 0, mostOfDirectory);
    const records = recordsOf(await read(handle, (root?.readUInt32LE(2) ?? 0) * sector, length));
    const files = records.filter(({ isFile }) => isFile);
    return {
      rockRidge: records[0]?.systemUse.toString('latin1', 0, 2) === 'SP',
      joliet,
      udf,
      versions: files.length === 0 || files.some(({ name }) => name.includes(';')),
    };
  } finally {
    await handle.close();
  }
}
