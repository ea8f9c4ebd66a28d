/** Devices that only pci.ids and usb.ids know, which libosinfo reads as well. */
import { readFileSync } from 'node:fs';
import type { DeviceRecord } from './device-record.ts';

export interface IdsFile {
  file: string;
  /** `http://pcisig.com/pci`: what the ids of its devices begin with. */
  base: string;
  busType: 'pci' | 'usb';
}

export const idsFiles: readonly IdsFile[] = [
  { file: '/usr/share/misc/pci.ids', base: 'http://pcisig.com/pci', busType: 'pci' },
  { file: '/usr/share/misc/usb.ids', base: 'http://usb.org/usb', busType: 'usb' },
];

const vendorLine = /^([0-9a-fA-F]{4})\s(.+)$/;
const deviceLine = /^\t([0-9a-fA-F]{4})\s(.+)$/;

const contents = new Map<string, string>();

/**
 * The file's bytes as a string of one character each, kept; empty when there
 * is none. Searching such a string is what makes finding one device quick.
 */
function bytesOf(file: string): string {
  let bytes = contents.get(file);
  if (bytes === undefined) {
    try {
      bytes = readFileSync(file, 'latin1');
    } catch {
      bytes = '';
    }
    contents.set(file, bytes);
  }
  return bytes;
}

const decoded = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

function record(
  { base, busType }: IdsFile,
  [, vendorId = '', vendor = '']: RegExpExecArray,
  [, productId = '', product = '']: RegExpExecArray,
): DeviceRecord {
  return {
    id: `${base}/${vendorId}/${productId}`,
    params: new Map([
      ['vendor-id', [vendorId]],
      ['vendor', [vendor.trimStart()]],
      ['product-id', [productId]],
      ['product', [product.trimStart()]],
      ['bus-type', [busType]],
    ]),
  };
}

const blocks = new Map<string, string>();

/** A vendor's line and those of its devices, as bytes; empty when it is not known. */
function vendorBlock({ file }: IdsFile, vendor: string): string {
  const key = `${file} ${vendor}`;
  let block = blocks.get(key);
  if (block === undefined) {
    const bytes = bytesOf(file);
    const start = bytes.indexOf(`\n${vendor} `) + 1;
    const next = /\n[0-9a-zA-Z]/g;
    next.lastIndex = start;
    block = start > 0 ? `${bytes.slice(start, next.exec(bytes)?.index)}\n` : '';
    blocks.set(key, block);
  }
  return block;
}

/** One device, without reading the lines of the others. */
export function findIds(id: string): DeviceRecord | undefined {
  const file = idsFiles.find(({ base }) => id.startsWith(`${base}/`));
  const [vendor, product, more] = file ? id.slice(file.base.length + 1).split('/') : [];
  if (!file || !vendor || !product || more !== undefined) return undefined;
  const block = vendorBlock(file, vendor);
  const line = (at: number): string => decoded(block.slice(at, block.indexOf('\n', at)));
  const at = block.indexOf(`\n\t${product} `) + 1;
  const vendorMatch = vendorLine.exec(line(0));
  const device = at > 0 ? deviceLine.exec(line(at)) : null;
  return vendorMatch && device ? record(file, vendorMatch, device) : undefined;
}

/** All devices of such a file, by id. */
export function readIds(file: IdsFile): Map<string, DeviceRecord> {
  const found = new Map<string, DeviceRecord>();
  let vendor: RegExpExecArray | null = null;
  for (const line of decoded(bytesOf(file.file)).split('\n')) {
    const first = line.charCodeAt(0);
    if (first === 35 /* # */) continue;
    if (first !== 9 /* tab */) {
      vendor = vendorLine.exec(line) ?? vendor;
      continue;
    }
    const device = line.charCodeAt(1) === 9 ? null : deviceLine.exec(line);
    if (!device || !vendor) continue;
    const made = record(file, vendor, device);
    found.set(made.id, made);
  }
  return found;
}
