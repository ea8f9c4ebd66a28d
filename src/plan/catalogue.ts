/** What a catalogue of images (Glance) is told of an operating system. */
import type { Arch, CatalogueEntry } from '../../backends/backend.ts';
import type { OsEntity, Osinfo } from '../../osinfo/types.ts';
import type { CustomiseStep } from '../customize/types.ts';
import type { BuildPlan } from './types.ts';

const types: Record<string, CatalogueEntry['os']['type']> = {
  winnt: 'windows',
  win9x: 'windows',
  freebsd: 'freebsd',
};

export function plannedCatalogue(
  os: OsEntity,
  osinfo: Osinfo,
  arch: Arch,
): Pick<CatalogueEntry, 'os' | 'minRam'> {
  const { distro, version, family } = os;
  const ram = osinfo.resources(os, arch).minimum?.ram ?? 0;
  return {
    os: { distro, version, type: types[family] ?? 'linux' },
    minRam: Math.ceil(ram / 1024 ** 2),
  };
}

/** Installers that put no cloud-init into a system unless they are told to. */
const bare = new Set(['debian-installer', 'anaconda', 'autoyast', 'drakx', 'windows-setup']);

/** Whether guests of the image will do what user data say; undefined where nobody knows. */
export function takesUserData(of: {
  family: string;
  access: BuildPlan['access'];
  /** What is done after the installation. */
  steps: readonly CustomiseStep[];
  /** The answer file is the user's. */
  ownAnswer: boolean;
}): boolean | undefined {
  const added = of.steps.some(
    (step) => step.kind === 'packages' && step.packages.some(({ name }) => name === 'cloud-init'),
  );
  if (added || of.access?.method === 'cloud-init') return true;
  return bare.has(of.family) && !of.ownAnswer ? false : undefined;
}
