/** What the installers of SUSE have in common: which systems they install, where their kernels are. */
import type { Arch } from '../../../backends/backend.ts';
import type { OsEntity } from '../../../osinfo/types.ts';
import { withoutTrailing } from '../../base/text-ends.ts';
import type { AnswerWay, FamilyContext } from './family.ts';

const distros = ['opensuse', 'sle', 'sles', 'sled'];

export const isSuse = ({ distro }: OsEntity) => distros.includes(distro);

/** Of 15.6 and 16.0; Tumbleweed and the like count as the newest. */
function suseVersion({ version }: OsEntity): number {
  const number = Number.parseFloat(version);
  return Number.isNaN(number) ? Number.POSITIVE_INFINITY : number;
}

/** Leap counts from 42 to 15, so 42 is older. */
export const suseAge = (os: OsEntity) =>
  Math.floor(suseVersion(os)) === 42 ? 14 : suseVersion(os);

/** Agama's first versions; Tumbleweed's DVD still has YaST. */
export const hasAgama = (os: OsEntity) => suseAge(os) >= 16 && Number.isFinite(suseAge(os));

const names = { kernel: 'linux', initrd: 'initrd' };

function directories({ tdl, os }: FamilyContext): string[] {
  const { arch } = tdl;
  // Live images have the same layout on all architectures.
  if (hasAgama(os)) return [`boot/${arch}/loader`, `boot/${arch}`];
  const special: Partial<Record<Arch, string[]>> = {
    i386: ['boot/i386/loader', 'boot/i586/loader'],
    aarch64: ['boot/aarch64'],
    ppc64: ['boot/ppc64', 'suseboot'],
    ppc64le: ['boot/ppc64le'],
    s390x: ['boot/s390x'],
  };
  return special[arch] ?? [`boot/${arch}/loader`];
}

export function suseTree(context: FamilyContext): { kernel: string; initrd: string } {
  const base = `${withoutTrailing(context.tdl.install.url, '/')}/${directories(context)[0]}`;
  return { kernel: `${base}/${names.kernel}`, initrd: `${base}/${names.initrd}` };
}

export function suseIso(context: FamilyContext): { kernel: string[]; initrd: string[] } {
  const { source } = context;
  const all = (name: string) => directories(context).map((directory) => `${directory}/${name}`);
  return {
    kernel: [...(source?.kernel ? [source.kernel] : []), ...all(names.kernel)],
    initrd: [...(source?.initrd ? [source.initrd] : []), ...all(names.initrd)],
  };
}

/** URL of the answer file, as linuxrc and Agama write it. */
export function suseAnswerUrl(context: FamilyContext, way: AnswerWay, file: string): string {
  if (way.reads === 'url') return context.userDataUrl ?? '';
  if (way.reads) return 'label://config-2/openstack/latest/user_data';
  return way.carrier === 'initrd' ? `file:///${file}` : `label://OEMDRV/${file}`;
}
