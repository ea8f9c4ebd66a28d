/** A way in to guests with user-mode networking: a forwarded port of this machine's loopback. */
import { OzError } from '../../src/base/errors.ts';
import type { Connection } from './connection.ts';

/** libvirt's name for the first network device's other end. */
const netdev = 'hostnet0';

/** The line of `info usernet` that tells a forward to port 22: `… 127.0.0.1 40001 10.0.2.15 22 …`. */
const forwardLine = /TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s+\S+\s+22\s/;

/** The port that is forwarded to the guest's SSH port, from `info usernet`; null: none. */
export function forwardedPort(usernet: string): number | null {
  const port = forwardLine.exec(usernet)?.[1];
  return port === undefined ? null : Number(port);
}

/**
 * Forwards a free port to the guest's port 22. QEMU binds port 0, so the
 * kernel picks one that nobody else can have taken in between.
 */
export async function forwardSsh(
  connection: Connection,
  uuid: string,
  signal?: AbortSignal,
): Promise<number> {
  const action = 'forward a port to the guest';
  const monitor = (command: string) =>
    connection.call(action, 'monitor', [uuid, command], { signal });
  const there = forwardedPort(await monitor('info usernet'));
  if (there !== null) return there;
  const said = (await monitor(`hostfwd_add ${netdev} tcp:127.0.0.1:0-:22`)).trim();
  const port = forwardedPort(await monitor('info usernet'));
  if (port === null || port === 0) {
    throw new OzError(
      'OZ_FORWARD_FAILED',
      `Cannot ${action}: QEMU made none${said ? ` and said "${said}"` : ''}`,
    );
  }
  return port;
}
