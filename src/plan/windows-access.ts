/** What can be done in a finished Windows: files and commands, where it has an SSH server. */
import { OzError } from '../base/errors.ts';
import type { CustomiseStep } from '../customize/types.ts';
import type { GuestFamily } from './families/family.ts';
import type { PlannedAccess } from './types.ts';

const isWindows = ({ seal }: Pick<GuestFamily, 'seal'>): boolean => seal === 'windows';

export interface WindowsWork {
  /** The system's name, for messages. */
  name: string;
  /** What the TDL wants to have done, where that is asked for. */
  steps: readonly CustomiseStep[];
  icicle: boolean;
  /** Whether the system may have an SSH server: the answers are the user's own, or it was built before. */
  mayHaveSsh: boolean;
}

/** Throws OZ_PLAN_NO_PACKAGES, OZ_PLAN_ACCESS for what cannot be done in a Windows. */
export function checkWindowsWork(family: Pick<GuestFamily, 'seal'>, work: WindowsWork): void {
  if (!isWindows(family)) return;
  const { name, steps, icicle, mayHaveSsh } = work;
  if (icicle) {
    throw new OzError('OZ_PLAN_NO_PACKAGES', `Cannot list the packages of ${name}: it has none`, {
      hint: 'leave out -g',
    });
  }
  if (steps.length > 0 && !mayHaveSsh) {
    throw new OzError(
      'OZ_PLAN_ACCESS',
      `Cannot work in ${name} after the install: its answer file brings no SSH server`,
      {
        hint: 'give -a an answer file that installs OpenSSH and gives Administrator the password in <rootpw>, or leave out -u',
      },
    );
  }
}

/** Whom to log in as there: nobody can put a key into it, so the password has to do. */
export function windowsAccess(
  family: Pick<GuestFamily, 'seal'>,
  password: string,
): Pick<PlannedAccess, 'username' | 'via' | 'method' | 'password'> | undefined {
  return isWindows(family)
    ? { username: 'Administrator', via: 'answer', method: 'ssh', password }
    : undefined;
}
