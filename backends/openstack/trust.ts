/**
 * Whether guests here get a TPM and secure boot. Which hosts have them is told
 * to administrators alone: [openstack] says it, or the flavor that it names.
 */
import { OzError } from '../../src/base/errors.ts';
import type { Capabilities } from '../backend.ts';
import { namedFlavor } from './flavor.ts';
import type { Cloud, Flavor } from './services/types.ts';
import type { OpenstackSettings } from './settings.ts';

export type Trust = NonNullable<Capabilities['trust']>;
type Part = keyof Trust;

/** What of a cloud bears on it. */
export type TrustingCloud = Pick<Cloud, 'keyManager'> & {
  nova: Pick<Cloud['nova'], 'microversion' | 'supports'>;
};

interface PartFacts {
  /** Name for humans. */
  what: string;
  /** In [openstack]. */
  key: string;
  /** Extra spec of flavors, and the value that goes with hardwareProperties(). */
  spec: string;
  value: string;
  /** Why the cloud has none whatever [openstack] says, or null. */
  obstacle: (cloud: TrustingCloud) => string | null;
}

/** Nova of the release Wallaby; an older one takes the property, and does nothing. */
const secureBootVersion = '2.88';

const parts: Record<Part, PartFacts> = {
  tpm: {
    what: 'a TPM',
    key: 'tpm',
    spec: 'hw:tpm_version',
    value: '2.0',
    obstacle: ({ keyManager }) =>
      keyManager ? null : 'Nova needs a key manager (Barbican) for it, and the catalogue has none',
  },
  secureBoot: {
    what: 'secure boot',
    key: 'secure_boot',
    spec: 'os:secure_boot',
    value: 'required',
    obstacle: ({ nova }) =>
      nova.microversion === null || nova.supports(secureBootVersion)
        ? null
        : `this Nova is too old for it (before ${secureBootVersion})`,
  },
};

function refuse({ what, key }: PartFacts, why: string, otherwise: string): OzError {
  return new OzError('OZ_CLOUD_SETTING', `Cannot give guests ${what}: ${why}`, {
    hint: `set ${key} = no in [openstack], or ${otherwise}`,
  });
}

function hasPart(
  cloud: TrustingCloud,
  settings: OpenstackSettings,
  flavor: Flavor | undefined,
  name: Part,
): boolean {
  const part = parts[name];
  const { spec, value, obstacle } = part;
  const told = flavor?.extraSpecs[spec];
  if (told === value) return true; // whoever made the flavor knows that there is a host for it
  if (!settings[name]) return false;
  // Nova refuses an image and a flavor that differ.
  if (told !== undefined) {
    throw refuse(part, `flavor ${flavor?.name} has ${spec}=${told}`, 'choose another flavor');
  }
  const why = obstacle(cloud);
  if (why === null) return true;
  throw refuse(part, why, `choose a flavor with ${spec}=${value}`);
}

/** Throws `OZ_CLOUD_SETTING` where the cloud or the flavor contradicts [openstack]. */
export function trustOf(
  cloud: TrustingCloud,
  settings: OpenstackSettings,
  flavors: readonly Flavor[],
): Trust {
  const flavor = settings.flavor === null ? undefined : namedFlavor(flavors, settings.flavor);
  const has = (name: Part) => hasPart(cloud, settings, flavor, name);
  return { tpm: has('tpm'), secureBoot: has('secureBoot') };
}
