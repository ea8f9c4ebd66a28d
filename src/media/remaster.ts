/**
 * A copy of an installer's ISO with further files in it, written in one pass by
 * xorriso: what boots it (El Torito for BIOS and EFI, the hybrid's MBR and GPT)
 * is kept as it is.
 */
import { open } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile } from '../base/atomic-file.ts';
import { messageOf, OzError } from '../base/errors.ts';
import { runTool } from '../base/run-tool.ts';
import { checkFreeSpace } from './free-space.ts';
import { isoInfo } from './iso.ts';
import { type Addition, type Additions, fitAdditions } from './iso-additions.ts';
import { wordWriteFailure } from './write-failure.ts';

export interface RemasterRequest {
  iso: string;
  /** Written whole or not at all, with mode 0600. */
  target: string;
  add: readonly Addition[];
  signal?: AbortSignal | undefined;
}

/** Bytes; xorriso would cut a longer one without a word. */
const longestName = 255;

/** xorriso reads `\` and `'` in its arguments as they are, but splits at nothing. */
function checkPaths({ add, target }: RemasterRequest): void {
  for (const { to } of add) {
    const tooLong = to.split('/').some((name) => Buffer.byteLength(name) > longestName);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: no name on an ISO has them
    if (tooLong || /[\x00-\x1f]/.test(to)) {
      throw new OzError(
        'OZ_REMASTER',
        `Cannot build ${target}: ${JSON.stringify(to)} is no path on an ISO`,
      );
    }
  }
}

/** Lets xorriso add the files to the drives that `drives` names, and write. */
export async function addByXorriso(
  { add, rename, rules }: Additions,
  drives: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  await runTool(
    'xorriso',
    [
      '-no_rc',
      ...drives,
      // names as long as they are, not cut to what DOS knew
      ...['-joliet', 'on', '-compliance', ['joliet_long_names', ...rules].join(':')],
      // a file takes the place of a file, never that of a directory with all that is in it
      ...['-overwrite', 'nondir'],
      ...['-iso_rr_pattern', 'off'],
      ...rename.flatMap(({ from, to }) => ['-mv', from, to, '--']),
      ...add.flatMap(({ from, to }) => ['-map', path.resolve(from), to]),
      '-commit',
    ],
    { signal },
  );
}

/** Runs `write`, which makes the file at the path it is given, and words its failures. */
export async function writeWhole(
  request: RemasterRequest,
  write: (copy: string) => Promise<void>,
): Promise<void> {
  const { target, signal } = request;
  checkPaths(request);
  try {
    await replaceFile(target, write);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof OzError && error.code !== 'OZ_TOOL_FAILED') throw error;
    if (error instanceof OzError) {
      const why = /(?:FAILURE|FATAL|SORRY) : (.*)/.exec(messageOf(error))?.[1] ?? messageOf(error);
      throw new OzError('OZ_REMASTER', `Cannot build ${target}: ${why}`, { cause: error });
    }
    throw wordWriteFailure(error, target, `build ${target}`);
  }
}

/** Throws OzError OZ_REMASTER, OZ_NO_SPACE, OZ_ISO, OZ_TOOL_MISSING. */
export async function remasterIso(request: RemasterRequest): Promise<void> {
  const { iso, target, signal } = request;
  await writeWhole(request, async (copy) => {
    const { size } = await isoInfo(iso);
    await checkFreeSpace(target, size, `build ${target}`);
    await (await open(copy, 'wx', 0o600)).close(); // xorriso keeps the mode
    const drives = [
      ...['-indev', `stdio:${path.resolve(iso)}`],
      ...['-outdev', `stdio:${copy}`],
      ...['-boot_image', 'any', 'replay'],
    ];
    await addByXorriso(await fitAdditions(iso, request.add, signal), drives, signal);
  });
}
