/** All guest families, and which one installs an OS. */
import type { OsEntity } from '../../../osinfo/types.ts';
import { OzError } from '../../base/errors.ts';
import type { Tdl } from '../../tdl/types.ts';
import { anaconda } from './anaconda.ts';
import { arch } from './arch.ts';
import { debianInstaller } from './debian-installer.ts';
import type { GuestFamily } from './family.ts';

export const families: readonly GuestFamily[] = [anaconda, arch, debianInstaller];

/** Throws OZ_PLAN_NO_FAMILY for an OS whose installer nobody here can drive. */
export function familyOf(os: OsEntity, tdl: Pick<Tdl, 'install'>): GuestFamily {
  const family = families.find((candidate) => candidate.installs(os, tdl));
  if (!family) {
    throw new OzError(
      'OZ_PLAN_NO_FAMILY',
      `Cannot install ${os.name}: its installer is not supported yet`,
      { hint: `supported installers: ${families.map((f) => f.name).join(', ')}` },
    );
  }
  return family;
}
