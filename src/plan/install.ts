/** The part of a plan that concerns the installer: its media, its start, its answer file. */
import { pathToFileURL } from 'node:url';
import { OzError } from '../base/errors.ts';
import { shownUrl } from '../base/secrets.ts';
import { chooseDelivery } from './delivery.ts';
import { speaksOnSerial } from './families/consoles.ts';
import type { FamilyContext, GuestFamily } from './families/family.ts';
import type { PlanInput } from './input.ts';
import { driversCachePath, isoCachePath, kernelCachePath } from './names.ts';
import type { AnswerFile, AnswerMedium, PlannedInstall, PlannedMedium } from './types.ts';

function isoMedium({ tdl, config }: PlanInput): PlannedMedium {
  return {
    role: 'installer',
    url: tdl.install.url,
    cachePath: isoCachePath(tdl, config),
    keep: config.cache.originalMedia,
    checksum: tdl.install.checksum,
  };
}

function driversMedium({ config }: PlanInput): PlannedMedium[] {
  const { windowsDrivers: file } = config.paths;
  if (file === undefined) return [];
  const url = pathToFileURL(file).href;
  const cachePath = driversCachePath(file, config);
  return [{ role: 'drivers', url, cachePath, keep: config.cache.originalMedia }];
}

/** What has to be fetched. */
export function plannedMedia(
  input: PlanInput,
  family: GuestFamily,
  context: FamilyContext,
): PlannedMedium[] {
  const { tdl, config } = input;
  if (tdl.install.type === 'iso' || !family.treeFiles) {
    return [isoMedium(input), ...(context.drivers ? driversMedium(input) : [])];
  }
  const files = family.treeFiles(context);
  return (['kernel', 'initrd'] as const).map((role) => ({
    role,
    url: files[role],
    cachePath: kernelCachePath(tdl, config, role),
    keep: config.cache.originalMedia,
  }));
}

function bootOf(family: GuestFamily, context: FamilyContext, cmdline: string) {
  const names = family.inside?.(context);
  const inside = (role: 'kernel' | 'initrd') => (names ? { inside: names[role] } : {});
  if (context.tdl.install.type === 'url') {
    return {
      kind: 'kernel',
      kernel: { from: 'medium', role: 'kernel', ...inside('kernel') },
      initrd: { from: 'medium', role: 'initrd', ...inside('initrd') },
      cmdline,
    } as const;
  }
  const paths = family.isoFiles?.(context) ?? { kernel: [], initrd: [] };
  return {
    kind: 'kernel',
    kernel: { from: 'iso', paths: paths.kernel, ...inside('kernel') },
    initrd: { from: 'iso', paths: paths.initrd, ...inside('initrd') },
    cmdline,
  } as const;
}

/** Files for the ISO are of no use to an installer that has none, nor where none can be added. */
function refuseExtras({ tdl }: PlanInput, family: GuestFamily, { os }: FamilyContext): void {
  const { extras, type } = tdl.install;
  if (extras.length === 0) return;
  const refuse = (why: string, hint: string) => {
    throw new OzError(
      'OZ_PLAN_EXTRAS',
      `Cannot add <extras> to the ISO of ${tdl.distro} ${tdl.version} (${tdl.source}): ${why}`,
      { hint },
    );
  };
  if (type !== 'iso') {
    refuse(
      'it is installed from a URL',
      'use an install of type iso, or put the files into the image with <files>',
    );
  }
  const fixed = family.fixedIso?.(os);
  if (fixed) refuse(fixed, 'make such an ISO beforehand, and name it in <iso>');
  const remote = extras.find(
    ({ kind, source }) => kind === 'directory' && /^https?:/i.test(source),
  );
  if (remote) {
    refuse(
      `the directory ${shownUrl(remote.source)} can't be listed over HTTP`,
      'name each file as <file>, or use a file:// or ftp:// URL',
    );
  }
}

function refuseType({ tdl }: PlanInput, family: GuestFamily): never {
  const other = tdl.install.type === 'url' ? 'iso' : 'url';
  throw new OzError(
    'OZ_PLAN_INSTALL_TYPE',
    `Cannot install ${tdl.distro} ${tdl.version} (${tdl.source}) from ${tdl.install.type === 'url' ? 'a URL' : 'an ISO'}: its installer (${family.name}) cannot do that`,
    { hint: `use <install type='${other}'>` },
  );
}

/** `auto` and an unset key leave it to us. */
const askedFor = (text: string | undefined) =>
  text === undefined || text === '' || text === 'auto' ? undefined : text;

function attachedMedia(
  iso: boolean,
  medium: AnswerMedium | undefined,
  drivers: boolean,
): PlannedInstall['attach'] {
  return [
    ...(iso ? [{ role: 'installer', device: 'cdrom' } as const] : []),
    ...(medium ? [{ role: 'answer', device: medium.device } as const] : []),
    ...(drivers ? [{ role: 'drivers', device: 'cdrom' } as const] : []),
  ];
}

/** Oz takes a restart for the end; here nobody sees it, and an installer's kernel would start again. */
function mayRestart({ answer, backend }: PlanInput, { endsByItself }: GuestFamily): boolean {
  return (
    backend.type === 'openstack' &&
    answer !== undefined &&
    !endsByItself &&
    !/power-?off|halt|shutdown/i.test(answer.text.replaceAll('\0', ''))
  );
}

