/** Disk image formats: what they are called, and how qemu-img is to write them. */
import { OzError } from '../base/errors.ts';

interface Format {
  /** qemu's driver. */
  driver: string;
  /** `-o` options of a plain image. */
  options: string;
  /** The same of a compressed one; absent where the format has none. */
  compressed?: string;
}

const formats: Record<string, Format> = {
  raw: { driver: 'raw', options: '' },
  qcow2: { driver: 'qcow2', options: 'compat=1.1', compressed: 'compat=1.1' },
  // A streamOptimized image can't be written to: only for those who ask for a compressed one.
  vmdk: { driver: 'vmdk', options: '', compressed: 'subformat=streamOptimized' },
  vdi: { driver: 'vdi', options: '' },
  // Without force_size the disk grows to the next size that cylinders and heads can express.
  vpc: { driver: 'vpc', options: 'subformat=dynamic,force_size=on' },
  vhd: { driver: 'vpc', options: 'subformat=dynamic,force_size=on' },
  vhdx: { driver: 'vhdx', options: '' },
  qed: { driver: 'qed', options: '' },
};

/** Throws OzError OZ_IMAGE_FORMAT for a format that is not known. */
export function imageFormat(name: string): Format {
  const format = Object.hasOwn(formats, name) ? formats[name] : undefined;
  if (format) return format;
  throw new OzError('OZ_IMAGE_FORMAT', `Cannot write an image of type ${JSON.stringify(name)}`, {
    hint: `known types are ${Object.keys(formats).join(', ')}`,
  });
}

/** The ending of an image's file name, as Oz has it: `.dsk` for raw, else the type. */
export function imageExtension(type: string): string {
  return type === 'raw' ? '.dsk' : `.${type}`;
}
