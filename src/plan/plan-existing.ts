/** Plans work in a finished guest: oz-customize and oz-generate-icicle. Pure, like plan(). */
import path from 'node:path';
import type { Capabilities } from '../../backends/backend.ts';
import { OzError } from '../base/errors.ts';
import { announcing } from './access.ts';
import { plannedCatalogue } from './catalogue.ts';
import { customiseSteps } from './customise-steps.ts';
import type { ExistingGuest } from './existing-guest.ts';
import type { GuestFamily } from './families/family.ts';
import { familyOf } from './families/index.ts';
import type { PlanInput } from './input.ts';
import { timeStamp } from './names.ts';
import { checkPackageWork } from './package-work.ts';
import { passwordAccess } from './password-access.ts';
import {
  findOs,
  plannedIcicle,
  plannedTimeouts,
  rootPasswordOf,
  secretsOf,
} from './planned-work.ts';
import type { PlannedAccess, PlannedEntry, WorkPlan } from './types.ts';
import { checkWindowsWork, windowsAccess } from './windows-access.ts';

export type ExistingInput = Omit<PlanInput, 'answer' | 'cwd' | 'host'> & {
  guest: ExistingGuest;
};

const anotherPlace = (guest: ExistingGuest, why: string, hint: string) =>
  new OzError('OZ_PLAN_OTHER_PLACE', `Cannot work on ${guest.name}: ${why}`, { hint });

/** The image's file, which a build on this machine needs. */
function localDisk(guest: ExistingGuest): { path: string; format: string } {
  const { path: file, format } = guest.disk;
  if (file !== null) return { path: file, format };
  throw anotherPlace(
    guest,
    `its image is in the cloud ${guest.published?.cloud} only`,
    'set [backend] type = openstack in oz.cfg, or give --backend=openstack',
  );
}

/** The image in the cloud that this build runs in. */
function cloudImage({ guest, backend }: ExistingInput): PlannedEntry {
  const { published, disk } = guest;
  if (!published) {
    throw anotherPlace(
      guest,
      'its file names no image in a cloud',
      'work on its disk with --backend=libvirt, or build it again with [openstack] result = glance',
    );
  }
  if (backend.uri !== undefined && published.cloud !== backend.uri) {
    throw anotherPlace(
      guest,
      `its image is in the cloud ${published.cloud}, not in ${backend.uri}`,
      'choose that cloud with [openstack] cloud in oz.cfg, or OS_CLOUD',
    );
  }
  return {
    id: published.id,
    name: published.name,
    download: disk.path === null ? null : { path: disk.path, format: disk.format },
  };
}

/** Customising the file of an image that is in a cloud as well parts the two. */
function leftInCloud({ guest, backend, options }: ExistingInput): string[] {
  if (!guest.published || backend.type === 'openstack' || !options.customize) return [];
  return [`the image ${guest.published.name} in ${guest.published.cloud} stays as it was`];
}

/** Nobody can look into an image in a cloud from outside: cloud-init in it must let us in. */
function checkWayIn({ guest, backend }: ExistingInput): void {
  const fail = (why: string, hint: string) =>
    new OzError('OZ_PLAN_NO_WAY_IN', `Cannot work on ${guest.name}: ${why}`, { hint });
  if (guest.published?.userData === false) {
    throw fail(
      'there is no cloud-init in its image, so no server of it lets the build in',
      'build it with [openstack] customize = cloud-init or with the package cloud-init; or download it, and use --backend=libvirt',
    );
  }
  if (!backend.capabilities.userData) {
    throw fail('this cloud hands no user data to its servers', 'use --backend=libvirt');
  }
}

function accessMethod(wanted: string | undefined, { sshReachable }: Capabilities) {
  const ssh = wanted === 'ssh' || (wanted !== 'cloud-init' && sshReachable?.reachable !== false);
  return ssh ? 'ssh' : 'cloud-init';
}

function plannedAccess(
  input: ExistingInput,
  family: GuestFamily,
  customise: boolean,
): PlannedAccess | null {
  const { access, backend, config, guest, options } = input;
  if (!access || !(customise || options.icicle)) return null;
  const common = {
    username: 'root',
    ...access,
    emulate: backend.capabilities.accelerated === false,
  };
  if (backend.type !== 'openstack') {
    const announce = backend.capabilities.announce && announcing(family.seal);
    return {
      ...common,
      via: 'offline',
      ...(announce && { announce }),
      ...passwordAccess(family, input.tdl),
      ...windowsAccess(family, rootPasswordOf(input.tdl)),
    };
  }
  // To read the package list one need not get in: the image can be brought here.
  const closed = guest.published?.userData === false || !backend.capabilities.userData;
  if (closed && !customise) return { ...common, via: 'offline', method: 'disk' };
  checkWayIn(input);
  const method = accessMethod(config.openstack?.customize, backend.capabilities);
  return { ...common, via: 'user-data', method };
}

/** Throws OzError as plan() does. */
export function planExisting(input: ExistingInput): WorkPlan {
  const { tdl, config, osinfo, options, backend, guest, now } = input;
  const { os } = findOs(input);
  const family = familyOf(os, tdl);
  const steps = customiseSteps(tdl, backend.capabilities);
  const customise = options.customize && steps.length > 0;
  checkPackageWork(family, os, customise ? steps : []);
  checkWindowsWork(family, {
    name: os.name,
    steps: customise ? steps : [],
    icicle: options.icicle,
    mayHaveSsh: true,
  });
  const published = backend.type === 'openstack' ? cloudImage(input) : undefined;
  const disk = published
    ? {
        path: guest.disk.path ?? path.join(config.paths.outputDir, guest.name),
        format: guest.disk.format,
      }
    : localDisk(guest);
  return {
    name: guest.name,
    description: tdl.description,
    os: { name: os.name, catalogue: plannedCatalogue(os, osinfo, guest.hardware.arch) },
    hardware: guest.hardware,
    guest: { name: guest.name, user: 'root' },
    disk: { ...disk, size: 0 },
    ...(published && { published }),
    customise: customise ? { packageManager: family.packageManager(os), steps } : null,
    icicle: plannedIcicle(input, family, customise),
    access: plannedAccess(input, family, customise),
    seal: family.seal,
    timeouts: plannedTimeouts(input),
    evidenceDir: path.join(config.paths.screenshotDir, `${guest.name}-${timeStamp(now)}`),
    warnings: [...config.warnings, ...(backend.capabilities.warnings ?? []), ...leftInCloud(input)],
    secrets: secretsOf(tdl),
  };
}
