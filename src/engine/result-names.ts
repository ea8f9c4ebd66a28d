/** What a build's results are called. */
import path from 'node:path';
import { besideName } from '../base/atomic-file.ts';
import { OzError } from '../base/errors.ts';
import type { BuildPlan } from '../plan/types.ts';

/** The manifest of an image that is here. */
export const manifestOf = (image: string): string => `${image}.manifest.json`;

/** Bytes of a file's name, on all common file systems. */
const longestName = 255;

/**
 * Before the install, not when it is done. Throws OZ_NAME_TOO_LONG; the names that files have while they are written
 * count as well.
 */
export function refuseLongNames({ name, outputs }: Pick<BuildPlan, 'name' | 'outputs'>): void {
  const { image, domainXml } = outputs;
  const names = [manifestOf(image), domainXml].map((file) => path.basename(besideName(file)));
  const over = Math.max(...names.map((each) => Buffer.byteLength(each))) - longestName;
  if (over <= 0) return;
  throw new OzError(
    'OZ_NAME_TOO_LONG',
    `Cannot build ${name}: its files' names would be ${over} byte${over === 1 ? '' : 's'} too long`,
    { hint: 'choose a shorter name in the TDL, or with -s and -x' },
  );
}
