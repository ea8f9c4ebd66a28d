/** Phases customise, icicle and seal: boots the installed disk and works in it, over SSH or by user data. */
import path from 'node:path';
import type { Guest, GuestSpec, StagedDisk } from '../../backends/backend.ts';
import { OzError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { textWithin } from '../base/read-bounded.ts';
import { accessUserData } from '../customize/cloud-config.ts';
import { customise } from '../customize/customise.ts';
import { offlineUnlock } from '../customize/offline.ts';
import { checkRootPassword } from '../customize/root-password.ts';
import { sealAndPowerOff } from '../customize/seal.ts';
import type { Auth, Session } from '../customize/session.ts';
import { waitForSsh } from '../customize/wait-ssh.ts';
import { listOffline } from '../icicle/list-offline.ts';
import { listPackages } from '../icicle/list-packages.ts';
import { icicleXml } from '../icicle/xml.ts';
import { fetchContent } from '../media/content.ts';
import { runSpec } from '../plan/guest-spec.ts';
import type { PlannedAccess } from '../plan/types.ts';
import { watchBoot } from './boot-watch.ts';
import { byteProgress, type WorkContext } from './build-context.ts';
import { workByCloudInit } from './cloud-init-boot.ts';
import { copyDisk } from './copy-disk.ts';
import { inPhase, skipPhase } from './event-stream.ts';
import { type GuestIdentity, guestIdentity } from './guest-identity.ts';
import { onceMore } from './once-more.ts';
import type { Stops } from './stops.ts';
import { tellWaysToLook } from './ways-to-look.ts';
import { guestEnded, whileRunning } from './while-running.ts';

/** A guest that has been started from a finished disk. */
interface Running {
  guest: Guest;
  stops: Stops;
  session: Session;
  identity: GuestIdentity;
}

async function checkPassword(
  { emit, signal }: WorkContext,
  session: Session,
  { rootPassword }: PlannedAccess,
): Promise<void> {
  if (!rootPassword) return;
  const { text: password, mend } = rootPassword;
  const found = await checkRootPassword(session, { password, mend, signal });
  if (found === 'same') return;
  const text =
    found === 'mended'
      ? "the cached JEOS had another root password: it was set to the TDL's"
      : "cannot tell whether root has the TDL's password";
  emit({ type: 'log', level: 'warning', text });
}

async function authOf({ username, password, privateKeyPath }: PlannedAccess): Promise<Auth> {
  if (password !== undefined) return { username, password };
  return { username, privateKey: await textWithin(privateKeyPath, limits.record) };
}

async function bootAndEnter(
  context: WorkContext,
  spec: GuestSpec,
  access: PlannedAccess,
): Promise<Running> {
  const { plan, emit, ledger, signal, witness } = context;
  if (access.via === 'offline') {
    emit({ type: 'log', level: 'info', text: 'placing the SSH key in the disk' });
    await offlineUnlock(spec.disk.ref, access.publicKey, {
      ...{ signal, ledger },
      format: spec.disk.format,
      emulate: access.emulate,
      announceAs: access.announce ? spec.uuid : undefined,
    });
  }
  const told = access.via === 'user-data' || access.tame;
  const userData = told ? accessUserData(access.publicKey) : undefined;
  witness.entered = true;
  const auth = await authOf(access);
  return onceMore(context, { ...spec, userData }, async ({ guest, stops }) => {
    await guest.start({ signal });
    emit({ type: 'mark', mark: 'guest-started', detail: { purpose: 'run' } });
    await tellWaysToLook(guest, emit, signal);
    const identity = guestIdentity(context, guest, access, userData !== undefined);
    let host = '';
    const addressOf = async (by: AbortSignal | undefined) => {
      const address = await guest.address({ signal: by });
      host = address?.host ?? host;
      return address;
    };
    const enter = (inside: WorkContext) =>
      waitForSsh(() => addressOf(inside.signal), auth, {
        hostKeys: identity,
        timeoutMs: plan.timeouts.boot,
        signal: inside.signal,
        isAlive: async () => (await guest.state({ signal })) === 'running',
      });
    const session = await whileRunning(context, stops, enter, watchBoot(context, guest));
    emit({ type: 'mark', mark: 'ssh-found' });
    await identity.tell(host);
    await whileRunning(context, stops, (inside) => checkPassword(inside, session, access));
    return { guest, stops, session, identity };
  });
}

/** Waits for the guest's own power-off, for as long as [timeouts] shutdown allows. */
async function awaitPowerOff(context: WorkContext, running: Running): Promise<void> {
  const { plan, emit, signal } = context;
  const stop = await running.stops.next(plan.timeouts.shutdown, signal);
  if (!stop) {
    const ms = plan.timeouts.shutdown;
    throw new OzError(
      'OZ_SHUTDOWN_TIMEOUT',
      `Cannot finish: the guest did not power off within ${Math.round(ms / 1000)} s`,
      { hint: '[timeouts] shutdown in oz.cfg sets the limit' },
    );
  }
  if (stop.reason !== 'shutdown') throw guestEnded(stop);
  emit({ type: 'mark', mark: 'guest-stopped', detail: { purpose: 'run' } });
}

async function runSteps(context: WorkContext, session: Session): Promise<void> {
  const { plan, emit, signal, mask } = context;
  if (!plan.customise) return skipPhase(emit, 'customize', 'nothing to customize');
  const planned = plan.customise;
  await inPhase(emit, 'customize', 'customize the guest', () =>
    customise(session, planned, {
      signal,
      fetchContent: (url) => fetchContent(url, { signal }),
      emitOutput: (source, line) => emit({ type: 'output', source, text: mask(line) }),
      onStep: (done, total, what) =>
        emit({ type: 'progress', phase: 'customize', what, done, total, unit: 'steps' }),
      mask,
    }),
  );
}

/** The ICICLE document, from a guest we are in. */
async function readIcicle(context: WorkContext, session: Session): Promise<string | undefined> {
  const { plan, emit, signal } = context;
  if (!plan.icicle) {
    skipPhase(emit, 'icicle', 'not asked for');
    return undefined;
  }
  const { lister, extraCommand } = plan.icicle;
  return inPhase(emit, 'icicle', 'list the packages', async () => {
    const packages = await listPackages(session, lister, extraCommand, { signal });
    emit({ type: 'log', level: 'info', text: `${packages.length} packages` });
    return icicleXml({ description: plan.description, packages });
  });
}

async function sealGuest(context: WorkContext, running: Running): Promise<void> {
  const { plan, emit, signal } = context;
  await running.identity.trust(); // by now the console may say more
  await inPhase(emit, 'seal', 'remove all traces and power off', async () => {
    await sealAndPowerOff(running.session, plan.seal, {
      publicKey: plan.access?.publicKey,
      signal,
    });
    await awaitPowerOff(context, running);
  });
}

async function leave(context: WorkContext, running: Running): Promise<void> {
  running.stops.end();
  running.session.close().catch(() => {});
  context.witness.guest = null;
  await running.guest.destroy({ signal: context.signal });
}

/** The ICICLE document from a copy of a disk that nobody gets into. */
async function lookOnDisk(
  context: WorkContext,
  disk: StagedDisk,
  { emulate }: PlannedAccess,
): Promise<string | undefined> {
  const { plan, emit, ledger, signal, workDir } = context;
  skipPhase(emit, 'customize', 'nothing to customize');
  const { icicle } = plan;
  const text = icicle
    ? await inPhase(emit, 'icicle', 'list the packages', async () => {
        const copy = path.join(workDir, 'look.qcow2');
        const onProgress = byteProgress(emit, 'icicle', 'fetch the disk');
        await copyDisk(context, disk, copy, { format: 'qcow2', onProgress });
        const options = { signal, ledger, emulate, format: 'qcow2' };
        const packages = await listOffline(copy, icicle.lister, icicle.extraCommand, options);
        emit({ type: 'log', level: 'info', text: `${packages.length} packages` });
        return icicleXml({ description: plan.description, packages });
      })
    : undefined;
  skipPhase(emit, 'seal', 'the image itself was not started');
  return text;
}

/** The ICICLE document from a disk that is thrown away afterwards, so nothing is sealed. */
export async function lookInGuest(
  context: WorkContext,
  disk: StagedDisk,
  access: PlannedAccess,
): Promise<string | undefined> {
  const consoleLog = path.join(context.workDir, 'look-console.log');
  if (access.method === 'cloud-init') {
    return (await workByCloudInit(context, disk, access, { keep: false, consoleLog })).icicle;
  }
  if (access.method === 'disk') return lookOnDisk(context, disk, access);
  skipPhase(context.emit, 'customize', 'nothing to customize');
  const spec = runSpec(context.plan, { disk, media: [], consoleLog });
  const running = await bootAndEnter(context, spec, access);
  const text = await whileRunning(context, running.stops, (inside) =>
    readIcicle(inside, running.session),
  );
  await running.identity.trust();
  await leave(context, running);
  skipPhase(context.emit, 'seal', 'the image itself was not started');
  return text;
}

/** ICICLE from a copy, so that the image is never booted ([icicle] safe_generation). */
async function icicleFromCopy(
  context: WorkContext,
  disk: StagedDisk,
  access: PlannedAccess,
): Promise<string | undefined> {
  const { backend, signal, workDir } = context;
  const copy = await backend.createDisk(
    {
      path: path.join(workDir, `icicle.${disk.format}`),
      format: disk.format,
      size: disk.size,
      from: disk.ref,
    },
    { signal },
  );
  return lookInGuest(context, copy, access);
}

/** What is there when the work in the guest is done. */
export interface FinishedDisk {
  disk: StagedDisk;
  /** Present when the plan asks for it. */
  icicle?: string | undefined;
}

/** Does all that needs the installed system running. The disk is sealed when this returns. */
export async function workInGuest(context: WorkContext, disk: StagedDisk): Promise<FinishedDisk> {
  const { plan, backend, emit, signal, workDir } = context;
  const { access } = plan;
  if (!access) {
    for (const phase of ['customize', 'icicle', 'seal'] as const) {
      skipPhase(emit, phase, 'not asked for');
    }
    return { disk };
  }
  if (plan.icicle?.safe) return { disk, icicle: await icicleFromCopy(context, disk, access) };
  const consoleLog = path.join(workDir, 'run-console.log');
  if (access.method === 'cloud-init') {
    return workByCloudInit(context, disk, access, { keep: true, consoleLog });
  }
  const spec = runSpec(plan, { disk, media: [], consoleLog });
  const running = await bootAndEnter(context, spec, access);
  const icicle = await whileRunning(context, running.stops, async (inside) => {
    await runSteps(inside, running.session);
    return readIcicle(inside, running.session);
  });
  await sealGuest(context, running);
  const sealed = await running.guest.takeDisk({ signal });
  await leave(context, running);
  await backend.syncDisk(sealed, { signal });
  return { disk: sealed, icicle };
}
