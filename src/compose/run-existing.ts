/** Work in an image that was built before, for oz-customize, oz-generate-icicle and programs. */
import type { Backend } from '../../backends/backend.ts';
import { codeOf, OzError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { textWithin } from '../base/read-bounded.ts';
import { whyOf } from '../base/system-errors.ts';
import { writeOutput } from '../base/write-output.ts';
import type { ExistingResult } from '../engine/customise-existing.ts';
import type { EventStream } from '../engine/event-stream.ts';
import type { Ledger } from '../engine/ledger.ts';
import type { ExistingGuest } from '../plan/existing-guest.ts';
import type { PlanOptions } from '../plan/input.ts';
import type { Tdl } from '../tdl/types.ts';
import { buildAccess } from './inputs.ts';
import { checkOutputs } from './outputs.ts';
import type { Settings } from './settings.ts';
import { withBackend } from './with-backend.ts';

/** The domain XML that names a guest. */
export interface NamedGuest {
  /** Absolute path. */
  file: string;
  text: string;
  guest: ExistingGuest;
}

export interface ExistingRequest {
  named: NamedGuest;
  options: PlanOptions;
  onError?: 'cleanup' | 'keep' | undefined;
  stream: EventStream;
  signal: AbortSignal;
  /** What the user should know although nothing is wrong. */
  onWarnings?: ((warnings: readonly string[]) => void) | undefined;
}

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
};

/** `shown` is the file's name for messages. Throws OZ_DOMAIN_XML. */
export async function readGuest(
  xmlFile: string,
  shown: string,
  { arch }: Pick<Tdl, 'arch'>,
  mac?: string,
): Promise<NamedGuest> {
  const { readDomainXml } = await import('../plan/existing-guest.ts');
  const fail = (why: string, cause?: unknown) =>
    new OzError('OZ_DOMAIN_XML', `Cannot read libvirt XML ${shown}: ${why}`, {
      hint: 'give the file that oz-install wrote for this guest',
      cause,
    });
  const text = await textWithin(xmlFile, limits.document).catch((error: unknown) => {
    throw fail(unreadable[codeOf(error) ?? ''] ?? whyOf(error), error);
  });
  const { hardware, ...guest } = readDomainXml(text, shown, arch);
  return {
    ...{ file: xmlFile, text },
    guest: { ...guest, hardware: mac ? { ...hardware, mac } : hardware },
  };
}

/** Lets the file name the image that took the place of the one it named, which is gone. */
async function renewXml({ file, text }: NamedGuest, { published }: ExistingResult): Promise<void> {
  if (!published) return;
  const { namePublished } = await import('../plan/existing-guest.ts');
  try {
    await writeOutput(file, namePublished(text, file, published));
  } catch (error) {
    throw new OzError(
      'OZ_OUTPUT',
      `Cannot let ${file} name the new image ${published.id} of ${published.at}: ${whyOf(error)}`,
      { hint: 'write the id of the new image into it, in the place of the old one', cause: error },
    );
  }
}

/** Returns what was made: the ICICLE document when one was asked for, the new image in a cloud. */
export async function runExisting(
  settings: Settings,
  { named, options, onError, stream, signal, onWarnings }: ExistingRequest,
): Promise<ExistingResult> {
  const [{ planExisting }, { customiseExisting }] = await Promise.all([
    import('../plan/plan-existing.ts'),
    import('../engine/customise-existing.ts'),
  ]);
  const work = async (backend: Backend, ledger: Ledger) => {
    const { tdl, config, osinfo, place } = settings;
    const { guest } = named;
    const { arch } = guest.hardware;
    const plan = planExisting({
      tdl,
      config,
      osinfo,
      backend: {
        type: place.type,
        uri: place.uri,
        capabilities: await backend.capabilities({ signal, arch }),
      },
      options,
      guest,
      now: new Date(),
      access: await buildAccess(config),
    });
    onWarnings?.(plan.warnings);
    if (plan.published && plan.customise) await checkOutputs([named.file]);
    const result = await customiseExisting(plan, {
      ...{ backend, ledger, emit: stream.emit, signal, onError: onError ?? 'cleanup' },
    });
    await renewXml(named, result);
    const { warning } = result.published ?? {};
    if (warning !== undefined) onWarnings?.([warning]);
    return result;
  };
  return withBackend(settings, stream, signal, work, onWarnings);
}
