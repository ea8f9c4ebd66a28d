/** The Backend of one project of one cloud. */
import { access, rm } from 'node:fs/promises';
import { OzError } from '../../src/base/errors.ts';
import type { Finding } from '../../src/base/finding.ts';
import type { Backend, GuestSpec, Leftover } from '../backend.ts';
import { capabilitiesOf } from './capabilities.ts';
import { diagnoseCloud } from './diagnose.ts';
import { createDisk } from './disks.ts';
import { chooseFlavor } from './flavor.ts';
import { makeGuest } from './guest.ts';
import { checkHardware } from './hardware-properties.ts';
import { planServer, type ServerPlan } from './plan-server.ts';
import { publish, publishedDisk } from './publish.ts';
import { checkQuota } from './quota.ts';
import { removeEntry } from './remove.ts';
import { resultKey } from './result.ts';
import { buildKey, type Site } from './site.ts';
import { createStaging } from './staging.ts';
import { type Survey, surveyCloud } from './survey.ts';
import { removeServer } from './wait.ts';
import { removalOf } from './ways-to-look.ts';

/** The backend with what only a cloud can tell. */
export interface OpenstackBackend extends Backend {
  /** Where a ledger and a result say their resources are: cloud and project. */
  readonly at: string;
  /** The server that a guest would be, for `oz plan`; makes nothing. */
  planServer(spec: GuestSpec, options?: { signal?: AbortSignal | undefined }): Promise<ServerPlan>;
  /** What a build lacks there; makes nothing. */
  diagnose(options?: { signal?: AbortSignal | undefined }): AsyncIterable<Finding>;
}

export type DescribeFinished = (spec: GuestSpec) => string;

export function makePlace(site: Site, describeFinished: DescribeFinished): OpenstackBackend {
  const { cloud, context, settings } = site;
  const closing = new AbortController();
  let looked: Promise<Survey> | undefined;

  function survey(signal?: AbortSignal): Promise<Survey> {
    looked ??= surveyCloud(cloud, settings, signal).catch((error: unknown) => {
      looked = undefined; // a signal that has ended one look must not end all
      throw error;
    });
    return looked;
  }

  const staging = createStaging(site, async () => (await survey()).importMethods);
  let cleared = false;

  /** Once in a run. */
  async function clearAbandoned(signal?: AbortSignal): Promise<void> {
    if (cleared) return;
    cleared = true;
    await staging.clearAbandoned(signal);
  }

  /** Servers of ours of that name, whichever run made them. */
  async function ourServers(name: string, signal?: AbortSignal) {
    const found = await cloud.nova.servers({ name }, { signal });
    return found.filter(({ metadata }) => metadata[buildKey]);
  }

  const ourImages = (name: string, signal?: AbortSignal) =>
    cloud.glance.images({ name, mine: true, properties: { [resultKey]: name } }, { signal });

  return {
    type: 'openstack',
    at: site.at,

    async capabilities(call) {
      return { ...capabilitiesOf(await survey(call?.signal), settings), warnings: site.warnings };
    },

    async check(hardware, call) {
      checkHardware(hardware);
      const seen = await survey(call?.signal);
      const { memory, cpus } = hardware;
      const flavor = chooseFlavor(seen.flavors, settings, { memory, cpus, disk: 0 });
      checkQuota(seen, flavor);
      const { network } = seen;
      const parts = [
        `cloud ${site.at}`,
        settings.flavor === null ? 'smallest flavor that fits' : `flavor ${flavor.name}`,
        network ? `network ${network.network.name}` : 'no network',
      ];
      return { summary: parts.join(', ') };
    },

    async existing(name, disk, call) {
      const signal = call?.signal;
      const [servers, images] = await Promise.all([
        ourServers(name, signal),
        settings.result === 'download' ? [] : ourImages(name, signal),
      ]);
      const file =
        settings.result !== 'glance' &&
        (await access(disk).then(
          () => true,
          () => false,
        ));
      return [
        ...servers.map(({ id }): Leftover => ({ kind: 'guest', name: `${name} (${id})` })),
        ...images.map(({ id }): Leftover => ({ kind: 'disk', name: `${name} (image ${id})` })),
        ...(file ? [{ kind: 'disk', name: disk } as const] : []),
      ];
    },

    async clear(name, disk, call) {
      const signal = call?.signal;
      for (const { id } of await ourServers(name, signal)) await removeServer(site, id, signal);
      if (settings.result !== 'download') {
        for (const { id } of await ourImages(name, signal)) {
          await cloud.glance.deleteImage(id, { signal });
        }
      }
      if (settings.result !== 'glance') {
        await rm(disk, { force: true });
      }
    },

    async stage(medium, call) {
      await clearAbandoned(call?.signal);
      return staging.stage(medium, call);
    },

    async pass(medium, call) {
      await clearAbandoned(call?.signal);
      return staging.pass(medium, call);
    },

    createDisk: (spec, call) => createDisk(site, spec, call),

    // A snapshot is complete when it is active, and a volume when it is available.
    async syncDisk() {},

    async createGuest(spec, call) {
      const seen = await survey(call?.signal);
      return makeGuest({ site, survey: seen, spec, closing: closing.signal });
    },

    describeFinished,
    publish: (disk, entry, call) => publish(site, disk, entry, call),
    published: (id, call) => publishedDisk(site, id, call),
    staged: (call) => staging.kept(call?.signal),

    async planServer(spec, call) {
      return planServer(spec, await survey(call?.signal), settings);
    },

    diagnose: (call) => diagnoseCloud(site, call?.signal),

    async remove(entry, call) {
      if (entry.place !== 'openstack') {
        throw new OzError(
          'OZ_LEDGER',
          `Cannot remove ${entry.kind} ${entry.ref}: it is in ${entry.place}`,
        );
      }
      await removeEntry(site, entry, call?.signal);
      context.ledger.drop(entry);
    },

    async removal(entry) {
      return removalOf(site, entry);
    },

    // What is still there is in the ledger: cleared from there, or kept on purpose.
    async close() {
      closing.abort();
      cloud.close();
    },
  };
}
