/** What an image is, asked so that a hostile one can do no harm. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, messageOf, OzError } from '../base/errors.ts';
import { runLimited } from '../base/limited-tool.ts';
import { whyOf } from '../base/system-errors.ts';
import { readQcow2Header } from './qcow2-header.ts';

export interface ImageInfo {
  /** qemu's name of the format. */
  format: string;
  /** Bytes that a guest sees. */
  virtualSize: number;
  /** Bytes on disk; holes count nothing. */
  actualSize: number;
}

export interface ImageInfoOptions {
  signal?: AbortSignal | undefined;
  /** The format where it is known: a raw disk may hold anything, even another format's header. */
  format?: string | undefined;
}

interface QemuInfo {
  format: string;
  'virtual-size': number;
  'actual-size': number;
  'backing-filename'?: string;
  'format-specific'?: { data?: { 'data-file'?: string; extents?: { filename: string }[] } };
}

function refuse(file: string, why: string, hint: string): OzError {
  return new OzError('OZ_IMAGE', `Cannot use the image ${file}: ${why}`, { hint });
}

const merge = 'copy it into one file first: qemu-img convert -O qcow2';

function checkAlone(file: string, info: QemuInfo): void {
  const data = info['format-specific']?.data;
  if (info['backing-filename'] !== undefined) throw refuse(file, 'it has a backing file', merge);
  if (data?.['data-file'] !== undefined) throw refuse(file, 'it has a data file', merge);
  const extents = data?.extents ?? [];
  if (extents.some((extent) => path.resolve(extent.filename) !== file)) {
    throw refuse(file, 'it is only the description of other files', merge);
  }
}

/** As nova limits qemu-img: 1 GiB of memory, 30 seconds of processor time. */
const limits = { memory: 1073741824, seconds: 30 };

/**
 * Format and sizes of an image. Throws OzError OZ_IMAGE for one that is not
 * there, is damaged or in use, or would make qemu open further files.
 */
export async function imageInfo(file: string, options: ImageInfoOptions = {}): Promise<ImageInfo> {
  const absolute = path.resolve(file); // so that qemu-img can't take it for a protocol
  const found = await stat(absolute).catch((error: unknown) => {
    const why = codeOf(error) === 'ENOENT' ? 'no such file' : whyOf(error);
    throw refuse(file, why, 'check the path and its permissions');
  });
  if (!found.isFile()) throw refuse(file, 'it is not a regular file', 'name an image file');
  if (options.format !== 'raw') {
    const header = await readQcow2Header(absolute);
    if (header?.hasBackingFile) throw refuse(file, 'it has a backing file', merge);
    if (header?.hasDataFile) throw refuse(file, 'it has a data file', merge);
  }
  const format = options.format ? ['-f', options.format] : [];
  const args = ['info', '--output=json', ...format, absolute];
  const { stdout } = await runLimited('qemu-img', args, limits, { signal: options.signal }).catch(
    (error: unknown) => {
      options.signal?.throwIfAborted();
      const text = messageOf(error);
      if (/lock/.test(text)) {
        throw refuse(file, 'it is in use by another process', 'shut the guest down first');
      }
      if (codeOf(error) !== 'OZ_TOOL_FAILED') throw error;
      throw refuse(file, text.split('\n').at(-1) ?? text, 'it may be damaged');
    },
  );
  const info = JSON.parse(stdout.toString('utf8')) as QemuInfo;
  checkAlone(absolute, info);
  return {
    format: info.format,
    virtualSize: info['virtual-size'],
    actualSize: info['actual-size'],
  };
}
