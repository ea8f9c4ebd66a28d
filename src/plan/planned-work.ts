/** What plans for a new image and for one built before have in common. */
import type { OsMatch } from '../../osinfo/types.ts';
import { OzError } from '../base/errors.ts';
import type { Tdl } from '../tdl/types.ts';
import type { GuestFamily } from './families/family.ts';
import type { PlanInput } from './input.ts';
import type { BuildPlan } from './types.ts';

/** What Oz sets when the TDL names none. */
const defaultRootPassword = 'ozrootpw';
/** An emulated guest needs about six times as long as an accelerated one. */
const emulationFactor = 6;
/**
 * An installer's console may be silent for minutes in which its disk is busy; and an emulated one on
 * a busy host stands for minutes without a word or a request.
 */
const patientFactor = 3;

/** Root's password in the finished image. Secret. */
export function rootPasswordOf(tdl: Tdl): string {
  return tdl.rootpw ?? defaultRootPassword;
}

/** Throws OZ_PLAN_UNKNOWN_OS. */
export function findOs({ tdl, osinfo }: Pick<PlanInput, 'tdl' | 'osinfo'>): OsMatch {
  const match = osinfo.findForTdl(tdl.distro, tdl.version);
  if (!match) {
    throw new OzError(
      'OZ_PLAN_UNKNOWN_OS',
      `Cannot build ${tdl.distro} ${tdl.version} (${tdl.source}): no such operating system is known`,
      { hint: 'check <os><name> and <version>; newer systems may need a newer osinfo-db' },
    );
  }
  return match;
}

/** How the packages are listed, when that is asked for. */
export function plannedIcicle(
  { tdl, config, options }: Pick<PlanInput, 'tdl' | 'config' | 'options'>,
  family: GuestFamily,
  customise: boolean,
): BuildPlan['icicle'] {
  if (!options.icicle) return null;
  return {
    file: options.icicleFile ?? null,
    extraCommand: tdl.icicleExtraCommand,
    lister: family.lister,
    safe: config.icicle.safeGeneration && !customise,
  };
}

/**
 * Those the user has set as they are; the others longer for a guest that may be emulated.
 * `installTime`: seconds that the installer is known to need.
 */
export function plannedTimeouts(
  { config, options, backend }: Pick<PlanInput, 'config' | 'options' | 'backend'>,
  installTime = 0,
): BuildPlan['timeouts'] {
  const { accelerated, activity } = backend.capabilities;
  // nobody tells how fast a cloud's guests are, or how many share a host
  const slow = accelerated === false || (backend.type === 'openstack' && !accelerated);
  const factor = slow ? emulationFactor : 1;
  const { timeouts } = config;
  const ms = (seconds: number, scale: number) => seconds * 1000 * scale;
  const scaled = (key: 'install' | 'boot' | 'shutdown', least = 0) =>
    timeouts.set?.includes(key) ? ms(timeouts[key], 1) : ms(Math.max(timeouts[key], least), factor);
  const patient = accelerated === false || !(activity.disk || activity.network);
  const inactivityFactor = patient && !timeouts.set?.includes('inactivity') ? patientFactor : 1;
  return {
    install:
      options.timeout === undefined ? scaled('install', installTime) : ms(options.timeout, 1),
    inactivity: ms(timeouts.inactivity, inactivityFactor),
    boot: scaled('boot'),
    shutdown: scaled('shutdown'),
  };
}

/** The password in a URL and its query, which may be a token: as they are written, and as they are. */
function secretsIn(url: string): string[] {
  const written = /:\/\/[^/\\?#:]*:([^/\\?#]+)@/.exec(url)?.[1];
  const query = /\?[^#]+/.exec(url)?.[0];
  return [written, query]
    .filter((secret) => secret !== undefined)
    .flatMap((secret) => [secret, decoded(secret)]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Texts that must never be shown. */
export function secretsOf(tdl: Tdl): string[] {
  const { install, repositories, packages, files, precommands, commands } = tdl;
  const contents = [...files, ...precommands, ...commands].map(({ content }) => content);
  const urls = [
    install.url,
    install.checksum?.url ?? '',
    ...install.extras.map(({ source }) => source),
    ...repositories.map(({ url }) => url),
    ...packages.map(({ file }) => file ?? ''),
    ...contents.map((content) => ('url' in content ? content.url : '')),
  ];
  const secrets = [rootPasswordOf(tdl), tdl.key, ...urls.flatMap(secretsIn)];
  return [...new Set(secrets.filter((secret) => secret !== undefined))];
}
