/** Whether an installer's ISO is what the TDL says, and what the TDL should say instead. */
import type { DetectedOs, OsEntity } from '../../osinfo/types.ts';
import type { BuildPlan } from './types.ts';

/** `Debian 13 (x86_64)`, with the name of the variant where there is one. */
export function mediumName({ name, variants, arch }: DetectedOs): string {
  const shown = variants.length === 1 && variants[0] ? variants[0] : name;
  return arch === '' || arch === 'all' ? shown : `${shown} (${arch})`;
}

/** The names of one architecture in TDLs and in the database. */
const sameArch: Readonly<Record<string, string>> = { i386: 'i686' };

const isAsked = (found: DetectedOs, plan: Pick<BuildPlan, 'os' | 'tdl'>): boolean => {
  const { arch } = plan.tdl;
  const fits = ['', 'all', arch, sameArch[arch]].includes(found.arch);
  return found.id === plan.os.id && fits;
};

/**
 * Undefined when the medium fits, or is none that is known. Otherwise says what
 * it is and, where only version or architecture differ, what to write.
 */
export function mediumWarning(
  found: readonly DetectedOs[],
  plan: Pick<BuildPlan, 'os' | 'tdl'>,
  os: Pick<OsEntity, 'distro'> | undefined,
): string | undefined {
  const [best] = found;
  if (!best || found.some((one) => isAsked(one, plan))) return undefined;
  const asked = `${plan.tdl.distro} ${plan.tdl.version} (${plan.tdl.arch})`;
  const lines = [`the installer is ${mediumName(best)}, not ${asked} as the TDL says`];
  if (os?.distro === best.distro) {
    const arch = best.arch === 'i686' ? 'i386' : best.arch;
    const named = arch === '' || arch === 'all' ? '' : `<arch>${arch}</arch>`;
    lines.push(`it would be <version>${best.version}</version>${named}`);
  }
  return lines.join('; ');
}
