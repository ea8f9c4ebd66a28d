/** Whether the project has room for one more server, told before anything is made. */
import { OzError } from '../../src/base/errors.ts';
import type { Flavor } from './services/types.ts';
import { left } from './strategies.ts';
import type { Survey } from './survey.ts';

/** Throws `OZ_CLOUD_QUOTA`. */
export function checkQuota({ limits }: Pick<Survey, 'limits'>, flavor: Flavor): void {
  const { instances, cores, ram } = limits.compute;
  const needs: [string, number, number][] = [
    ['servers', 1, left(instances)],
    ['processors', flavor.vcpus, left(cores)],
    ['MiB of memory', flavor.ram, left(ram)],
    ...(limits.network
      ? ([['network ports', 1, left(limits.network.ports)]] as [string, number, number][])
      : []),
  ];
  const short = needs.filter(([, needed, has]) => has < needed);
  if (short.length === 0) return;
  const words = short.map(([what, needed, has]) => `${what}: ${needed} needed, ${has} left`);
  throw new OzError(
    'OZ_CLOUD_QUOTA',
    `Cannot make a server of flavor ${flavor.name}: the quota of the project is used up (${words.join('; ')})`,
    { hint: 'remove servers that are no longer needed, or ask for a larger quota' },
  );
}
