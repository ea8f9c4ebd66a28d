/** A session with a guest over SSH: commands and uploads. */
import net from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import ssh2, { type Client } from 'ssh2';
import { deadline, delay } from '../base/abort.ts';
import { messageOf, OzError } from '../base/errors.ts';
import { throughBastion, type Way } from './bastion.ts';
import type { HostKeyCheck } from './host-keys.ts';
import { algorithmsFor } from './ssh-algorithms.ts';
import type { SshHome } from './ssh-config.ts';
import { forwarder } from './ssh-forward.ts';
import { runCommand } from './ssh-run.ts';
import { uploader } from './ssh-upload.ts';

export interface Address {
  host: string;
  port: number;
  /** The host that connections must go through. */
  bastion?: { user: string; host: string; port: number } | undefined;
}

/** How to log in. Both secrets stay out of every message. */
export type Auth = { username: string } & ({ privateKey: string } | { password: string });

export interface RunOptions {
  signal?: AbortSignal | undefined;
  /** Written to the command's standard input, which is then closed. */
  input?: Buffer | string | undefined;
  /** Called with each line of output as it comes, without its line end. */
  onOutput?: ((stream: 'stdout' | 'stderr', line: string) => void) | undefined;
  /** Milliseconds; none unless told. */
  timeoutMs?: number | undefined;
  /** Of use only as a whole: more than `limits.commandOutput` is a failure, whose end is not waited for. */
  whole?: boolean | undefined;
  /** Exit codes that are no failure; [0] unless told. */
  okCodes?: readonly number[] | 'any' | undefined;
}

export interface RunResult {
  /** 128 + 15 or so when a signal ended the command. */
  code: number;
  /** The last of it, should there be more than `limits.commandOutput`. */
  stdout: string;
  stderr: string;
}

export interface UploadOptions {
  /**
   * Permissions of the file. Unless told, a new file gets 0600 and a file that
   * is there keeps its own.
   */
  mode?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** Every call rejects with OZ_SSH_LOST once the connection has gone. */
export interface Session {
  /**
   * Runs a command line by the user's login shell. Throws OZ_SSH_COMMAND_FAILED
   * for an exit code that is not in `okCodes`, OZ_SSH_COMMAND_TIMEOUT.
   */
  run(command: string, options?: RunOptions): Promise<RunResult>;
  /** Writes a file; its directory must exist. Throws OZ_SSH_UPLOAD. */
  upload(remotePath: string, content: Buffer | Readable, options?: UploadOptions): Promise<void>;
  /** A connection that is made from the guest; absent: not possible here. */
  dial?(host: string, port: number): Promise<Duplex>;
  /** Takes connections on the guest's loopback. Throws OZ_SSH_TUNNEL where its server forbids it. */
  listen?(
    onConnection: (stream: Duplex) => void,
  ): Promise<{ port: number; close(): Promise<void> }>;
  close(): Promise<void>;
}

/** How far an attempt to connect has come. */
export type ConnectStage = 'connecting' | 'connected' | 'banner' | 'handshake';

export interface ConnectOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds until the session must be there; 20 000 unless told. */
  readyTimeoutMs?: number | undefined;
  onStage?: ((stage: ConnectStage) => void) | undefined;
  /** Tells the guest's server from others; any is taken unless told. */
  hostKeys?: Pick<HostKeyCheck, 'verify' | 'pin' | 'types'> | undefined;
  /** For bastions; the user's own unless told. */
  sshHome?: SshHome | undefined;
}

function wordFailure(error: Error & { level?: string }, { host, port }: Address): OzError {
  if (error.level === 'client-authentication') {
    return new OzError(
      'OZ_SSH_AUTH',
      `Cannot log in to the guest at ${host}:${port}: it refuses the key or password`,
      {
        hint: 'check that the image lets root in with the key at [paths] sshprivkey',
        cause: error,
      },
    );
  }
  return new OzError(
    'OZ_SSH_UNREACHABLE',
    `Cannot reach the guest's SSH server at ${host}:${port}: ${messageOf(error)}`,
    { hint: 'check that sshd runs in the guest and that its network is up', cause: error },
  );
}

/** Milliseconds for a server to name its other keys, which OpenSSH's does as soon as it lets one in. */
const namingMs = 5000;

/** The server's other host keys, which it proves to have by signatures of this very session. */
function provenKeys(client: Client): () => Promise<Buffer[]> {
  const named = new Promise<Buffer[]>((resolve) => {
    client.once('hostkeys', (keys) => resolve(keys.map((key) => key.getPublicSSH())));
    client.once('close', () => resolve([]));
  });
  return () => Promise.race([named, delay(namingMs).then((): Buffer[] => [])]);
}

