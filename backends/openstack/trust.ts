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
      keyManager ? null : 'Nova needs a key manager (Barbican) for it, and the catalog has none',
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

/** Why the servers here have a TPM though no image asks for it, or null. */
function tpmFlavors(settings: OpenstackSettings, flavors: readonly Flavor[]): string | null {
  const chosen = settings.flavor === null ? undefined : namedFlavor(flavors, settings.flavor);
  const possible = chosen ? [chosen] : flavors;
  const withTpm = possible.filter(({ extraSpecs }) => extraSpecs[parts.tpm.spec] !== undefined);
  if (withTpm.length === 0 || withTpm.length < possible.length) return null;
  return chosen ? `flavor ${chosen.name} has a TPM` : 'every flavor here has a TPM';
}

/** Nova of the release Ussuri, the first with a rescue medium beside the disk. */
const rescueVersion = '2.87';

/**
 * Why no server here can be rescued, or null; one whose image asks for a TPM can't be either. Nova
 * refuses it to any that has a TPM.
 */
export function rescueObstacle(
  { nova }: TrustingCloud,
  settings: OpenstackSettings,
  flavors: readonly Flavor[],
): string | null {
  if (!nova.supports(rescueVersion)) return `this Nova is too old for it (before ${rescueVersion})`;
  const given = tpmFlavors(settings, flavors);
  return given === null ? null : `${given}, and Nova rescues no server that has one`;
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
