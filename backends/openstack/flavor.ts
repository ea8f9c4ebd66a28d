/** Which flavor a guest gets. */
import { OzError } from '../../src/base/errors.ts';
import { suggest } from '../../src/base/suggest.ts';
import type { Flavor } from './services/types.ts';
import type { OpenstackSettings } from './settings.ts';

export interface FlavorNeeds {
  /** MiB. */
  memory: number;
  cpus: number;
  /** GiB of the root disk on the host; 0: the root disk is a volume. */
  disk: number;
}

type Asked = Pick<OpenstackSettings, 'flavor' | 'minVcpus' | 'minRam' | 'minDisk'>;

const told = ({ name, vcpus, ram, disk }: Flavor) =>
  `${name} (${vcpus} CPU, ${ram} MiB, ${disk} GiB)`;

function refuse(what: string, why: string, hint: string): OzError {
  return new OzError('OZ_CLOUD_FLAVOR', `Cannot use ${what}: ${why}`, { hint });
}

/** A flavor without a disk of its own is for volumes only, unless one is an administrator. */
const holdsRoot = (flavor: Flavor, disk: number) => disk === 0 || flavor.disk >= disk;

/** The flavor of that id, else of that name. */
export function namedFlavor(flavors: readonly Flavor[], name: string): Flavor | undefined {
  return (
    flavors.find((flavor) => flavor.id === name) ?? flavors.find((flavor) => flavor.name === name)
  );
}

function named(flavors: readonly Flavor[], name: string, { disk }: FlavorNeeds): Flavor {
  const found = namedFlavor(flavors, name);
  if (!found) {
    const names = flavors.map((flavor) => flavor.name);
    const near = suggest(name, names);
    throw refuse(
      `flavor ${name}`,
      'there is none of that name or id',
      near ? `did you mean ${near}?` : `there are ${names.join(', ')}`,
    );
  }
  if (holdsRoot(found, disk)) return found;
  throw refuse(
    `flavor ${told(found)}`,
    `its root disk is smaller than the ${disk} GiB of the image`,
    'choose a larger flavor, a smaller <disk><size> in the TDL, or strategy = volumes',
  );
}

/**
 * Hosts with something special, which a build would only keep from others. A
 * guest that needs a TPM or secure boot says so on its image.
 */
const special = /^(pci_passthrough|resources|trait|accel)[:.]|^(hw:tpm_|os:secure_boot$)/;

/** Further disks would have an installer ask, or choose the wrong one. */
const isPlain = ({ ephemeral, swap, extraSpecs }: Flavor) =>
  ephemeral === 0 && swap === 0 && !Object.keys(extraSpecs).some((key) => special.test(key));

/** What is chosen from, whatever the guest. One that is asked for and is not there is told later. */
export function eligible(flavors: readonly Flavor[], asked: Asked): readonly Flavor[] {
  if (asked.flavor !== null) {
    const found = namedFlavor(flavors, asked.flavor);
    return found ? [found] : flavors;
  }
  const [ram, vcpus, disk] = [asked.minRam ?? 0, asked.minVcpus ?? 0, asked.minDisk ?? 0];
  return flavors.filter(
    (flavor) => flavor.ram >= ram && flavor.vcpus >= vcpus && holdsRoot(flavor, disk),
  );
}

/** Whether a flavor is taken with the memory it has: the user has chosen. */
export const memoryIsChosen = ({ flavor, minRam }: Asked): boolean =>
  flavor !== null || minRam !== null;

const bySize = (a: Flavor, b: Flavor) =>
  a.ram - b.ram || a.vcpus - b.vcpus || a.disk - b.disk || a.name.localeCompare(b.name);

/**
 * The flavor that is asked for, or the smallest that has enough of everything.
 * Processors are a wish: where no flavor has so many, fewer do. Throws
 * `OZ_CLOUD_FLAVOR`.
 */
export function chooseFlavor(flavors: readonly Flavor[], asked: Asked, needs: FlavorNeeds): Flavor {
  if (asked.flavor !== null) return named(flavors, asked.flavor, needs);
  const memory = asked.minRam ?? needs.memory;
  const disk = needs.disk === 0 ? (asked.minDisk ?? 0) : Math.max(needs.disk, asked.minDisk ?? 0);
  const large = flavors
    .filter((flavor) => !flavor.disabled && flavor.ram >= memory && holdsRoot(flavor, disk))
    .sort(bySize);
  const choose = (list: readonly Flavor[]) => {
    const enough = (cpus: number) => list.find(({ vcpus }) => vcpus >= cpus);
    return asked.minVcpus === null ? (enough(needs.cpus) ?? list[0]) : enough(asked.minVcpus);
  };
  const chosen = choose(large.filter(isPlain)) ?? choose(large);
  if (chosen) return chosen;
  const wanted = [
    `${memory} MiB of memory`,
    ...(disk > 0 ? [`${disk} GiB of root disk`] : []),
    ...(asked.minVcpus === null ? [] : [`${asked.minVcpus} processors`]),
  ].join(', ');
  throw refuse(
    'any flavor',
    `none has ${wanted}`,
    flavors.length > 0
      ? `there are ${[...flavors].sort(bySize).map(told).join(', ')}; [openstack] flavor and min_ram choose`
      : 'the cloud shows this project no flavor: ask its administrator',
  );
}
