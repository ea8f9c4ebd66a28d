/**
 * Phases customise, icicle and seal in a guest that nobody gets into: the work
 * travels as user data, the console tells how it goes, the power-off that it is done.
 */
import type { Guest, StagedDisk, StopEvent } from '../../backends/backend.ts';
import { OzError } from '../base/errors.ts';
import { type CloudInitWork, cloudInitWork } from '../customize/cloud-init.ts';
import { sealFailed } from '../customize/seal.ts';
import { stepFailed } from '../customize/workspace.ts';
import { type ConsoleMessage, type ConsoleReader, consoleReader } from '../icicle/console.ts';
import { listingCommand, listingFailed, packagesFrom } from '../icicle/list-packages.ts';
import { icicleXml } from '../icicle/xml.ts';
import { fetchContent } from '../media/content.ts';
import { runSpec } from '../plan/guest-spec.ts';
import type { PlannedAccess } from '../plan/types.ts';
import { watchBoot } from './boot-watch.ts';
import type { WorkContext } from './build-context.ts';
import { lostBy, onceMore } from './once-more.ts';
import { type PhaseTrack, trackPhases } from './phase-track.ts';
import type { Stops } from './stops.ts';

/** Milliseconds between two looks at the console. */
const pollMs = 1000;

/** Bytes of console that are asked for; clouds show 100 KiB, and backends keep more. */
const tailBytes = 256 * 1024;

/** Milliseconds that the guest stays up when all is said, and what an end may take to be noticed. */
const farewellMs = 120_000;

/** Lines of output that a failure quotes. */
const quoted = 20;

const phaseOf = { customize: 'customize', list: 'icicle', extra: 'icicle', seal: 'seal' } as const;

const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;

async function makeWork(context: WorkContext, access: PlannedAccess, keep: boolean) {
  const { plan, backend, signal } = context;
  const { userData } = await backend.capabilities({ signal });
  if (!userData) {
    throw new OzError(
      'OZ_NO_USER_DATA',
      `Cannot customize ${plan.name} by cloud-init: ${backend.type} hands no user data to its guests`,
      { hint: 'set [openstack] customize = ssh' },
    );
  }
  return cloudInitWork({
    customise: keep ? plan.customise : null,
    icicle: plan.icicle,
    seal: keep ? plan.seal : null,
    publicKey: access.publicKey,
    fetchContent: (url) => fetchContent(url, { signal }),
    maxBytes: userData.maxBytes,
  });
}

/**
 * Says before the install what would fail after it: content that can't be had,
 * or user data that are too large.
 */
export async function checkCloudInit(context: WorkContext): Promise<void> {
  const { access } = context.plan;
  if (access?.method === 'cloud-init') await makeWork(context, access, true);
}

/** What the guest printed since the last look. Null: there is no console. */
function growing(guest: Guest): (signal?: AbortSignal) => Promise<string | null> {
  let seen = 0;
  return async (signal) => {
    const shown = await guest.console({ signal, tailBytes });
    if (!shown) return null;
    const fresh = shown.size - seen;
    seen = shown.size;
    if (fresh <= 0) return '';
    return Buffer.from(shown.tail).subarray(-fresh).toString('utf8');
  };
}

interface Watched {
  reader: ConsoleReader;
  /** Whether it said that all is done. */
  done: boolean;
  hasConsole: boolean;
}

function failure(
  context: WorkContext,
  work: CloudInitWork,
  { operation, code }: { operation: number; code: number },
  output: readonly string[],
): OzError {
  const { plan, mask } = context;
  const { role = 'customize', title = '' } = work.operations[operation] ?? {};
  const { lister = '', extraCommand = '' } = plan.icicle ?? {};
  switch (role) {
    case 'customize':
      return stepFailed(mask(title), code, output);
    case 'list':
      return listingFailed(listingCommand(lister), 'OZ_ICICLE_LIST', code, output);
    case 'extra':
      return listingFailed(mask(extraCommand), 'OZ_ICICLE_EXTRA', code, output);
    case 'seal':
      return sealFailed(code, output.join('\n'));
  }
}

/** Passes on what the console tells; throws what it tells of failures. */
function listener(context: WorkContext, work: CloudInitWork, track: PhaseTrack) {
  const { emit, mask } = context;
  const tails = new Map<number, string[]>();
  let told = -1;
  return (message: ConsoleMessage): void => {
    if (message.kind === 'done') return;
    const known = work.operations[message.operation];
    if (!known) return;
    track.reach(phaseOf[known.role]);
    const { step } = known;
    if (step && step.number > told) {
      told = step.number;
      emit({
        type: 'progress',
        phase: 'customize',
        what: mask(step.title),
        done: step.number,
        total: step.total,
        unit: 'steps',
      });
    }
    const tail = tails.get(message.operation) ?? [];
    tails.set(message.operation, tail);
    if (message.kind === 'output') {
      const text = mask(message.line);
      emit({ type: 'output', source: mask(known.title), text });
      tail.push(text);
      if (tail.length > quoted) tail.shift();
    }
    if (message.kind === 'failed') throw failure(context, work, message, tail);
  };
}

