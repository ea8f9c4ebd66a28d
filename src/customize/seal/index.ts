/** All kinds of sealing by the name a plan gives them. */
import { OzError } from '../../base/errors.ts';
import { alpine } from './alpine.ts';
import { arch } from './arch.ts';
import { debian } from './debian.ts';
import { freebsd } from './freebsd.ts';
import { mageia } from './mageia.ts';
import { redhat } from './redhat.ts';
import type { Sealer } from './sealer.ts';
import { suse } from './suse.ts';

export const sealers: Readonly<Record<string, Sealer>> = {
  ...{ alpine, arch, debian, freebsd },
  ...{ mageia, redhat, suse },
};

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
