/**
 * plan(): a TDL, oz.cfg and osinfo become a BuildPlan. Pure: no hypervisor, no
 * network, no clock, no file is touched; everything it needs is in its input.
 */
import path from 'node:path';
import type { Capabilities } from '../../backends/backend.ts';
import type { OsMatch } from '../../osinfo/types.ts';
import { OzError } from '../base/errors.ts';
import { accessWarnings, noCloudInit, plannedAccess } from './access.ts';
import { plannedCatalogue, takesUserData } from './catalogue.ts';
import { customiseSteps } from './customise-steps.ts';
import type { FamilyContext } from './families/family.ts';
import { familyOf } from './families/index.ts';
import { urlForGuest } from './guest-url.ts';
import { chooseHardware, hardwareWarnings, trustWarnings } from './hardware.ts';
import type { PlanInput } from './input.ts';
import { installWarnings, plannedInstall, plannedMedia } from './install.ts';
import { domainXmlPath, imagePath, jeosPath, timeStamp } from './names.ts';
import { checkPackageWork } from './package-work.ts';
import {
  findOs,
  plannedIcicle,
  plannedTimeouts,
  rootPasswordOf,
  secretsOf,
} from './planned-work.ts';
import { processorWarnings } from './processor.ts';
import type { BuildPlan } from './types.ts';
import { checkWindowsWork } from './windows-access.ts';

/** Bytes. */
const defaultDiskSize = 10 * 1024 ** 3;

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
    ...(input.backend.capabilities.warnings ?? []),
    ...(config.cache.jeos && input.backend.type === 'openstack'
      ? ['[cache] jeos is not used in a cloud: that cache holds files of this machine']
      : []),
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

/** Where the result of a build in a cloud goes. */
function resultOf({ openstack }: PlanInput['config']): 'glance' | 'download' | 'both' {
  const asked = openstack?.result;
  return asked === 'download' || asked === 'both' ? asked : 'glance';
}

/**
 * Decides everything about a build. Throws OzError (OZ_PLAN_…, OZ_OPTION_…)
 * when the TDL cannot be built in this place.
 */
export function plan(input: PlanInput): BuildPlan {
  const { tdl, config, options, osinfo, backend, host, now } = input;
  checkDisk(input);
  const match = findOs(input);
  const family = familyOf(match.os, tdl);
  const steps = customiseSteps(tdl, backend.capabilities);
  const customise = options.customize && steps.length > 0;
  checkPackageWork(family, match.os, customise ? steps : []);
  checkWindowsWork(family, {
    name: match.os.name,
    steps: customise ? steps : [],
    icicle: options.icicle,
    mayHaveSsh: input.answer !== undefined,
  });
  const access = plannedAccess(input, family, customise || options.icicle);
  const sources =
    tdl.install.type === 'url'
      ? osinfo.trees(match.os, tdl.arch)
      : osinfo.media(match.os, tdl.arch);
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
    largest: backend.capabilities.largest,
    platform: backend.capabilities.platform,
    trust: backend.capabilities.trust,
    network: tdl.install.type === 'url',
  });
  if (access?.method === 'cloud-init' && !input.answer && !family.cloudInit(match.os)) {
    throw noCloudInit(match.os.name);
  }
  const context: FamilyContext = {
    tdl,
    os: match.os,
    osinfo,
    guestUrl: urlForGuest(tdl.install.url, backend.capabilities),
    source: sources.find((source) => source.installer && !source.live),
    rootPassword: rootPasswordOf(tdl),
    publicKey:
      access?.via === 'answer' && access.method !== 'cloud-init' ? access.publicKey : undefined,
    cloudInit: access?.method === 'cloud-init',
    hardware,
    drivers: config.paths.windowsDrivers !== undefined && family.takesDrivers?.(match.os) === true,
    ownAnswer: input.answer?.text,
    userDataUrl: backend.capabilities.userData?.url ?? undefined,
  };
  const inCloud = backend.type === 'openstack';
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
      catalogue: plannedCatalogue(match.os, osinfo, tdl.arch),
    },
    hardware,
    guest: { name: tdl.name, user: 'root' },
    disk: {
      path: disk,
      format: workFormat(config.libvirt.imageType, backend.capabilities),
      size,
    },
    media: plannedMedia(input, family, context),
    install: plannedInstall(input, family, context, size),
    // a finished installation in a cloud is not here to be copied
    jeos: config.cache.jeos && !inCloud ? { path: jeosPath(tdl, config) } : undefined,
    customise: customise ? { packageManager: family.packageManager(match.os), steps } : null,
    icicle: plannedIcicle(input, family, customise),
    access,
    seal: family.seal,
    outputs: {
      image: disk,
      imageType: config.libvirt.imageType,
      domainXml: options.xmlFile ?? domainXmlPath(tdl, input.cwd, now),
      ...(inCloud
        ? {
            result: resultOf(config),
            userData: takesUserData({
              family: family.name,
              access,
              steps: customise ? steps : [],
              ownAnswer: input.answer !== undefined,
            }),
          }
        : {}),
    },
    evidenceDir: path.join(config.paths.screenshotDir, `${tdl.name}-${timeStamp(now)}`),
    timeouts: plannedTimeouts(input, family.installTime?.(match.os)),
    warnings: [
      ...warningsOf(input, match),
      ...accessWarnings(access, input),
      ...installWarnings(input, family, context),
      ...hardwareWarnings(needs, hardware, size),
      ...processorWarnings(match.os.name, hardware.cx16, input.backend.capabilities.accelerated),
      ...trustWarnings(match.os, hardware, input.answer !== undefined),
    ],
    secrets: secretsOf(tdl),
  };
}
