/** Sees to it that the SSH server which a build works in is the guest's own, and says what that rests on. */
import { isIP } from 'node:net';
import type { Guest } from '../../backends/backend.ts';
import { fingerprintOf, type HostKeyCheck, hostKeyCheck } from '../customize/host-keys.ts';
import type { PlannedAccess } from '../plan/types.ts';
import type { WorkContext } from './build-context.ts';

/** Bytes of console to look for cloud-init's list in. */
const tailBytes = 256 * 1024;

/** Milliseconds that cloud-init gets to print the keys, where it was told to. */
const patience = 30_000;
const pollMs = 2000;

export interface GuestIdentity extends HostKeyCheck {
  /** To be called when a session is there: says in the log what its host key is trusted by. */
  tell(host: string): Promise<void>;
}

const isLoopback = (host: string) =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/** `prints`: whether cloud-init in the guest was told to print its keys. */
export function guestIdentity(
  { emit, clock, signal }: Pick<WorkContext, 'emit' | 'clock' | 'signal'>,
  guest: Pick<Guest, 'console'>,
  access: Pick<PlannedAccess, 'password'>,
  prints: boolean,
): GuestIdentity {
  const check = hostKeyCheck(async () => {
    const shown = await guest.console({ signal, tailBytes }).catch(() => null);
    signal?.throwIfAborted();
    return shown?.tail ?? '';
  });
  async function settled() {
    const end = clock.now() + (prints ? patience : 0);
    for (;;) {
      const trust = await check.trust();
      if (trust !== 'first-use' || clock.now() >= end) return trust;
      await clock.delay(pollMs, signal);
    }
  }
  return {
    ...check,
    async tell(host) {
      // A port of this machine leads to the guest and nowhere else.
      if (isLoopback(host)) return;
      const trust = await settled();
      const key = check.pinned();
      if (!key || !trust) return;
      const which = `the guest's SSH host key ${fingerprintOf(key)}`;
      const risk = access.password === undefined ? 'what this build sends' : 'the password';
      const [level, text] =
        trust === 'printed'
          ? (['info', `${which} is one that its console prints`] as const)
          : ([
              access.password === undefined ? 'info' : 'warning',
              `${which} is trusted at first sight: its console prints none, and who can answer for ${host} sees ${risk}`,
            ] as const);
      emit({ type: 'log', level, text });
    },
  };
}
