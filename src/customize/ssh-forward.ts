/** Connections through an SSH session, in both directions. */
import type { Duplex } from 'node:stream';
import type { Client, TcpConnectionDetails } from 'ssh2';
import { messageOf, OzError } from '../base/errors.ts';
import type { Session } from './session.ts';
import { orAborted } from './ssh-run.ts';

const loopback = '127.0.0.1';

/** RFC 4254: what a server says about a channel that it never opens. */
const prohibited = 1;

export function isProhibited(error: Error & { reason?: unknown }): boolean {
  return error.reason === prohibited || error.reason === 'ADMINISTRATIVELY_PROHIBITED';
}

function forbidden(cause: unknown): OzError {
  return new OzError(
    'OZ_SSH_TUNNEL',
    `Cannot make repositories reachable for the guest: ${messageOf(cause)}`,
    { hint: "the guest's sshd_config needs AllowTcpForwarding yes", cause },
  );
}

export function forwarder(
  client: Client,
  gone: AbortSignal,
): Required<Pick<Session, 'dial' | 'listen'>> {
  // Both throw OZ_SSH_TUNNEL where the guest's server forbids it.
  return {
    dial: (host, port) =>
      orAborted(
        new Promise<Duplex>((resolve, reject) => {
          client.forwardOut(loopback, 0, host, port, (error, channel) =>
            error ? reject(isProhibited(error) ? forbidden(error) : error) : resolve(channel),
          );
        }),
        gone,
      ),
    async listen(onConnection) {
      const asked = new Promise<number>((resolve, reject) => {
        client.forwardIn(loopback, 0, (error, port) => (error ? reject(error) : resolve(port)));
      });
      const port = await orAborted(asked, gone).catch((error) => {
        gone.throwIfAborted();
        throw forbidden(error);
      });
      const take = (details: TcpConnectionDetails, accept: () => Duplex) => {
        if (details.destPort === port) onConnection(accept());
      };
      client.on('tcp connection', take);
      return {
        port,
        close: async () => {
          client.off('tcp connection', take);
          if (gone.aborted) return;
          await new Promise<void>((resolve) => {
            client.unforwardIn(loopback, port, () => resolve());
            gone.addEventListener('abort', () => resolve(), { once: true });
          });
        },
      };
    },
  };
}
