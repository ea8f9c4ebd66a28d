/** What a build lacks in a cloud, looked at without making anything. */
import { asRoot, type Finding, fine, problem, problemOf, warning } from '../../src/base/finding.ts';
import { chooseFlavor, eligible } from './flavor.ts';
import { checkQuota } from './quota.ts';
import type { Limit } from './services/types.ts';
import type { Site } from './site.ts';
import { left, strategiesOf } from './strategies.ts';
import { type Survey, surveyCloud, surveyParts } from './survey.ts';

/** The least that today's installers run in: MiB, processors. */
const smallest = { memory: 1024, cpus: 1, disk: 0 };

/** Milliseconds between two clocks that nobody minds. */
const toleratedMs = 30_000;

/** Keystone's own, and what old clouds call them; a project may have others that do as well. */
const makers = ['member', '_member_', 'Member', 'manager', 'admin'];

function clock(offset: number | null): Finding {
  if (offset === null) return fine('clock', 'the cloud does not report its time');
  const seconds = Math.round(Math.abs(offset) / 1000);
  if (Math.abs(offset) <= toleratedMs) return fine('clock', `${seconds} s beside the cloud's`);
  const side = offset > 0 ? 'behind' : 'ahead of';
  return warning(
    'clock',
    `this machine's clock is ${seconds} s ${side} the cloud's: certificates and tokens may count as not valid`,
    asRoot('timedatectl set-ntp true'),
  );
}

function roles({ cloud }: Site): Finding {
  const { roles: held, userName, userId, projectName, projectId } = cloud;
  const names = held.join(', ') || 'none';
  if (held.some((role) => makers.includes(role))) return fine('roles', names);
  const command = `openstack role add --user ${userName ?? userId} --project ${projectName ?? projectId} member`;
  const fix = `an administrator gives you one: ${command}`;
  const readsOnly = held.length === 0 || held.every((role) => role === 'reader');
  return readsOnly
    ? problem('roles', `${names}: nothing can be made with that`, fix)
    : warning('roles', `${names}: whether servers can be made with that is not known`, fix);
}

const room = (what: string, limit: Limit) => {
  const rest = left(limit);
  return `${Number.isFinite(rest) ? rest : 'any number of'} ${what}`;
};

function quota(survey: Survey, { settings }: Site): Finding {
  const { compute, volumes, network } = survey.limits;
  // The flavor of a guest that needs little: throws where there is none, or no room for it.
  checkQuota(survey, chooseFlavor(survey.flavors, settings, smallest));
  const parts = [
    room('servers', compute.instances),
    room('processors', compute.cores),
    room('MiB of memory', compute.ram),
    ...(volumes
      ? [room('volumes', volumes.volumes), room('GiB of volumes', volumes.gigabytes)]
      : []),
    ...(network ? [room('ports', network.ports)] : []),
  ];
  return fine('quota', `left: ${parts.join(', ')}`);
}

function flavors(survey: Survey, { settings }: Site): Finding {
  const chosen = chooseFlavor(survey.flavors, settings, smallest);
  const count = eligible(survey.flavors, settings).length;
  return fine(
    'flavors',
    `${count} to choose from, the smallest that installers run in is ${chosen.name}`,
  );
}

function* ways(survey: Survey, { settings }: Site): Generator<Finding> {
  const all = strategiesOf(survey, settings);
  const possible = all.filter((each) => each.possible).map(({ name }) => name);
  const reasons = all.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  yield possible.length > 0
    ? fine('strategies', `installers can be started by ${possible.join(', ')}`)
    : problem(
        'strategies',
        `no way to start an installer (${reasons})`,
        'ask for flavors with a disk of their own, or for a quota of volumes',
      );
  if (settings.strategy !== 'auto' && !possible.includes(settings.strategy)) {
    yield problem(
      'strategies',
      `strategy ${settings.strategy} is not possible: ${all.find(({ name }) => name === settings.strategy)?.reason}`,
      `set strategy in [openstack] of oz.cfg to ${possible.join(' or ') || 'auto'}`,
    );
  }
}

function network({ network: found, ssh }: Survey, { settings }: Site): Finding {
  if (!found) return warning('network', 'the cloud has no network service: guests reach nothing');
  const { name } = found.network;
  if (ssh.kind !== 'none' && !ssh.full) return fine('network', `${name}; SSH ${ssh.reason}`);
  const text = `${name}; no SSH to guests: ${ssh.reason}`;
  return settings.customize === 'ssh'
    ? problem('network', text, 'set floating_ip_pool or bastion in [openstack] of oz.cfg')
    : warning(
        'network',
        `${text}. -u and -g use cloud-init, and do not work on systems without it`,
        'set floating_ip_pool or bastion in [openstack] of oz.cfg',
      );
}

const looks: Readonly<Record<string, (survey: Survey, site: Site) => Finding | Iterable<Finding>>> =
  { flavors, quota, network, strategies: ways };

/** One part after the other, where the whole has failed: each says what is wrong with it. */
async function* eachPart(site: Site, signal?: AbortSignal): AsyncGenerator<Finding> {
  const { cloud, settings } = site;
  for (const [check, look] of Object.entries(surveyParts(cloud, settings, signal))) {
    try {
      await look();
      yield fine(check, 'can be read');
    } catch (error) {
      signal?.throwIfAborted();
      yield problemOf(check, error);
    }
  }
}

/** After signing in; a failure of that is the caller's to tell. */
export async function* diagnoseCloud(site: Site, signal?: AbortSignal): AsyncGenerator<Finding> {
  const { cloud, settings } = site;
  yield fine('cloud', `${site.at} answers, as ${cloud.userName ?? cloud.userId}`);
  for (const text of site.warnings ?? []) yield warning('clouds.yaml', text);
  yield clock(cloud.clockOffset());
  yield roles(site);
  let survey: Survey;
  try {
    survey = await surveyCloud(cloud, settings, signal);
  } catch {
    signal?.throwIfAborted();
    yield* eachPart(site, signal);
    return;
  }
  const said = new Set<string>();
  for (const [check, look] of Object.entries(looks)) {
    try {
      const found = look(survey, site);
      if (Symbol.iterator in found) yield* found;
      else yield found;
    } catch (error) {
      const finding = problemOf(check, error);
      // The quota is looked at for a flavor: where there is none, that has been said.
      if (!said.has(finding.text)) yield finding;
      said.add(finding.text);
    }
  }
}
