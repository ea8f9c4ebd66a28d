/** Packages where the system has no package manager that can be driven: refused before the install. */
import type { OsEntity } from '../../osinfo/types.ts';
import { OzError } from '../base/errors.ts';
import type { CustomiseStep } from '../customize/types.ts';
import type { GuestFamily } from './families/family.ts';

/** Throws OZ_PLAN_NO_PACKAGES. */
export function checkPackageWork(
  family: Pick<GuestFamily, 'undriven'>,
  os: OsEntity,
  steps: readonly CustomiseStep[],
): void {
  const why = family.undriven?.(os);
  if (why === undefined) return;
  if (!steps.some(({ kind }) => kind === 'packages' || kind === 'repository')) return;
  throw new OzError('OZ_PLAN_NO_PACKAGES', `Cannot install packages in ${os.name}: ${why}`, {
    hint: 'use <files> and <commands> in the TDL instead of <packages> and <repositories>',
  });
}
