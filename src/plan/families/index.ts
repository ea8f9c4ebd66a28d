/** All guest families, and which one installs an OS. */
import type { OsEntity } from '../../../osinfo/types.ts';
import { OzError } from '../../base/errors.ts';
import type { Tdl } from '../../tdl/types.ts';
import { agama } from './agama.ts';
import { alpine } from './alpine.ts';
import { anaconda } from './anaconda.ts';
import { arch } from './arch.ts';
import { autoyast } from './autoyast.ts';
import { bsdinstall } from './bsdinstall.ts';
import { debianInstaller } from './debian-installer.ts';
import { drakx } from './drakx.ts';
import type { GuestFamily } from './family.ts';
import { subiquity } from './subiquity.ts';
import { windowsSetup } from './windows-setup.ts';

export const families: readonly GuestFamily[] = [
  anaconda,
  debianInstaller,
  subiquity,
  autoyast,
  agama,
  drakx,
  windowsSetup,
  bsdinstall,
  alpine,
  arch,
];

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
