/** Work in systems that were installed without the build's key, and whose disks nobody here can put it into. */
import { OzError } from '../base/errors.ts';
import type { Tdl } from '../tdl/types.ts';
import type { GuestFamily } from './families/family.ts';
import type { PlannedAccess } from './types.ts';

/**
 * FreeBSD's file systems can't be written by Linux, so root's password has to
 * do. Undefined for other systems; throws OZ_PLAN_ACCESS when there is none.
 */
export function passwordAccess(
  family: Pick<GuestFamily, 'seal'>,
  { rootpw, distro, version }: Pick<Tdl, 'rootpw' | 'distro' | 'version'>,
): Pick<PlannedAccess, 'via' | 'method' | 'password'> | undefined {
  if (family.seal !== 'freebsd') return undefined;
  if (rootpw === undefined) {
    throw new OzError(
      'OZ_PLAN_ACCESS',
      `Cannot work in a finished ${distro} ${version}: nobody can put an SSH key into its disk from outside`,
      { hint: 'give the TDL the <rootpw> of the image, whose sshd must let root in by password' },
    );
  }
  return { via: 'answer', method: 'ssh', password: rootpw };
}
