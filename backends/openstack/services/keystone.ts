/** Keystone beyond signing in. */
import type { ServiceClient } from './client.ts';
import { fields, flag, list, text } from './fields.ts';
import type { Keystone } from './types.ts';

export function createKeystone(client: ServiceClient): Keystone {
  return {
    async projects(call) {
      const { data } = await client.request({
        ...call,
        doing: 'list your projects',
        path: '/auth/projects',
      });
      return list(data.projects).map((entry) => {
        const project = fields(entry);
        return { id: text(project.id), name: text(project.name), enabled: flag(project.enabled) };
      });
    },
  };
}
