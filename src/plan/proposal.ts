/** What a TDL that leaves version or architecture open would say of the ISO that it names. */
import type { Arch } from '../../backends/backend.ts';
import type { DetectedOs, Osinfo } from '../../osinfo/types.ts';
import type { IncompleteTdl } from '../tdl/incomplete.ts';
import { architectures } from '../tdl/shape.ts';
import { mediumName } from './medium.ts';

export interface Proposal {
  version: string;
  arch: Arch;
  /** What the ISO holds, for people. */
  holds: string;
}

/** osinfo's names of architectures to TDL's, where these differ. */
const tdlArch: Readonly<Record<string, Arch>> = { i686: 'i386' };

function archOf(found: DetectedOs, stated: Arch | undefined): Arch | undefined {
  if (found.arch === '' || found.arch === 'all') return stated;
  const arch = Object.hasOwn(tdlArch, found.arch) ? tdlArch[found.arch] : found.arch;
  const known = architectures.find((name) => name === arch);
  return stated === undefined || stated === known ? known : undefined;
}

/** The best of what was found that agrees with all the TDL does say; undefined when nothing does. */
export function proposalFor(
  tdl: Pick<IncompleteTdl, 'distro' | 'version' | 'arch'>,
  found: readonly DetectedOs[],
  osinfo: Pick<Osinfo, 'os' | 'findForTdl' | 'versionForTdl'>,
): Proposal | undefined {
  for (const one of found) {
    const os = osinfo.os(one.id);
    const arch = archOf(one, tdl.arch);
    if (!os || !arch) continue;
    const asked =
      tdl.version === undefined ? undefined : osinfo.findForTdl(tdl.distro, tdl.version);
    if (asked && asked.os.id !== os.id) continue;
    const version = tdl.version ?? osinfo.versionForTdl(tdl.distro, os);
    if (version !== undefined) return { version, arch, holds: mediumName(one) };
  }
  return undefined;
}
