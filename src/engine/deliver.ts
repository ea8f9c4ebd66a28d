/** Phases export and record: the finished disk becomes the user's files. */
import { rename } from 'node:fs/promises';
import path from 'node:path';
import type { Published, StagedDisk } from '../../backends/backend.ts';
import { makeDirectory } from '../base/make-directory.ts';
import { writeOutput } from '../base/write-output.ts';
import { checkImage } from '../image/convert.ts';
import { writeManifest } from '../image/manifest.ts';
import { wordWriteFailure } from '../media/write-failure.ts';
import { runSpec } from '../plan/guest-spec.ts';
import { type BuildContext, byteProgress } from './build-context.ts';
import { checkFormat, copyDisk } from './copy-disk.ts';
import { inPhase } from './event-stream.ts';
import type { BuildResult } from './events.ts';
import { keepingInstalled, withHint } from './kept-disk.ts';
import { entryOf, publishDisk } from './publish.ts';
import { manifestOf } from './result-names.ts';

/** Moves or converts the work disk to the place and format the user asked for. */
async function exportImage(context: BuildContext, disk: StagedDisk): Promise<void> {
  const { plan, emit, signal } = context;
  const { image, imageType } = plan.outputs;
  if (imageType === 'raw' && disk.format === 'raw' && !disk.remote) {
    await checkImage(disk.ref, disk.format, { signal });
    return rename(disk.ref, image);
  }
  // Also from qcow2 to qcow2: only a copy gives back the space the installer freed.
  try {
    await copyDisk(context, disk, image, {
      format: imageType,
      onProgress: byteProgress(emit, 'export', `write ${path.basename(image)}`),
    });
  } catch (error) {
    throw await keepingInstalled(context, disk, error);
  }
}

/** Says before the install what would fail after it, where the image is to come from a cloud. */
export async function checkDelivery({ plan, signal }: BuildContext): Promise<void> {
  const { result = 'glance', imageType } = plan.outputs;
  if (result !== 'glance') await checkFormat(imageType, { signal });
}

/** What the phase export leaves: an entry in the catalogue, a file here, or both. */
async function exportResult(context: BuildContext, disk: StagedDisk): Promise<Exported> {
  const { plan, backend, signal } = context;
  const { image, result = 'download' } = plan.outputs;
  if (result === 'download') {
    await exportImage(context, disk);
    return { image };
  }
  const { userData } = plan.outputs;
  const published = await publishDisk(context, disk, { name: plan.name, userData });
  if (result === 'glance') return { published };
  // From the entry: a volume would have to become an image once more.
  const source = (await backend.published?.(published.id, { signal })) ?? disk;
  await exportImage(context, source);
  return { published, image };
}

interface Exported {
  /** Path. */
  image?: string;
  published?: Published;
}

async function writing(file: string, work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    throw wordWriteFailure(error, file, `write ${file}`);
  });
}

/** The image is finished, and stays, whatever is wrong with what would stand beside it. */
function withoutRecords(
  context: BuildContext,
  error: unknown,
  { image, published }: Exported,
): unknown {
  if (published) context.ledger.drop(entryOf(context, published));
  const where = [image ?? [], published ? `${published.id} in the catalog` : []].flat();
  return withHint(error, `the image is finished and stays: ${where.join(', ')}`);
}

/** Returns what was made; each file is complete or not there. */
export async function deliver(
  context: BuildContext,
  disk: StagedDisk,
  icicle: string | undefined,
  began: Date,
): Promise<BuildResult> {
  const { plan, backend, emit, ledger, signal } = context;
  const { imageType, domainXml } = plan.outputs;
  const { image, published } = await inPhase(emit, 'export', 'export the image', () =>
    exportResult(context, disk),
  );
  const record = async (): Promise<BuildResult> => {
    const spec = runSpec(plan, {
      disk: { ref: image ?? '', format: imageType, size: disk.size },
      media: [],
      consoleLog: '',
    });
    const xml = backend.describeFinished({ ...spec, published });
    await writing(domainXml, writeOutput(domainXml, xml));
    const icicleFile = plan.icicle?.file ?? undefined;
    if (icicle !== undefined && icicleFile)
      await writing(icicleFile, writeOutput(icicleFile, icicle));
    const manifest = manifestOf(plan.outputs.image);
    const onProgress = byteProgress(emit, 'record', 'digest the image');
    await makeDirectory(path.dirname(manifest));
    const written = writeManifest(
      manifest,
      {
        name: plan.name,
        os: plan.os,
        tdl: plan.tdl,
        image: image === undefined ? undefined : { path: image, format: imageType },
        published,
        media: context.used,
        jeos: context.jeos === undefined ? undefined : { path: context.jeos },
        delivery: plan.install.delivery.kind,
        answer: { filename: plan.install.answer.filename, origin: plan.install.answer.origin },
        domainXml,
        icicle: icicleFile,
        startedAt: began,
      },
      { signal, onProgress, log: (text) => emit({ type: 'log', level: 'info', text }) },
    );
    await writing(manifest, written);
    if (published) ledger.drop(entryOf(context, published));
    return {
      name: plan.name,
      image,
      imageFormat: imageType,
      published,
      domainXml,
      manifest,
      icicle: icicle === undefined ? undefined : icicleFile,
      icicleText: icicle,
      ms: Date.now() - began.getTime(),
    };
  };
  return inPhase(emit, 'record', 'write the records', async () => {
    try {
      return await record();
    } catch (error) {
      throw signal?.aborted ? error : withoutRecords(context, error, { image, published });
    }
  });
}
