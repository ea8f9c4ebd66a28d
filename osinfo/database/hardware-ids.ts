/** Devices that only pci.ids and usb.ids know, which libosinfo reads as well. */
import { limits } from '../../src/base/limits.ts';
import { readBoundedSync } from '../../src/base/read-bounded.ts';
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

const contents = new Map<string, Buffer>();

/** The file, kept; empty when there is none, or none of a sane size. Searching its bytes is what makes finding one device quick. */
function bytesOf(file: string): Buffer {
  let bytes = contents.get(file);
  if (bytes === undefined) {
    try {
      bytes = readBoundedSync(file, limits.hardwareIds) ?? Buffer.alloc(0);
    } catch {
      bytes = Buffer.alloc(0);
    }
    contents.set(file, bytes);
  }
  return bytes;
}

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

const decoded = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

const blocks = new Map<string, string>();

/** A vendor's line and those of its devices, a character for each byte; empty when it is not known. */
function vendorBlock({ file }: IdsFile, vendor: string): string {
  const key = `${file} ${vendor}`;
  let block = blocks.get(key);
  if (block === undefined) {
    const bytes = bytesOf(file);
    // not the first line of the file, which is a comment
    const start = bytes.indexOf(`\n${vendor} `) + 1;
    const rest = start > 0 ? bytes.toString('latin1', start) : '';
    block = rest.slice(0, /\n[0-9a-zA-Z]/.exec(rest)?.index);
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
  const at = block.indexOf(`\n\t${product} `) + 1;
  if (at === 0) return undefined;
  const line = (from: number): string => {
    const end = block.indexOf('\n', from);
    return decoded(block.slice(from, end < 0 ? undefined : end));
  };
  const vendorMatch = vendorLine.exec(line(0));
  const device = deviceLine.exec(line(at));
  return vendorMatch && device ? record(file, vendorMatch, device) : undefined;
}

/** All devices of such a file, by id. */
export function readIds(file: IdsFile): Map<string, DeviceRecord> {
  const found = new Map<string, DeviceRecord>();
  let vendor: RegExpExecArray | null = null;
  for (const line of bytesOf(file.file).toString('utf8').split('\n')) {
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
