/** All kinds of sealing by the name a plan gives them. */
import { OzError } from '../../base/errors.ts';
import { debian } from './debian.ts';
import type { Sealer } from './sealer.ts';

const sealers: Readonly<Record<string, Sealer>> = { debian };

/** Throws OZ_SEAL_KIND for a kind that is not known. */
export function sealerNamed(kind: string): Sealer {
  const sealer = sealers[kind];
  if (!sealer) {
    throw new OzError('OZ_SEAL_KIND', `Cannot seal an image as ${kind}: it is not known`, {
      hint: `known: ${Object.keys(sealers).join(', ')}`,
    });
  }
  return sealer;
}
