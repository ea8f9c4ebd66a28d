/** Data that Glance fetches itself, and waiting for images to be ready. */
import { delay } from '../../../src/base/abort.ts';
import { OzError } from '../../../src/base/errors.ts';
import { wasRepeated } from '../http/failures.ts';
import { part } from './client.ts';
import { fields, flag, list, text } from './fields.ts';
import type { GlanceOptions } from './glance.ts';
import { atLeast } from './microversion.ts';
import type { Call, Glance, Image } from './types.ts';

const usualPollMs = 5000;

/** Releases that tell of an import's tasks. */
const withTasks = '2.12';

const importing = new Set(['importing', 'uploading', 'saving']);
const lost = new Set(['killed', 'deactivated', 'deleted', 'pending_delete']);

export function createImport(
  { client, newest }: GlanceOptions,
  image: Glance['image'],
): Pick<Glance, 'importMethods' | 'stores' | 'importFromUrl' | 'imageTasks' | 'waitForImage'> {
  const imageTasks: Glance['imageTasks'] = async (id, call) => {
    if (newest !== null && !atLeast(newest, withTasks)) return [];
    const { status, data } = await client.request({
      ...call,
      doing: `look at the import of the image ${id}`,
      path: `/images/${part(id)}/tasks`,
      accept: [403, 404],
    });
    if (status !== 200) return [];
    return list(data.tasks).map((entry) => {
      const task = fields(entry);
      return { id: text(task.id), status: text(task.status), message: text(task.message) };
    });
  };

  /** Why an image that is queued again will not become active; null: it still may. */
  async function importFailure(found: Image, overdue: boolean, call: Call): Promise<string | null> {
    if (found.status !== 'queued') return null;
    const failedStores = found.properties.os_glance_failed_import;
    const tasks = await imageTasks(found.id, call);
    const running = tasks.some(({ status }) => status === 'pending' || status === 'processing');
    if (running) return null;
    const failed = tasks.filter(({ status }) => status === 'failure').pop();
    if (failed) return failed.message || 'its import failed';
    if (failedStores) return `its import into ${failedStores} failed`;
    return overdue ? 'it does not say why' : null;
  }

  async function info(path: string, doing: string, call?: Call) {
    const { status, data } = await client.request({ ...call, doing, path, accept: [403, 404] });
    return status === 200 ? data : {};
  }

  return {
    imageTasks,

    async importMethods(call) {
      const data = await info('/info/import', 'ask Glance for its ways of import', call);
      return list(fields(data['import-methods']).value).map(text);
    },

    async stores(call) {
      const data = await info('/info/stores', 'ask Glance for its stores', call);
      return list(data.stores).map((entry) => ({
        id: text(fields(entry).id),
        isDefault: flag(fields(entry).default),
      }));
    },

    async importFromUrl(id, url, { stores, ...call } = {}) {
      try {
        await client.request({
          ...call,
          method: 'POST',
          doing: `let Glance fetch the image ${id}`,
          path: `/images/${part(id)}/import`,
          json: { method: { name: 'web-download', uri: url }, ...(stores ? { stores } : {}) },
          repeat: 'always',
        });
      } catch (error) {
        if (!wasRepeated(error)) throw error; // else the first request has begun it
      }
    },

    async waitForImage(id, { pollMs = usualPollMs, onPoll, importMs, signal } = {}) {
      const began = performance.now();
      let worked = false;
      for (;;) {
        const found = await image(id, { signal });
        if (!found || found.status === 'deleted') {
          throw new OzError('OZ_CLOUD_GONE', `Cannot use the image ${id}: it is gone`, {
            hint: 'Glance or Nova gave it up, or somebody deleted it',
          });
        }
        onPoll?.(found);
        if (found.status === 'active') return found;
        const name = found.name ?? id;
        if (lost.has(found.status)) {
          throw new OzError(
            'OZ_CLOUD_REFUSED',
            `Cannot use the image ${name}: Glance says it is ${found.status}`,
            { hint: 'ask the administrator of the cloud, or build it again' },
          );
        }
        worked ||= importing.has(found.status);
        const overdue = importMs !== undefined && (worked || performance.now() - began > importMs);
        const failure = await importFailure(found, overdue, { signal });
        if (failure) {
          throw new OzError(
            'OZ_CLOUD_REFUSED',
            `Cannot use the image ${name}: Glance could not fetch it: ${failure}`,
            { hint: 'the URL must be reachable from the cloud, and allowed there' },
          );
        }
        await delay(pollMs, signal);
      }
    },
  };
}
