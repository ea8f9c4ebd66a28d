/** What the installer's ISO holds, beside what the TDL says. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Osinfo } from '../../osinfo/types.ts';
import { messageOf } from '../base/errors.ts';
import { readMediumRecord } from '../media/record.ts';
import { shownUrl } from '../media/url.ts';
import type { BuildPlan } from '../plan/types.ts';
import type { Around } from './around.ts';

/** What the installer's ISO is, and what is wrong with that; nothing when it cannot be told. */
export async function judgeMedium(
  file: string,
  plan: Pick<BuildPlan, 'os' | 'tdl'>,
  osinfo: Osinfo,
  around: Around,
  signal?: AbortSignal,
): Promise<{ holds?: string | undefined; warning?: string | undefined }> {
  const [{ detectIso }, { mediumName, mediumWarning }] = await Promise.all([
    import('../../osinfo/index.ts'),
    import('../plan/medium.ts'),
  ]);
  const found = await detectIso(file, { env: around.env, signal });
  // Windows 10.0 is what the database calls 10, 2016 and 2019
  const named = found.map((one) => {
    const os = osinfo.os(one.id);
    const version = os && osinfo.versionForTdl(plan.tdl.distro, os);
    return { ...one, version: version ?? one.version };
  });
  return {
    holds: named[0] && mediumName(named[0]),
    warning: mediumWarning(named, plan, osinfo.os(plan.os.id)),
  };
}

/** The ISO of a plan where it is on this machine already: named by the TDL, or kept. */
async function localInstaller(plan: BuildPlan): Promise<string | undefined> {
  const medium = plan.media.find(({ role }) => role === 'installer');
  if (!medium) return undefined;
  const local = medium.url.startsWith('file:');
  const file = local ? fileURLToPath(medium.url) : medium.cachePath;
  // Systems of one name share the place in the cache: what is there may have another URL.
  const record = local ? null : await readMediumRecord(file);
  if (record && record.url !== shownUrl(medium.url)) return undefined;
  return access(file, constants.R_OK).then(
    () => file,
    () => undefined,
  );
}

/** The same for a plan that is only shown: undefined when its ISO is not here. */
export async function judgeLocal(plan: BuildPlan, osinfo: Osinfo, around: Around) {
  const file = await localInstaller(plan);
  if (file === undefined) return undefined;
  try {
    return { file, ...(await judgeMedium(file, plan, osinfo, around)) };
  } catch (error) {
    return { file, warning: messageOf(error) };
  }
}
