/**
 * Writes qcow2 images without qemu: an empty disk of any size, or a small file
 * wrapped so that a cloud's format checks let it pass (qemu: docs/interop/qcow2.rst).
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';

const cluster = 65536;
const entriesPerTable = cluster / 8;
/** Of 16 bits each. */
const countsPerBlock = cluster / 2;
const copied = 1n << 63n;
const headerLength = 104;

/** Where everything is, in clusters. */
interface Layout {
  size: number;
  l1Entries: number;
  /** First clusters. */
  refcountBlocks: number;
  l1: number;
  l2: number;
  data: number;
  /** Numbers of clusters. */
  refcountBlockCount: number;
  l1Count: number;
  l2Count: number;
  total: number;
}

function layoutOf(size: number, dataClusters: number): Layout {
  const l1Entries = Math.max(1, Math.ceil(size / (cluster * entriesPerTable)));
  const l1Count = Math.ceil(l1Entries / entriesPerTable);
  const l2Count = Math.ceil(dataClusters / entriesPerTable);
  let refcountBlockCount = 1;
  let total: number;
  do {
    total = 2 + refcountBlockCount + l1Count + l2Count + dataClusters;
    refcountBlockCount = Math.ceil(total / countsPerBlock);
  } while (2 + refcountBlockCount + l1Count + l2Count + dataClusters > total);
  const l1 = 2 + refcountBlockCount;
  return {
    size,
    l1Entries,
    refcountBlocks: 2,
    l1,
    l2: l1 + l1Count,
    data: l1 + l1Count + l2Count,
    refcountBlockCount,
    l1Count,
    l2Count,
    total,
  };
}

function header(layout: Layout): Buffer {
  const bytes = Buffer.alloc(cluster);
  bytes.write('QFI\xfb', 0, 'latin1');
  bytes.writeUInt32BE(3, 4); // version
  bytes.writeUInt32BE(16, 20); // cluster bits
  bytes.writeBigUInt64BE(BigInt(layout.size), 24);
  bytes.writeUInt32BE(layout.l1Entries, 36);
  bytes.writeBigUInt64BE(BigInt(layout.l1 * cluster), 40);
  bytes.writeBigUInt64BE(BigInt(cluster), 48); // the refcount table follows the header
  bytes.writeUInt32BE(1, 56); // its clusters
  bytes.writeUInt32BE(4, 96); // refcounts of 2^4 bits
  bytes.writeUInt32BE(headerLength, 100);
  return bytes;
}

/** A table of offsets of following clusters, from the `first`. */
function table(first: number, count: number, flag: bigint): Buffer {
  const bytes = Buffer.alloc(Math.max(1, Math.ceil(count / entriesPerTable)) * cluster);
  for (let index = 0; index < count; index++) {
    bytes.writeBigUInt64BE(BigInt((first + index) * cluster) | flag, index * 8);
  }
  return bytes;
}

function refcounts({ total, refcountBlockCount }: Layout): Buffer {
  const bytes = Buffer.alloc(refcountBlockCount * cluster);
  for (let index = 0; index < total; index++) bytes.writeUInt16BE(1, index * 2);
  return bytes;
}

/** All before the data. */
function metadata(layout: Layout): Buffer {
  const { refcountBlocks, refcountBlockCount, l2, l2Count, l1Count, data, total } = layout;
  const l1 = table(l2, l2Count, copied).subarray(0, cluster * l1Count);
  return Buffer.concat([
    header(layout),
    table(refcountBlocks, refcountBlockCount, 0n),
    refcounts(layout),
    l1,
    Buffer.alloc(l1Count * cluster - l1.length),
    l2Count > 0 ? table(data, total - data, copied) : Buffer.alloc(0),
  ]);
}

/** An image of `size` bytes (a multiple of 512) of nothing. */
export function blankDisk(size: number): Buffer {
  return metadata(layoutOf(size, 0));
}

export interface WrappedFile {
  /** Bytes of the image. */
  size: number;
  open(): Readable;
}

/** A file as a qcow2 image that has all of its bytes; read as it is sent. */
export async function wrapFile(file: string): Promise<WrappedFile> {
  const { size } = await stat(file);
  const whole = Math.ceil(size / 512) * 512;
  const layout = layoutOf(whole, Math.ceil(whole / cluster));
  const total = layout.total * cluster;
  async function* parts() {
    yield metadata(layout);
    let sent = layout.data * cluster;
    for await (const part of createReadStream(file) as AsyncIterable<Buffer>) {
      sent += part.length;
      yield part;
    }
    if (sent < total) yield Buffer.alloc(total - sent);
  }
  return { size: total, open: () => Readable.from(parts(), { objectMode: false }) };
}