/** What the user should know about the installer. */
export function installWarnings(
  input: PlanInput,
  family: GuestFamily,
  context: FamilyContext,
): string[] {
  const unpressed = !input.backend.capabilities.sendKeys && family.keyPresses?.(context);
  const caveat = family.caveat?.(context.os);
  return [
    ...(caveat === undefined ? [] : [caveat]),
    ...(unpressed
      ? [
          'the installer asks for a key before it starts, and none can be pressed here: watch its screen',
        ]
      : []),
    ...(mayRestart(input, family)
      ? [
          'the answer file names no power-off: in a cloud the installation has to end in one, not in a restart',
        ]
      : []),
  ];
}

type Answer = { text: string; origin: string; encoding?: 'latin1' | undefined };

/** The files with the answers' own bytes, where these are no UTF-8. */
function bytewise(files: AnswerFile[], { text, encoding }: Answer): AnswerFile[] {
  if (!encoding) return files;
  return files.map((file) =>
    'text' in file && file.text === text
      ? { path: file.path, bytes: Buffer.from(text, encoding) }
      : file,
  );
}

const holds = (files: AnswerFile[], { text, encoding }: Answer): boolean =>
  files.some((file) => 'bytes' in file && file.bytes.equals(Buffer.from(text, encoding)));

/** Where a file is made into something else, or sent as text, only text will do. */
function refuseBytes(answer: Answer, carried: boolean): void {
  if (!answer.encoding || carried) return;
  throw new OzError(
    'OZ_PLAN_ANSWER',
    `Cannot hand ${answer.origin} to the installer: it is not UTF-8 text`,
    { hint: 'convert it, for instance with iconv -t UTF-8' },
  );
}

/** Throws OZ_PLAN_DELIVERY, OZ_PLAN_INSTALL_TYPE, OZ_PLAN_EXTRAS, OZ_PLAN_ANSWER. */
export function plannedInstall(
  input: PlanInput,
  family: GuestFamily,
  context: FamilyContext,
  diskSize: number,
): PlannedInstall {
  const { tdl, backend, config } = input;
  refuseExtras(input, family, context);
  const possible = family.ways(context);
  if (possible.length === 0) refuseType(input, family);
  const answer: Answer = input.answer
    ? {
        text: input.answer.text,
        origin: input.answer.name,
        ...(input.answer.encoding ? { encoding: input.answer.encoding } : {}),
      }
    : family.answer(context);
  const iso = tdl.install.type === 'iso';
  const medium = family.medium?.(context, answer.text);
  const reboots = family.reboots(context);
  const endsInRestart = !input.answer && family.endsInRestart?.(context.os);
  const ofCloud = backend.type === 'openstack' ? config.openstack : undefined;
  const { way, delivery, strategy } = chooseDelivery({
    ways: possible,
    capabilities: backend.capabilities,
    iso,
    drivers: context.drivers,
    device: medium?.device ?? 'cdrom',
    reboots: endsInRestart ? reboots + 1 : reboots,
    tpm: context.hardware.tpm ?? false,
    memory: context.hardware.memory,
    disk: diskSize,
    answerSize: () => Buffer.byteLength(answer.text),
    asked: { strategy: askedFor(ofCloud?.strategy), carrier: askedFor(ofCloud?.answer) },
  });
  const kernel = way.kind === 'initrd' || way.kind === 'kernel-args';
  const carried =
    way.carrier === 'medium' && medium
      ? { ...medium, files: bytewise(medium.files, answer) }
      : undefined;
  const added =
    way.carrier === 'remaster'
      ? bytewise(family.remaster?.(context, answer.text) ?? [], answer)
      : [];
  refuseBytes(
    answer,
    way.carrier === 'initrd' || holds([...(carried?.files ?? []), ...added], answer),
  );
  const { extras } = tdl.install;
  const cmdline = kernel ? (family.cmdline?.(context, way) ?? '') : '';
  const onSerial = kernel
    ? speaksOnSerial(cmdline)
    : way.carrier === 'remaster' && family.remasterOnSerial;
  const keyPresses = backend.capabilities.sendKeys ? family.keyPresses?.(context) : undefined;
  return {
    delivery,
    answer: { filename: family.answerFile(context), ...answer },
    carrier: way.carrier,
    ...(carried ? { medium: carried } : {}),
    ...(added.length + extras.length > 0 ? { remaster: { files: added, extras } } : {}),
    ...(strategy ? { strategy } : {}),
    boot: kernel ? bootOf(family, context, cmdline) : { kind: 'cdrom' },
    attach: attachedMedia(iso, carried, context.drivers),
    ...(onSerial ? {} : { silentConsole: true }),
    // a cloud's server goes on over restarts of its guest: only the power-off is seen
    reboots: strategy ? 0 : reboots,
    ...(keyPresses && !kernel ? { keyPresses } : {}),
    failurePatterns: [...family.failurePatterns],
    consoleSteps: family.consoleSteps.map((step) => ({ ...step })),
  };
}
