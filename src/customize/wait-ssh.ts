/** Waits for a booting guest's SSH server, and tells what was wrong when it never comes. */
import { delay } from '../base/abort.ts';
import { codeOf, OzError } from '../base/errors.ts';
import {
  type Address,
  type Auth,
  type ConnectOptions,
  type ConnectStage,
  connectSsh,
  type Session,
} from './session.ts';

export interface WaitForSshOptions {
  /** Milliseconds in all. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** Told what each attempt came to. */
  onTry?: ((outcome: TryOutcome) => void) | undefined;
  /** Tells the guest's server from others. */
  hostKeys?: ConnectOptions['hostKeys'];
  /** False once the guest no longer runs: there is nothing left to wait for. */
  isAlive?: (() => Promise<boolean>) | undefined;
  /** Milliseconds between attempts. */
  intervalMs?: number | undefined;
  /** Milliseconds that refusals may go on before they are final. */
  refusedMs?: number | undefined;
}

/** How far an attempt got. */
export type TryOutcome =
  | 'no-address'
  | 'no-bastion'
  | 'no-answer'
  | 'no-banner'
  | 'no-session'
  | 'refused'
  | 'foreign';

/**
 * A port forward of a user-mode network takes connections long before sshd
 * does, and such a connection may stay silent for ever; but an emulated guest's
 * sshd can be slow to greet. So each attempt may wait long for the greeting
 * while new ones are made beside it.
 */
const bannerMs = 15_000;
const sessionMs = 60_000;
const atOnce = 4;

const hints: Record<TryOutcome, string> = {
  'no-address': 'the guest got no address: see its console log, and the DHCP server of its network',
  'no-bastion': 'the bastion could not be reached: check [openstack] bastion and the network to it',
  'no-answer': 'nothing answered: see the console log whether the guest has booted',
  'no-banner':
    'the port takes connections but no SSH server greets: see the console log whether the guest has booted and sshd runs',
  'no-session': "an SSH server greets but no session comes about: see the guest's own log",
  foreign: "another host answers at the guest's address",
  refused: 'the SSH server refuses the key: check that the image lets root in by key',
};

/** How far each outcome is from success; the best one explains a failure. */
const ranks: TryOutcome[] = [
  'no-address',
  'no-bastion',
  'no-answer',
  'no-banner',
  'no-session',
  'refused',
  'foreign',
];

const outcomeOfStage: Record<ConnectStage, TryOutcome> = {
  connecting: 'no-answer',
  connected: 'no-banner',
  banner: 'no-session',
  handshake: 'no-session',
};

const outcomeOfCode: Partial<Record<string, TryOutcome>> = {
  OZ_SSH_AUTH: 'refused',
  OZ_SSH_BASTION_UNREACHABLE: 'no-bastion',
  OZ_SSH_HOST_KEY: 'foreign',
};

type Attempt = { session: Session } | { outcome: TryOutcome; error?: unknown };

