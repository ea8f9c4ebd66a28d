/** The guests a plan leads to, for the backend to make and for `oz plan` to show. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Boot, GuestSpec, StagedDisk, StagedMedium } from '../../backends/backend.ts';
import type { BuildPlan, WorkPlan } from './types.ts';

/** What staging gave; absent parts are named by where they are going to be. */
export interface Staged {
  disk: StagedDisk;
  kernel?: StagedMedium | undefined;
  initrd?: StagedMedium | undefined;
  /** The kernel's command line, where it differs from the plan's. */
  cmdline?: string | undefined;
  media: StagedMedium[];
  consoleLog: string;
}

/** The same plan always has the same guest UUID, two plans never. */
function uuidOf(plan: WorkPlan): string {
  const hex = createHash('sha256')
    .update(`${plan.name}\0${plan.disk.path}\0${plan.evidenceDir}`)
    .digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

function baseSpec(plan: WorkPlan, staged: Staged) {
  return {
    name: plan.guest.name,
    uuid: uuidOf(plan),
    title: plan.os.name,
    hardware: plan.hardware,
    disk: staged.disk,
    consoleLog: staged.consoleLog,
  };
}

function installBoot(plan: BuildPlan, staged: Staged): Boot {
  const { boot } = plan.install;
  if (boot.kind !== 'kernel' || !staged.kernel || !staged.initrd) return { kind: 'cdrom' };
  return {
    kind: 'kernel',
    kernel: staged.kernel,
    initrd: staged.initrd,
    cmdline: staged.cmdline ?? boot.cmdline,
  };
}

/** The guest that runs the installer. */
export function installSpec(plan: BuildPlan, staged: Staged): GuestSpec {
  return {
    ...baseSpec(plan, staged),
    boot: installBoot(plan, staged),
    media: staged.media,
    purpose: 'install',
    strategy: plan.install.strategy?.name,
    userData: plan.install.carrier === 'user-data' ? plan.install.answer.text : undefined,
  };
}

/** The guest that is customised, and the finished one that users get. */
export function runSpec(plan: WorkPlan, staged: Staged): GuestSpec {
  return { ...baseSpec(plan, staged), boot: { kind: 'disk' }, media: [], purpose: 'run' };
}

/** What the answer medium is called before it is made. */
function answerMediumName({ install }: BuildPlan): string {
  const { device } = install.medium ?? {};
  return `answer${device === 'cdrom' ? '.iso' : '.img'}`;
}

/** The installer's guest as it will be, before anything is staged. */
export function guestSpecOf(plan: BuildPlan): GuestSpec {
  const cached = (role: string) => plan.media.find((medium) => medium.role === role)?.cachePath;
  const medium = (role: 'kernel' | 'initrd'): StagedMedium => ({
    role,
    ref: cached(role) ?? `${path.basename(cached('installer') ?? '')}:${role}`,
    label: role,
  });
  return installSpec(plan, {
    disk: { ref: plan.disk.path, format: plan.disk.format, size: plan.disk.size },
    kernel: medium('kernel'),
    initrd: medium('initrd'),
    media: plan.install.attach.map(({ role, device }) => ({
      role,
      device,
      ref: (role === 'answer' ? answerMediumName(plan) : cached(role)) ?? '',
      label: role,
    })),
    consoleLog: '/dev/null',
  });
}
