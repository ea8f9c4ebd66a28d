/** What an ISO says about itself: its volume descriptors, a few KB of it. */
import { OzError } from '../../src/base/errors.ts';

/** A piece of a medium: a local file, or one over HTTP with ranges. */
export interface ByteReader {
  /** For messages: a file, or a URL without credentials. */
  name?: string;
  /** Up to `length` bytes from `offset`; fewer only at the end. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

export interface IsoIdentity {
  volumeId?: string;
  systemId?: string;
  publisherId?: string;
  applicationId?: string;
  /** Bytes, as the volume descriptor counts them. */
  volumeSize: number;
  bootable: boolean;
}

const descriptorOffset = 0x8000;
const sectorSize = 2048;
const bootableTag = 'EL TORITO SPECIFICATION';

function unreadable({ name = 'the medium' }: ByteReader, reason: string): OzError {
  return new OzError('OZ_OSINFO_NO_ISO', `Cannot read what is on ${name}: ${reason}`, {
    hint: 'check that it is a whole ISO image',
  });
}

/** Text up to a NUL, without the padding. */
function field(sector: Buffer, offset: number, length: number): string {
  const raw = sector.subarray(offset, offset + length);
  const end = raw.indexOf(0);
  return raw
    .subarray(0, end < 0 ? length : end)
    .toString('utf8')
    .replace(/[ \t\n\r\v\f]+$/, '');
}

interface DirectoryEntry {
  name: string;
  directory: boolean;
  location: number;
  size: number;
}

function entry(record: Buffer): DirectoryEntry {
  return {
    name: record.subarray(33, 33 + (record[32] ?? 0)).toString('latin1'),
    directory: ((record[25] ?? 0) & 2) !== 0,
    location: record.readUInt32LE(2),
    size: record.readUInt32LE(10),
  };
}

/** A directory of more than this is no installer's. */
const maxDirectory = 1024 * 1024;

async function directory(reader: ByteReader, at: DirectoryEntry, blockSize: number) {
  const size = Math.min(at.size, maxDirectory);
  const data = Buffer.from(await reader.read(at.location * blockSize, size));
  const entries: DirectoryEntry[] = [];
  for (let offset = 0; offset < data.length; ) {
    const length = data[offset] ?? 0;
    if (length < 34) offset = (Math.floor(offset / sectorSize) + 1) * sectorSize;
    else {
      if (offset + length <= data.length)
        entries.push(entry(data.subarray(offset, offset + length)));
      offset += length;
    }
  }
  return entries;
}

/** OpenFirmware boots by ppc/bootinfo.txt, not by El Torito. */
async function hasPowerBoot(reader: ByteReader, sector: Buffer, blockSize: number) {
  let at: DirectoryEntry | undefined = entry(sector.subarray(156, 190));
  for (const name of ['PPC', 'BOOTINFO.TXT']) {
    if (!at) return false;
    const found: DirectoryEntry[] = await directory(reader, at, blockSize);
    at = found.find(
      (e) => e.directory === (name === 'PPC') && e.name.toUpperCase().startsWith(name),
    );
  }
  return at !== undefined;
}

/** Throws OzError OZ_OSINFO_NO_ISO when it is none. */
export async function identifyIso(reader: ByteReader): Promise<IsoIdentity> {
  const data = Buffer.from(await reader.read(descriptorOffset, 2 * sectorSize));
  if (data.length < 2 * sectorSize) throw unreadable(reader, 'it is too short');
  const [primary, next] = [data.subarray(0, sectorSize), data.subarray(sectorSize)];
  if (primary.toString('latin1', 1, 6) !== 'CD001')
    throw unreadable(reader, 'it has no volume descriptor');
  const volumeId = field(primary, 40, 32);
  if (!volumeId) throw unreadable(reader, 'its volume has no name');
  const blockSize = primary.readUInt16LE(128);
  const [systemId, publisherId, applicationId] = [
    field(primary, 8, 32),
    field(primary, 318, 128),
    field(primary, 574, 128),
  ];
  return {
    volumeId,
    ...(systemId ? { systemId } : {}),
    ...(publisherId ? { publisherId } : {}),
    ...(applicationId ? { applicationId } : {}),
    volumeSize: primary.readUInt32LE(80) * blockSize,
    bootable:
      field(next, 7, 31) === bootableTag || (await hasPowerBoot(reader, primary, blockSize)),
  };
}
