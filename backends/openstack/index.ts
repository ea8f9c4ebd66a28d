/** The OpenStack backend. */
import { randomUUID } from 'node:crypto';
import type { BackendContext } from '../backend.ts';
import { readCredentials } from './auth/credentials.ts';
import { type DescribeFinished, makePlace, type OpenstackBackend } from './place.ts';
import { type OpenCloudOptions, openCloud } from './services/open.ts';
import { readOpenstackSettings } from './settings.ts';
import { type LookPace, placeName, usualLooks } from './site.ts';

export type { OpenstackBackend } from './place.ts';
export type { ServerPlan } from './plan-server.ts';
export { readOpenstackSettings } from './settings.ts';

export interface OpenstackOptions {
  /** The [openstack] section of oz.cfg as texts by key. Holds secrets. */
  settings: Readonly<Record<string, string>>;
  /** The file it comes from, for messages. */
  source?: string | null | undefined;
  env?: NodeJS.ProcessEnv | undefined;
  cwd?: string | undefined;
  context: BackendContext;
  /** The libvirt XML of a finished guest, which users of Oz expect. */
  describeFinished: DescribeFinished;
  signal?: AbortSignal | undefined;
  /** For tests. */
  looks?: Partial<LookPace> | undefined;
  pace?: OpenCloudOptions['pace'];
}

/**
 * Signs in; looks no further. Throws OzErrors `OZ_CONFIG` and the `OZ_CLOUD_…`
 * of services/types.ts.
 */
export async function openOpenstack(options: OpenstackOptions): Promise<OpenstackBackend> {
  const { context, signal, env, cwd, pace } = options;
  const settings = readOpenstackSettings(options.settings, options.source);
  const credentials = readCredentials({ settings: options.settings, env, cwd });
  const cloud = await openCloud(credentials, { log: context.log, signal, pace });
  return makePlace(
    {
      cloud,
      settings,
      context,
      cloudName: options.settings.cloud || undefined,
      at: placeName(cloud),
      buildId: randomUUID(),
      looks: { ...usualLooks, ...options.looks },
      own: new Set(),
      tls: credentials.tls,
      warnings: credentials.warnings,
      refused: new Set(),
    },
    options.describeFinished,
  );
}
