/** What oz-customize and oz-generate-icicle share: work in an image that was built before. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import { codeOf, messageOf, OzError } from '../base/errors.ts';
import type { OzConfig } from '../config/types.ts';
import type { ExistingResult } from '../engine/customise-existing.ts';
import type { ExistingGuest } from '../plan/existing-guest.ts';
import type { PlanOptions } from '../plan/input.ts';
import { buildAccess, checkOutputs, readSettings, withBackend } from './compose.ts';
import type { Io } from './io.ts';
import { type FindPlace, findPlace } from './places.ts';
import type { RenderOptions } from './render/index.ts';
import { withEvents } from './with-events.ts';

export interface ExistingLine {
  config: string | undefined;
  backend: OzConfig['backend']['type'] | undefined;
  onError: 'cleanup' | 'keep' | undefined;
  mac?: string | undefined;
  customize: boolean;
  icicle: boolean;
  /** As the user wrote it; absent: not to a file. */
  icicleFile?: string | undefined;
  rendering: RenderOptions;
}

async function readGuest(file: string, line: ExistingLine, io: Io): Promise<ExistingGuest> {
  const { largestDomainXml, readDomainXml } = await import('../plan/existing-guest.ts');
  const name = path.resolve(io.cwd, file);
  const fail = (why: string, cause?: unknown) =>
    new OzError('OZ_DOMAIN_XML', `Cannot read libvirt XML ${file}: ${why}`, {
      hint: 'give the file that oz-install wrote for this guest',
      cause,
    });
  let size: number;
  let text: string;
  try {
    ({ size } = await stat(name));
    text = size > largestDomainXml ? '' : await readFile(name, 'utf8');
  } catch (error) {
    throw fail(codeOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error), error);
  }
  if (size > largestDomainXml) throw fail('it is larger than 5 MiB');
  const guest = readDomainXml(text, file);
  return line.mac ? { ...guest, hardware: { ...guest.hardware, mac: line.mac } } : guest;
}

function optionsOf(line: ExistingLine, io: Io): PlanOptions {
  return {
    customize: line.customize,
    icicle: line.icicle,
    icicleFile: line.icicleFile === undefined ? undefined : path.resolve(io.cwd, line.icicleFile),
    forceDownload: false,
    cleanup: false,
  };
}

/** Lets the file name the image that took the place of the one it named. */
async function renewXml(file: string, { published }: ExistingResult, io: Io): Promise<void> {
  if (!published) return;
  const name = path.resolve(io.cwd, file);
  const { namePublished } = await import('../plan/existing-guest.ts');
  await writeFileAtomic(name, namePublished(await readFile(name, 'utf8'), file, published));
}

/** Returns what was made: the ICICLE document when one was asked for, the new image in a cloud. */
export async function workInExisting(
  line: ExistingLine,
  [tdlFile = '', xmlFile = '']: readonly string[],
  io: Io,
  find: FindPlace = findPlace,
): Promise<ExistingResult> {
  return withEvents(io, line.rendering, async (stream, signal) => {
    const options = optionsOf(line, io);
    await checkOutputs([options.icicleFile]);
    const guest = await readGuest(xmlFile, line, io);
    const settings = await readSettings(line, tdlFile, io, find, signal);
    const [{ planExisting }, { customiseExisting }] = await Promise.all([
      import('../plan/plan-existing.ts'),
      import('../engine/customise-existing.ts'),
    ]);
    return withBackend(settings, stream, signal, async (backend, ledger) => {
      const { tdl, config, osinfo, place } = settings;
      const plan = planExisting({
        tdl,
        config,
        osinfo,
        backend: {
          type: place.type,
          uri: place.uri,
          capabilities: await backend.capabilities({ signal, arch: guest.hardware.arch }),
        },
        options,
        guest,
        now: new Date(),
        access: await buildAccess(config),
      });
      const result = await customiseExisting(plan, {
        backend,
        ledger,
        emit: stream.emit,
        signal,
        onError: line.onError ?? 'cleanup',
      });
      await renewXml(xmlFile, result, io);
      return result;
    });
  });
}