function silent(limit: number, begun: boolean): OzError {
  return begun
    ? new OzError(
        'OZ_CLOUD_INIT_TIMEOUT',
        `Cannot finish customizing: the guest told nothing new within ${seconds(limit)}`,
        {
          hint: 'see its console log for the step that hangs; [timeouts] install in oz.cfg sets the limit',
        },
      )
    : new OzError(
        'OZ_CLOUD_INIT_TIMEOUT',
        `Cannot customize by cloud-init: the guest told nothing within ${seconds(limit)}`,
        {
          hint: 'check that the image has cloud-init and prints on its serial console; [timeouts] boot in oz.cfg sets the limit',
        },
      );
}

function endedEarly(stop: StopEvent): OzError {
  const why = stop.detail ? `: ${stop.detail}` : '';
  const how = stop.reason === 'crashed' ? 'crashed' : 'was stopped';
  return new OzError(
    'OZ_CLOUD_INIT_ENDED',
    `Cannot finish customizing: the guest ${how} before it was done${why}`,
    { hint: 'see its console log in the evidence folder' },
  );
}

/** How long the guest may say nothing now, in milliseconds. */
function patience(context: WorkContext, { done, hasConsole }: Watched, begun: boolean): number {
  const { boot, install, shutdown } = context.plan.timeouts;
  if (!hasConsole) return boot + install + shutdown;
  if (done) return shutdown + farewellMs;
  return begun ? install : boot;
}

/** Resolves when the guest has powered off, or (for a mere look) has told all. */
async function watch(
  context: WorkContext,
  work: CloudInitWork,
  guest: Guest,
  stops: Stops,
  track: PhaseTrack,
  keep: boolean,
): Promise<Watched> {
  const { clock, signal } = context;
  const watched: Watched = { reader: consoleReader(work.mark), done: false, hasConsole: false };
  const read = growing(guest);
  const listen = listener(context, work, track);
  const boot = watchBoot(context, guest);
  let begun = false;
  let lastSign = clock.now();
  while (true) {
    const stop = await stops.look(pollMs, signal);
    const fresh = await read(signal);
    watched.hasConsole ||= fresh !== null;
    const messages = watched.reader.take(fresh ?? '');
    for (const message of messages) {
      lastSign = clock.now();
      if (!begun) context.emit({ type: 'mark', mark: 'cloud-init-began' });
      begun = true;
      watched.done ||= message.kind === 'done';
      listen(message);
    }
    if (watched.done && !keep) return watched;
    if (stop) {
      // Without a console the power-off says it all: after a failure there is none.
      const good = stop.reason === 'shutdown' && (watched.done || !watched.hasConsole);
      if (good) return watched;
      throw begun ? endedEarly(stop) : lostBy(stop, endedEarly(stop));
    }
    const lost = begun ? undefined : await boot.look(signal);
    if (lost) throw lost;
    const limit = patience(context, watched, begun);
    if (clock.now() - lastSign >= limit) throw silent(limit, begun);
  }
}

function icicleOf(context: WorkContext, work: CloudInitWork, watched: Watched): string | undefined {
  const { plan, emit } = context;
  if (!plan.icicle) return undefined;
  if (!watched.hasConsole) {
    throw new OzError(
      'OZ_ICICLE_CONSOLE',
      'Cannot list the packages: this place shows no console of its guests',
      { hint: 'set [openstack] customize = ssh, or do without the ICICLE' },
    );
  }
  const [list = '', extra] = work.lists.map((name) => watched.reader.list(name));
  const packages = packagesFrom(plan.icicle.lister, list, extra);
  emit({ type: 'log', level: 'info', text: `${packages.length} packages` });
  return icicleXml({ description: plan.description, packages });
}

/**
 * Does all that the plan asks for in a guest of the disk. `keep`: the disk is
 * sealed, and is what the build is about; else it is thrown away afterwards.
 */
export async function workByCloudInit(
  context: WorkContext,
  disk: StagedDisk,
  access: PlannedAccess,
  { keep, consoleLog }: { keep: boolean; consoleLog: string },
): Promise<{ disk: StagedDisk; icicle: string | undefined }> {
  const { plan, backend, emit, signal, witness } = context;
  const work = await makeWork(context, access, keep);
  const spec = {
    ...runSpec(plan, { disk, media: [], consoleLog }),
    userData: work.userData,
  };
  const track = trackPhases(emit, [
    {
      phase: 'customize',
      title: 'customize the guest',
      skip: !plan.customise && 'nothing to customize',
    },
    { phase: 'icicle', title: 'list the packages', skip: !plan.icicle && 'not asked for' },
    {
      phase: 'seal',
      title: 'remove all traces and power off',
      skip: !keep && 'the image itself was not started',
    },
  ]);
  track.begin();
  return onceMore(context, spec, async ({ guest, stops }) => {
    await guest.start({ signal });
    emit({ type: 'mark', mark: 'guest-started', detail: { purpose: 'run' } });
    const watched = await watch(context, work, guest, stops, track, keep);
    stops.end();
    if (keep) emit({ type: 'mark', mark: 'guest-stopped', detail: { purpose: 'run' } });
    const icicle = icicleOf(context, work, watched);
    track.end();
    const finished = keep ? await guest.takeDisk({ signal }) : disk;
    witness.guest = null;
    await guest.destroy({ signal });
    if (keep) await backend.syncDisk(finished, { signal });
    return { disk: finished, icicle };
  });
}
