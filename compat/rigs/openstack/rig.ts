/**
 * A real OpenStack on this machine, for tests: Keystone, Glance, Placement, Nova,
 * Cinder and Neutron of Debian's packages, on the loopback interface.
 *
 *   npx tsx compat/rigs/openstack/rig.ts up
 *   npx tsx compat/rigs/openstack/rig.ts down [--wipe]
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf, OzError } from '../../../src/base/errors.ts';
import { killDaemon, runningPid, stopDaemon } from './daemons.ts';
import { bringDown } from './down.ts';
import { cloudsFile, network, openStackLayout } from './layout.ts';
import { awaitService, startService } from './services.ts';
import { bringUp } from './up.ts';

export interface OpenStackRig {
  /** For OS_CLIENT_CONFIG_FILE: clouds demo, admin, novolumes, bare. */
  cloudsFile: string;
  /** Of this machine, as servers call it. */
  gateway: string;
  /** Its log directory: one file for each service. */
  log: string;
  /** Whether it ran before. */
  found: boolean;
  /** For faults: ends a service at once, as a crash does. */
  kill(service: string): Promise<void>;
  /** Starts it again, after a clean stop if it still runs, and waits until it answers. */
  restart(service: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it where it does not run. */
export async function startOpenStackRig(
  options: { log?: ((line: string) => void) | undefined } = {},
): Promise<OpenStackRig> {
  const layout = openStackLayout();
  const begin = Date.now();
  const found = runningPid(layout, 'nova-compute') !== null;
  await bringUp(layout, (text) =>
    options.log?.(`${((Date.now() - begin) / 1000).toFixed(1).padStart(6)}s  ${text}`),
  );
  return {
    cloudsFile: cloudsFile(layout),
    gateway: network.gateway,
    log: layout.log,
    found,
    kill: (service) => killDaemon(layout, service),
    async restart(service) {
      await stopDaemon(layout, service);
      await startService(layout, service);
      await awaitService(layout, service);
    },
    stop: () => bringDown(layout),
  };
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { wipe: { type: 'boolean', default: false } },
  });
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const commands: Record<string, () => Promise<void>> = {
    async up() {
      const rig = await startOpenStackRig({ log: say });
      say(`clouds demo, admin: export OS_CLIENT_CONFIG_FILE=${rig.cloudsFile}`);
    },
    down: () => bringDown(openStackLayout(), values),
  };
  const run = commands[positionals[0] ?? ''];
  if (!run || positionals.length !== 1) {
    throw new OzError('OZ_RIG_USAGE', 'usage: rig.ts up | down [--wipe]', { exitCode: 2 });
  }
  await run();
}

if (process.argv[1] && path.resolve(process.argv[1]) === import.meta.filename) {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`rig: ${messageOf(error)}\n`);
    if (error instanceof OzError && error.hint) process.stderr.write(`  ${error.hint}\n`);
    process.exitCode = error instanceof OzError ? error.exitCode : 1;
  }
}
