/**
 * plan(): a TDL, oz.cfg and osinfo become a BuildPlan. Pure: no hypervisor, no
 * network, no clock, no file is touched; everything it needs is in its input.
 */
import path from 'node:path';
import type { Capabilities } from '../../backends/backend.ts';
import type { OsMatch } from '../../osinfo/types.ts';
import { OzError } from '../base/errors.ts';
import { catalogueOs } from './catalogue.ts';
import { customiseSteps } from './customise-steps.ts';
import { chooseDelivery } from './delivery.ts';
import type { FamilyContext, GuestFamily } from './families/family.ts';
import { familyOf } from './families/index.ts';
import { urlForGuest } from './guest-url.ts';
import { chooseHardware, hardwareWarnings } from './hardware.ts';
import type { PlanInput } from './input.ts';
import {
  domainXmlPath,
  imagePath,
  isoCachePath,
  jeosPath,
  kernelCachePath,
  timeStamp,
} from './names.ts';
import {
  findOs,
  plannedIcicle,
  plannedTimeouts,
  rootPasswordOf,
  secretsOf,
} from './planned-work.ts';
import type { BuildPlan, PlannedAccess, PlannedInstall, PlannedMedium } from './types.ts';

/** Bytes. */
const defaultDiskSize = 10 * 1024 ** 3;

/** Files to be added to the installer ISO would make a rewritten copy of it necessary. */
function refuseExtras({ tdl }: PlanInput): void {
  if (tdl.install.extras.length === 0) return;
  throw new OzError(
    'OZ_PLAN_EXTRAS',
    `Cannot add <extras> to the ISO of ${tdl.distro} ${tdl.version} (${tdl.source}): that is not supported yet`,
    { hint: 'put the files into the image with <files>' },
  );
}

function plannedMedia(input: PlanInput, family: GuestFamily, context: FamilyContext) {
  const { tdl, config } = input;
  const keep = config.cache.originalMedia;
  if (tdl.install.type === 'iso') {
    const medium: PlannedMedium = {
      role: 'installer',
      url: tdl.install.url,
      cachePath: isoCachePath(tdl, config),
      keep,
      checksum: tdl.install.checksum,
    };
    return [medium];
  }
  const files = family.treeFiles(context);
  return (['kernel', 'initrd'] as const).map(
    (role): PlannedMedium => ({
      role,
      url: files[role],
      cachePath: kernelCachePath(tdl, config, role),
      keep,
    }),
  );
}

function plannedInstall(
  input: PlanInput,
  family: GuestFamily,
  context: FamilyContext,
): PlannedInstall {
  const { type } = input.tdl.install;
  const delivery = chooseDelivery(family.deliveries[type], input.backend.capabilities);
  const answer = input.answer
    ? { text: input.answer.text, origin: input.answer.name }
    : family.answer(context);
  const iso = type === 'iso' ? family.isoFiles(context) : undefined;
  return {
    delivery,
    answer: { filename: family.answerFile, ...answer },
    carrier: 'initrd',
    boot: {
      kind: 'kernel',
      kernel: iso ? { from: 'iso', paths: iso.kernel } : { from: 'medium', role: 'kernel' },
      initrd: iso ? { from: 'iso', paths: iso.initrd } : { from: 'medium', role: 'initrd' },
      cmdline: family.cmdline(context, delivery.kind),
    },
    attach: type === 'iso' ? [{ role: 'installer', device: 'cdrom' }] : [],
    reboots: family.reboots,
    failurePatterns: [...family.failurePatterns],
  };
}

/** Whether and how the build gets into the guest. */
function plannedAccess(input: PlanInput, needed: boolean): PlannedAccess | null {
  const { access, answer, backend, config, options } = input;
  if (!needed || !access) return null;
  const untouched = config.icicle.safeGeneration && options.icicle && !options.customize;
  return {
    username: 'root',
    ...access,
    via: answer || config.cache.jeos || untouched ? 'offline' : 'answer',
    emulate: backend.capabilities.accelerated === false,
  };
}

/** Bytes; what qemu-img can express. */
const largestDisk = Number.MAX_SAFE_INTEGER;