/** The way to the guest's port; a direct one may still be connecting. */
async function wayTo(
  address: Address,
  auth: Auth,
  signal: AbortSignal,
  home: SshHome | undefined,
): Promise<Way> {
  const { host, port, bastion } = address;
  if (bastion) return throughBastion({ ...address, bastion }, auth, signal, home);
  return { stream: net.connect({ host, port, noDelay: true }), close: () => {} };
}

/**
 * Connects and logs in. Throws OZ_SSH_AUTH, OZ_SSH_UNREACHABLE, what `hostKeys` throws, for a bastion
 * OZ_SSH_BASTION and OZ_SSH_BASTION_UNREACHABLE, or the signal's reason.
 */
export async function connectSsh(
  address: Address,
  auth: Auth,
  options: ConnectOptions = {},
): Promise<Session> {
  options.signal?.throwIfAborted();
  const limit = options.readyTimeoutMs ?? 20_000;
  const { signal, clear } = deadline(
    limit,
    () => wordFailure(new Error(`no session within ${limit / 1000} s`), address),
    options.signal,
  );
  const client = new ssh2.Client();
  let way: Way | undefined;
  try {
    const types = (await options.hostKeys?.types()) ?? new Set<string>();
    way = await wayTo(address, auth, signal, options.sshHome);
    const { stream } = way;
    if (address.bastion) options.onStage?.('connected');
    await new Promise<void>((resolve, reject) => {
      let shown: Buffer | undefined;
      let foreign: unknown;
      const fail = (error: Error) => reject(foreign ?? wordFailure(error, address));
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      stream.once('error', fail);
      stream.once('connect', () => options.onStage?.('connected'));
      stream.once('data', () => options.onStage?.('banner'));
      client.once('handshake', () => options.onStage?.('handshake'));
      const others = provenKeys(client);
      client.once('ready', () => {
        if (shown) options.hostKeys?.pin(shown, others);
        resolve();
      });
      client.once('error', fail);
      client.once('close', () => fail(new Error('the connection was closed')));
      // FreeBSD's sshd takes passwords in this way only.
      client.on('keyboard-interactive', (_name, _text, _language, prompts, answer) =>
        answer(prompts.map(() => ('password' in auth ? auth.password : ''))),
      );
      try {
        client.connect({
          sock: stream,
          ...auth,
          tryKeyboard: 'password' in auth,
          hostVerifier: (key: Buffer, done: (yes: boolean) => void) => {
            shown = Buffer.from(key);
            const verified = options.hostKeys?.verify(shown) ?? Promise.resolve();
            verified.then(
              () => done(true),
              (error: unknown) => {
                foreign = error;
                done(false);
              },
            );
          },
          // Our own deadline covers connecting, handshake and login together.
          readyTimeout: 0,
          keepaliveInterval: 15_000,
          keepaliveCountMax: 12,
          algorithms: algorithmsFor(types),
        });
      } catch (error) {
        // ssh2 throws for a key it can't parse; its text does not hold the key.
        reject(
          new OzError('OZ_SSH_AUTH', `Cannot use the SSH key: ${messageOf(error)}`, {
            hint: 'give an unencrypted private key in PEM or OpenSSH form at [paths] sshprivkey',
          }),
        );
      }
    });
  } catch (error) {
    // Late errors of the abandoned attempt have nobody to tell.
    client.on('error', () => {});
    way?.stream.on('error', () => {});
    client.destroy();
    way?.stream.destroy();
    way?.close();
    throw error;
  } finally {
    clear();
  }
  client.once('close', way.close);
  return sessionOf(client, address);
}

function sessionOf(client: Client, { host, port }: Address): Session {
  const gone = new AbortController();
  const lose = (cause?: Error) => {
    if (gone.signal.aborted) return;
    gone.abort(
      new OzError(
        'OZ_SSH_LOST',
        `Cannot go on in the guest: the SSH connection to ${host}:${port} was lost`,
        { hint: 'the guest has stopped, restarted or hangs; see its console log', cause },
      ),
    );
  };
  client.on('error', lose);
  client.on('close', () => lose());
  const upload = uploader(client, gone.signal);
  return {
    run: (command, options = {}) => runCommand(client, command, options, gone.signal),
    upload,
    ...forwarder(client, gone.signal),
    close: async () => {
      if (gone.signal.aborted) return;
      const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
      client.end();
      // A guest that no longer answers must not hold up the build.
      const timer = setTimeout(() => client.destroy(), 2000);
      await closed;
      clearTimeout(timer);
    },
  };
}
