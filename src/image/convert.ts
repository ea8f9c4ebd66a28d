/** Copies disk images from format to format with qemu-img, and checks them. */
import path from 'node:path';
import { replaceFile, syncFile } from '../base/atomic-file.ts';
import { missingHint } from '../base/debian-packages.ts';
import { codeOf, messageOf, OzError } from '../base/errors.ts';
import { runTool } from '../base/run-tool.ts';
import { checkFreeSpace } from '../media/free-space.ts';
import { type ProgressListener, throttled } from '../media/progress.ts';
import { imageFormat } from './formats.ts';
import { imageInfo } from './info.ts';

export { imageExtension } from './formats.ts';

export interface ConvertOptions {
  /** The format of the result: raw, qcow2, vmdk, vdi, vpc, vhd, vhdx, qed. */
  format: string;
  /** The source's format; found out (and refused where that is not safe) when absent. */
  sourceFormat?: string | undefined;
  /** qcow2 and vmdk only. */
  compress?: boolean | undefined;
  signal?: AbortSignal | undefined;
  /** Bytes of the virtual disk. */
  onProgress?: ProgressListener | undefined;
}

interface CheckOptions {
  signal?: AbortSignal | undefined;
}

/** qemu-img's exit code for a format that it has no check for. */
const noCheck = 63;
/** Space is lost, but every byte is right. */
const leakedOnly = 3;

/** Throws OzError OZ_IMAGE_CORRUPT when the image's own structure is damaged. */
export async function checkImage(
  file: string,
  format: string,
  { signal }: CheckOptions = {},
): Promise<void> {
  const { driver } = imageFormat(format);
  const args = ['check', '-q', '-f', driver, path.resolve(file)];
  const okCodes = [0, leakedOnly, noCheck];
  await runTool('qemu-img', args, { signal, okCodes }).catch((error: unknown) => {
    signal?.throwIfAborted();
    if ((error as OzError).code !== 'OZ_TOOL_FAILED') throw error;
    throw new OzError('OZ_IMAGE_CORRUPT', `Cannot use the image ${file}: ${messageOf(error)}`, {
      hint: 'the disk it lies on may be failing, or something else has written to it',
      cause: error,
    });
  });
}

/**
 * Asks before long work what it would fail for in the end. Throws OzError OZ_TOOL_MISSING where no
 * image of that type can be made here.
 */
export async function checkConverter(format: string, { signal }: CheckOptions): Promise<void> {
  await runTool('qemu-img', ['--version'], { signal }).catch((error: unknown) => {
    if (codeOf(error) !== 'OZ_TOOL_MISSING') throw error;
    throw new OzError(
      'OZ_TOOL_MISSING',
      `Cannot make an image of type ${format}: qemu-img is not installed`,
      {
        hint: `${missingHint('qemu-img')}, set image_type = qcow2 in [libvirt], or leave the image in the cloud`,
        cause: error,
      },
    );
  });
}

/** Bytes the result will need, or null where qemu-img can't tell. */
async function spaceNeeded(
  source: string,
  sourceDriver: string,
  targetDriver: string,
  { signal, compress }: ConvertOptions,
): Promise<number | null> {
  if (compress) return null; // anything between nothing and all of it
  if (targetDriver !== 'qcow2')
    return (await imageInfo(source, { format: sourceDriver, signal })).actualSize;
  const args = ['measure', '--output=json', '-O', targetDriver, '-f', sourceDriver, source];
  const { stdout } = await runTool('qemu-img', args, { signal });
  return (JSON.parse(stdout.toString('utf8')) as { required: number }).required;
}

/** Calls back for each `(12.34/100%)` that qemu-img -p prints. */
function percentReader(onPercent: (percent: number) => void): (chunk: Buffer) => void {
  return (chunk) => {
    const last = [...chunk.toString('latin1').matchAll(/\((\d+\.\d+)\/100%\)/g)].at(-1);
    if (last) onPercent(Number(last[1]));
  };
}

function wordFailure(error: unknown, target: string, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason;
  if (!(error instanceof OzError) || error.code !== 'OZ_TOOL_FAILED') return error;
  const full = /No space left on device|Disk quota exceeded/.test(error.message);
  return full
    ? new OzError(
        'OZ_NO_SPACE',
        `Cannot write the image ${target}: the file system is full (${path.dirname(path.resolve(target))})`,
        { hint: 'make room there, or set another output_dir in oz.cfg ([paths])', cause: error },
      )
    : new OzError('OZ_IMAGE', `Cannot write the image ${target}: ${error.message}`, {
        cause: error,
      });
}

/**
 * Writes `source` as `target` in another (or the same) format; blocks of zeros
 * take no room. The target appears complete, checked and on stable storage, or
 * not at all. Throws OzError OZ_IMAGE, OZ_IMAGE_FORMAT, OZ_IMAGE_CORRUPT or
 * OZ_NO_SPACE.
 */
export async function convertImage(
  source: string,
  target: string,
  options: ConvertOptions,
): Promise<void> {
  const { signal, compress = false } = options;
  const format = imageFormat(options.format);
  const formatOptions = compress ? format.compressed : format.options;
  if (formatOptions === undefined) {
    throw new OzError('OZ_IMAGE_FORMAT', `Cannot compress an image of type ${options.format}`, {
      hint: 'qcow2 and vmdk can be compressed',
    });
  }
  const sourceFormat = options.sourceFormat && imageFormat(options.sourceFormat).driver;
  const info = await imageInfo(source, { format: sourceFormat, signal });
  const from = path.resolve(source);
  const report = throttled(options.onProgress);
  const onPercent = (percent: number) =>
    report(Math.round((percent / 100) * info.virtualSize), info.virtualSize);
  const args = [
    ...['convert', '-p', '-f', info.format, '-O', format.driver],
    ...(compress ? ['-c'] : []),
    ...(formatOptions ? ['-o', formatOptions] : []),
  ];
  try {
    const needed = await spaceNeeded(from, info.format, format.driver, options);
    if (needed !== null) await checkFreeSpace(target, needed, `write the image ${target}`);
    await replaceFile(path.resolve(target), async (temporary) => {
      await runTool('qemu-img', [...args, from, temporary], {
        signal,
        onStdout: percentReader(onPercent),
      });
      await checkImage(temporary, format.driver, { signal });
      await syncFile(temporary);
    });
  } catch (error) {
    throw wordFailure(error, target, signal);
  }
}
