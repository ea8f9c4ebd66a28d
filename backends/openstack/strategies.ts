/** Which ways to start an installer a cloud has, from what the survey saw. */
import type { BootStrategy, Capabilities, OfferedStrategy } from '../backend.ts';
import { gib } from './disk-ref.ts';
import { eligible, memoryIsChosen } from './flavor.ts';
import type { Flavor, Limit } from './services/types.ts';
import type { OpenstackSettings } from './settings.ts';
import type { Survey } from './survey.ts';

type Told = { possible: boolean; reason: string };

export function left({ limit, used }: Limit): number {
  return limit === null ? Number.POSITIVE_INFINITY : Math.max(0, limit - used);
}

const yes = (reason: string): Told => ({ possible: true, reason });
const no = (reason: string): Told => ({ possible: false, reason });

/** Disk, installer and answer medium; less would not do for any build from volumes. */
const volumesNeeded = 2;
const gigabytesNeeded = 3;

type Asked = Pick<OpenstackSettings, 'flavor' | 'minVcpus' | 'minRam' | 'minDisk'>;

/** What is known of a cloud when the strategies are weighed. */
interface Weighed {
  survey: Survey;
  /** Flavors that may be chosen. */
  flavors: readonly Flavor[];
}

/** Why a server with its disk on the host can't be made, or null. */
function localObstacle({ survey, flavors }: Weighed): string | null {
  if (flavors.some(({ disk }) => disk > 0)) return null;
  const [only] = flavors;
  return flavors.length === 1 && only && survey.flavors.length > 1
    ? `flavor ${only.name} has no disk of its own`
    : 'no flavor here has a disk of its own';
}

const tell: Record<BootStrategy, (weighed: Weighed) => Told> = {
  direct(weighed) {
    const obstacle = localObstacle(weighed);
    return obstacle === null
      ? yes('kernel and initrd belong to the disk image, and no volumes are needed')
      : no(obstacle);
  },
  volumes({ survey: { volumeObstacle, limits } }) {
    const { volumes } = limits;
    if (volumeObstacle !== null || !volumes) return no(volumeObstacle ?? 'there are no volumes');
    if (left(volumes.volumes) < volumesNeeded) {
      return no(`the quota has room for ${left(volumes.volumes)} more volumes`);
    }
    if (left(volumes.gigabytes) < gigabytesNeeded) {
      return no(`the quota has room for ${left(volumes.gigabytes)} GiB more of volumes`);
    }
    return yes('an empty volume first, the installer behind it: it boots until the disk does');
  },
  rescue(weighed) {
    const obstacle = localObstacle(weighed) ?? weighed.survey.rescueObstacle;
    return obstacle === null
      ? yes('the installer is a rescue medium beside the disk, and no volumes are needed')
      : no(obstacle);
  },
};

/** Flavors that the quota still has room for; where it has for none, that is told by checkQuota(). */
function affordable(flavors: readonly Flavor[], { limits }: Survey): readonly Flavor[] {
  const { ram, cores } = limits.compute;
  const found = flavors.filter((one) => one.ram <= left(ram) && one.vcpus <= left(cores));
  return found.length > 0 ? found : flavors;
}

/** The preferred one first. */
export function strategiesOf(
  survey: Survey,
  asked: Asked,
): NonNullable<Capabilities['strategies']> {
  const flavors = eligible(survey.flavors, asked);
  const sizes = affordable(flavors, survey)
    .filter(({ disk }) => disk > 0)
    .map(({ name, ram, disk }) => ({
      name,
      memory: memoryIsChosen(asked) ? Number.POSITIVE_INFINITY : ram,
      disk: disk * gib,
    }));
  const { volumes } = survey.limits;
  const room = volumes && {
    volumes: { count: left(volumes.volumes), bytes: left(volumes.gigabytes) * gib },
  };
  return (['direct', 'volumes', 'rescue'] as const).map(
    (name): OfferedStrategy => ({
      name,
      ...tell[name]({ survey, flavors }),
      ...(name === 'volumes' ? room : { sizes }),
    }),
  );
}

/** The most that a server may have which the project may still make. */
export function largestGuest(survey: Survey, asked: Asked): { memory: number; cpus: number } {
  const flavors = affordable(eligible(survey.flavors, asked), survey);
  return {
    memory: Math.max(0, ...flavors.map(({ ram }) => ram)),
    cpus: Math.max(1, ...flavors.map(({ vcpus }) => vcpus)),
  };
}
