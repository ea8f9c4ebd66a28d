/** Held while an image is made or changed, so that two commands never write the same one. */
import path from 'node:path';
import { OzError } from '../base/errors.ts';
import { withLock } from '../media/lock.ts';
import type { WorkPlan } from '../plan/types.ts';

/** Throws OZ_BUILD_RUNS where another one has it. */
export function withImageLock<T>({ name, disk }: WorkPlan, use: () => Promise<T>): Promise<T> {
  const file = path.join(path.dirname(disk.path), `.${path.basename(disk.path)}.lock`);
  const onWait = (holder: number | null) => {
    throw new OzError(
      'OZ_BUILD_RUNS',
      `Cannot build ${name}: another build of ${disk.path} is running${holder ? ` (process ${holder})` : ''}`,
      { hint: 'wait for it, or name another image with -s' },
    );
  };
  return withLock(file, { onWait }, use);
}