function checkDisk({ options: { disk }, tdl }: PlanInput): void {
  if ((tdl.diskSize ?? 0) > largestDisk) {
    throw new OzError(
      'OZ_PLAN_DISK_SIZE',
      `Cannot make a disk of ${tdl.diskSize} bytes (${tdl.source})`,
      {
        hint: 'the largest size is 8 PiB',
      },
    );
  }
  if (disk !== undefined && !path.isAbsolute(disk)) {
    throw new OzError('OZ_OPTION_DISK', `Cannot write the image to ${disk}: not an absolute path`, {
      hint: 'give -s an absolute path',
      exitCode: 2,
    });
  }
}

function warningsOf(input: PlanInput, match: OsMatch): string[] {
  const { tdl, config } = input;
  return [
    ...config.warnings,
    ...(match.match === 'newest-known'
      ? [`${tdl.distro} ${tdl.version} is not known yet: treated as ${match.os.name}`]
      : []),
    ...(tdl.rootpw === undefined && !input.answer
      ? ['the TDL names no rootpw: root gets the default password of Oz, and no SSH login with it']
      : []),
  ];
}

/** The format the guest works on; the other image types are converted to at the end. */
function workFormat(imageType: string, { diskFormats }: Capabilities): string {
  return diskFormats.includes(imageType) ? imageType : 'qcow2';
}

/**
 * Decides everything about a build. Throws OzError (OZ_PLAN_…, OZ_OPTION_…)
 * when the TDL cannot be built in this place.
 */
export function plan(input: PlanInput): BuildPlan {
  const { tdl, config, options, osinfo, backend, host, now } = input;
  checkDisk(input);
  refuseExtras(input);
  const match = findOs(input);
  const family = familyOf(match.os);
  const steps = customiseSteps(tdl, backend.capabilities);
  const customise = options.customize && steps.length > 0;
  const access = plannedAccess(input, customise || options.icicle);
  const sources =
    tdl.install.type === 'url'
      ? osinfo.trees(match.os, tdl.arch)
      : osinfo.media(match.os, tdl.arch);
  const context: FamilyContext = {
    tdl,
    os: match.os,
    osinfo,
    guestUrl: urlForGuest(tdl.install.url, backend.capabilities),
    source: sources.find((source) => source.installer && !source.live),
    rootPassword: rootPasswordOf(tdl),
    publicKey: access?.via === 'answer' ? access.publicKey : undefined,
  };
  const disk = options.disk ?? imagePath(tdl, config);
  const needs = osinfo.resources(match.os, tdl.arch);
  const size = tdl.diskSize ?? Math.max(defaultDiskSize, needs.minimum?.storage ?? 0);
  const hardware = chooseHardware({
    os: match.os,
    arch: tdl.arch,
    osinfo,
    config,
    options,
    host,
    platform: backend.capabilities.platform,
  });
  return {
    schema: 1,
    name: tdl.name,
    description: tdl.description,
    backend: backend.type,
    tdl: { source: tdl.source, distro: tdl.distro, version: tdl.version, arch: tdl.arch },
    os: {
      id: match.os.id,
      shortId: match.os.shortId,
      name: match.os.name,
      family: family.name,
      match: match.match,
      catalogue: catalogueOs(match.os),
    },
    hardware,
    guest: { name: tdl.name, user: 'root' },
    disk: {
      path: disk,
      format: workFormat(config.libvirt.imageType, backend.capabilities),
      size,
    },
    media: plannedMedia(input, family, context),
    install: plannedInstall(input, family, context),
    jeos: config.cache.jeos ? { path: jeosPath(tdl, config) } : undefined,
    customise: customise ? { packageManager: family.packageManager, steps } : null,
    icicle: plannedIcicle(input, family, customise),
    access,
    seal: family.seal,
    outputs: {
      image: disk,
      imageType: config.libvirt.imageType,
      domainXml: options.xmlFile ?? domainXmlPath(tdl, input.cwd, now),
    },
    evidenceDir: path.join(config.paths.screenshotDir, `${tdl.name}-${timeStamp(now)}`),
    timeouts: plannedTimeouts(input),
    warnings: [...warningsOf(input, match), ...hardwareWarnings(needs, hardware, size)],
    secrets: secretsOf(tdl),
  };
}
