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

const contents = new Map<string, Buffer>();

/** The file, kept; empty when there is none. Searching its bytes is what makes finding one device quick. */
function bytesOf(file: string): Buffer {
  let bytes = contents.get(file);
  if (bytes === undefined) {
    try {
      bytes = readFileSync(file);
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

const starts = new Map<string, number>();

/** Where a vendor's line begins; 0 when it is not known, for the first line is a comment. */
function vendorStart({ file }: IdsFile, vendor: string): number {
  const key = `${file} ${vendor}`;
  let start = starts.get(key);
  if (start === undefined) {
    start = bytesOf(file).indexOf(`\n${vendor} `) + 1;
    starts.set(key, start);
  }
  return start;
}

/** One device, without reading the lines of the others. */
export function findIds(id: string): DeviceRecord | undefined {
  const file = idsFiles.find(({ base }) => id.startsWith(`${base}/`));
  const [vendor, product, more] = file ? id.slice(file.base.length + 1).split('/') : [];
  if (!file || !vendor || !product || more !== undefined) return undefined;
  const start = vendorStart(file, vendor);
  const bytes = bytesOf(file.file);
  const at = start > 0 ? bytes.indexOf(`\n\t${product} `, start) + 1 : 0;
  // another vendor's line before it: the device is that one's
  if (at === 0 || /\n[0-9a-zA-Z]/.test(bytes.toString('latin1', start, at))) return undefined;
  const line = (from: number): string => bytes.toString('utf8', from, bytes.indexOf('\n', from));
  const vendorMatch = vendorLine.exec(line(start));
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