/** One attempt; given up without a word when the greeting takes too long. */
async function attempt(
  address: Address,
  auth: Auth,
  hostKeys: ConnectOptions['hostKeys'],
  signal: AbortSignal,
  onReach: (stage: ConnectStage) => void,
): Promise<Attempt> {
  let stage: ConnectStage = 'connecting';
  if (!address.bastion) onReach(stage);
  const own = new AbortController();
  const timer = setTimeout(() => own.abort(new Error('no greeting')), bannerMs);
  try {
    const session = await connectSsh(address, auth, {
      signal: AbortSignal.any([signal, own.signal]),
      hostKeys,
      readyTimeoutMs: sessionMs,
      onStage: (reached) => {
        stage = reached;
        if (reached === 'banner') clearTimeout(timer);
        onReach(reached);
      },
    });
    return { session };
  } catch (error) {
    signal.throwIfAborted();
    const code = codeOf(error) ?? '';
    // A bastion is no guest that is still booting: what it refuses, it refuses for good.
    if (code === 'OZ_SSH_BASTION') throw error;
    return { outcome: outcomeOfCode[code] ?? outcomeOfStage[stage], error };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Resolves with a session within a second or so after sshd lets us in. Throws
 * OZ_SSH_TIMEOUT, OZ_SSH_AUTH and OZ_SSH_HOST_KEY (refused for `refusedMs`), OZ_SSH_BASTION,
 * OZ_SSH_GUEST_GONE, or the signal's reason.
 */
export async function waitForSsh(
  getAddress: () => Promise<Address | null>,
  auth: Auth,
  options: WaitForSshOptions,
): Promise<Session> {
  const { timeoutMs, intervalMs = 1000, refusedMs = 20_000 } = options;
  const end = performance.now() + timeoutMs;
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const running = new Set<Promise<void>>();
  let greeted = 0;
  let best: TryOutcome = 'no-address';
  let refusals: { since: number; count: number } | undefined;
  let found: Session | undefined;
  let failure: unknown;
  let wake = () => {};

  const reach = (outcome: TryOutcome) => {
    if (ranks.indexOf(outcome) > ranks.indexOf(best)) best = outcome;
  };

  const note = (outcome: TryOutcome, error?: unknown) => {
    options.onTry?.(outcome);
    reach(outcome);
    // An address may lead to its former owner for a while.
    if (outcome === 'refused' || outcome === 'foreign') {
      refusals ??= { since: performance.now(), count: 0 };
      refusals.count += 1;
      const tooLong = performance.now() - refusals.since >= refusedMs && refusals.count >= 3;
      if (tooLong) failure ??= error;
    }
    // Nothing else clears the count: OpenSSH 9.8 and later hang up for a while on those whom
    // they have refused.
  };

  const launch = (address: Address) => {
    let speaking = false;
    const work = attempt(address, auth, options.hostKeys, signal, (stage) => {
      // An attempt still under way when time is up explains the failure as well.
      reach(outcomeOfStage[stage]);
      if (stage !== 'banner') return;
      speaking = true;
      greeted += 1;
    })
      .then(async (result) => {
        if (!('session' in result)) note(result.outcome, result.error);
        else if (found || stop.signal.aborted) await result.session.close();
        else found = result.session;
      })
      .catch((error) => {
        // Only an abort comes here, and the loop sees that by itself.
        if (!signal.aborted) failure ??= error;
      })
      .finally(() => {
        if (speaking) greeted -= 1;
        running.delete(work);
        wake();
      });
    running.add(work);
  };

  try {
    for (;;) {
      signal.throwIfAborted();
      if (found) return found;
      if (failure) throw failure;
      if (performance.now() >= end) throw timedOut(best, timeoutMs);
      if (options.isAlive && !(await options.isAlive())) throw guestGone();
      // While a server speaks with us, further connections would only slow it down.
      if (greeted === 0 && running.size < atOnce) {
        const address = await getAddress();
        if (address) launch(address);
        else note('no-address');
      }
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const wait = Math.max(0, Math.min(intervalMs, end - performance.now()));
      // Attempts that fail at once (a closed port) must not make this a busy loop.
      await Promise.race([
        delay(wait, signal),
        woken.then(() => (found ? undefined : delay(wait, signal))),
      ]);
    }
  } finally {
    stop.abort(new Error('the wait is over'));
    await Promise.allSettled(running);
  }
}

function timedOut(best: TryOutcome, ms: number): OzError {
  return new OzError(
    'OZ_SSH_TIMEOUT',
    `Cannot get into the guest over SSH: no session within ${Math.round(ms / 1000)} s`,
    { hint: `${hints[best]}; [timeouts] boot in oz.cfg sets the limit` },
  );
}

function guestGone(): OzError {
  return new OzError(
    'OZ_SSH_GUEST_GONE',
    'Cannot get into the guest over SSH: it has stopped running',
    { hint: 'see its console log for why it stopped' },
  );
}
