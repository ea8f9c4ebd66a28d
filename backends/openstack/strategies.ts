/** Which ways to start an installer a cloud has, from what the survey saw. */
import type { BootStrategy, Capabilities } from '../backend.ts';
import type { Limit } from './services/types.ts';
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

/** Why a server with its disk on the host can't be made, or null. */
function localObstacle({ flavors }: Survey): string | null {
  return flavors.some(({ disk }) => disk > 0) ? null : 'no flavor here has a disk of its own';
}

const tell: Record<BootStrategy, (survey: Survey) => Told> = {
  direct(survey) {
    const obstacle = localObstacle(survey);
    return obstacle === null
      ? yes('kernel and initrd belong to the disk image, and no volumes are needed')
      : no(obstacle);
  },
  volumes({ volumeObstacle, limits: { volumes } }) {
    if (volumeObstacle !== null || !volumes) return no(volumeObstacle ?? 'there are no volumes');
    if (left(volumes.volumes) < volumesNeeded) {
      return no(`the quota has room for ${left(volumes.volumes)} more volumes`);
    }
    if (left(volumes.gigabytes) < gigabytesNeeded) {
      return no(`the quota has room for ${left(volumes.gigabytes)} GiB more of volumes`);
    }
    return yes('an empty volume first, the installer behind it: it boots until the disk does');
  },
  rescue(survey) {
    const obstacle = localObstacle(survey);
    if (obstacle !== null) return no(obstacle);
    return survey.rescueObstacle === null
      ? yes('the installer is a rescue medium beside the disk, and no volumes are needed')
      : no(survey.rescueObstacle);
  },
};

/** The preferred one first. */
export function strategiesOf(survey: Survey): NonNullable<Capabilities['strategies']> {
  return (['direct', 'volumes', 'rescue'] as const).map((name) => ({
    name,
    ...tell[name](survey),
  }));
}
