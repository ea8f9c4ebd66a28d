/** The way to a guest's SSH port through another host. */
import net from 'node:net';
import type { Duplex } from 'node:stream';
import ssh2, { type AnyAuthMethod, type Client } from 'ssh2';
import { messageOf, OzError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { readBounded } from '../base/read-bounded.ts';
import type { Address, Auth } from './session.ts';
import { hostKeyAlgorithms } from './ssh-algorithms.ts';
import { hostSettings, knownHostKeys, type SshHome, userSshHome } from './ssh-config.ts';
import { isProhibited } from './ssh-forward.ts';

export interface Way {
  /** Connected to the guest's SSH port. */
  stream: Duplex;
  close(): void;
}

type Bastion = NonNullable<Address['bastion']>;

const nameOf = ({ user, host, port }: Bastion) => `${user}@${host}${port === 22 ? '' : `:${port}`}`;

function refused(bastion: Bastion, why: string, hint: string, cause?: unknown): OzError {
  return new OzError('OZ_SSH_BASTION', `Cannot go through the bastion ${nameOf(bastion)}: ${why}`, {
    hint,
    cause,
  });
}

/** The build's own key, then the agent's, then those of ~/.ssh that need no passphrase. */
async function authMethods(
  bastion: Bastion,
  auth: Auth,
  identities: readonly string[],
  home: SshHome,
): Promise<AnyAuthMethod[]> {
  const username = bastion.user;
  const files = await Promise.all(
    identities.map((file) => readBounded(file, limits.record).catch(() => undefined)),
  );
  const usable = files.filter(
    (key): key is NonNullable<typeof key> =>
      key !== undefined && !(ssh2.utils.parseKey(key) instanceof Error),
  );
  const own = 'privateKey' in auth ? [auth.privateKey] : [];
  return [
    ...own.map((key) => ({ type: 'publickey' as const, username, key })),
    ...(home.agent ? [{ type: 'agent' as const, username, agent: home.agent }] : []),
    ...usable.map((key) => ({ type: 'publickey' as const, username, key })),
  ];
}

const authHint =
  "the bastion must accept the build's own key ([paths] sshprivkey), the SSH agent's, or one of ~/.ssh";

async function connectBastion(
  bastion: Bastion,
  auth: Auth,
  home: SshHome,
  signal: AbortSignal,
): Promise<Client> {
  const settings = await hostSettings(bastion.host, home);
  const port = bastion.port === 22 ? (settings.port ?? 22) : bastion.port;
  const known = await knownHostKeys(bastion.host, port, home);
  const authHandler = await authMethods(bastion, auth, settings.identities, home);
  signal.throwIfAborted();
  const client = new ssh2.Client();
  const socket = net.connect({ host: settings.hostName, port, noDelay: true });
  let foreign = false;
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Error & { level?: string }) => {
        if (foreign) {
          const hint = `check its host key, and ~/.ssh/known_hosts`;
          reject(refused(bastion, 'its host key is not the one it is known by', hint));
        } else if (error.level === 'client-authentication') {
          reject(refused(bastion, 'it lets none of the keys in', authHint, error));
        } else reject(unreachable(bastion, error));
      };
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      socket.once('error', fail);
      client.once('ready', () => resolve());
      client.once('error', fail);
      client.once('close', () => fail(new Error('the connection was closed')));
      client.connect({
        sock: socket,
        username: bastion.user,
        authHandler,
        // One that nobody knows yet is taken, as ssh does with accept-new.
        hostVerifier: (key: Buffer) => {
          foreign = known.length > 0 && !known.some(({ blob }) => blob.equals(key));
          return !foreign;
        },
        algorithms: {
          // So that it shows one of those by which it is known.
          serverHostKey: hostKeyAlgorithms(new Set(known.map(({ type }) => type))),
        },
        readyTimeout: 0,
        keepaliveInterval: 15_000,
        keepaliveCountMax: 12,
      });
    });
  } catch (error) {
    client.on('error', () => {});
    socket.on('error', () => {});
    client.destroy();
    socket.destroy();
    throw error;
  }
  return client;
}

function unreachable(bastion: Bastion, error: Error): OzError {
  return new OzError(
    'OZ_SSH_BASTION_UNREACHABLE',
    `Cannot reach the bastion ${nameOf(bastion)}: ${messageOf(error)}`,
    { hint: 'check [openstack] bastion and the network to it', cause: error },
  );
}

/**
 * A connection to the guest's SSH port. Throws OZ_SSH_BASTION (it will never let
 * us through), OZ_SSH_BASTION_UNREACHABLE, OZ_SSH_UNREACHABLE (the guest).
 */
export async function throughBastion(
  address: Address & { bastion: Bastion },
  auth: Auth,
  signal: AbortSignal,
  home: SshHome = userSshHome(),
): Promise<Way> {
  const { bastion, host, port } = address;
  const client = await connectBastion(bastion, auth, home, signal);
  const close = () => {
    client.on('error', () => {});
    client.end();
    setTimeout(() => client.destroy(), 2000).unref();
  };
  try {
    const stream = await new Promise<Duplex>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      client.once('error', (error) => reject(unreachable(bastion, error)));
      client.once('close', () => reject(unreachable(bastion, new Error('it hung up'))));
      client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
        if (!error) return resolve(channel);
        if (isProhibited(error)) {
          const hint = 'its sshd_config needs AllowTcpForwarding yes for this user';
          return reject(refused(bastion, 'it forwards no connections', hint, error));
        }
        return reject(
          new OzError(
            'OZ_SSH_UNREACHABLE',
            `Cannot reach the guest's SSH server at ${host}:${port} through the bastion ${nameOf(bastion)}: ${messageOf(error)}`,
            { hint: 'check that sshd runs in the guest and that its network is up', cause: error },
          ),
        );
      });
    });
    client.on('error', () => {}); // told by the stream's end
    return { stream, close };
  } catch (error) {
    close();
    throw error;
  }
}
