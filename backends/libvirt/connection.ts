/**
 * A connection to libvirt: typed calls with worded errors, domain events by
 * UUID, and a second attempt after the daemon was restarted.
 */
import { callFailure, connectFailure, isDisconnected } from './failures.ts';
import type { Pointer } from './ffi.ts';
import type { OperationName, Operations } from './operations.ts';
import { acquire, type CallExtras, call, release, watch } from './threads.ts';

/** Arguments after the context and the connection. */
type DomainArguments<N extends OperationName> =
  Parameters<Operations[N]> extends [unknown, Pointer, ...infer Rest] ? Rest : never;

/** Operations on a connection. */
type ConnectedName = Exclude<OperationName, 'open' | 'close' | 'wake'>;

export type DomainEvent =
  | { kind: 'lifecycle'; event: number; detail: number }
  | { kind: 'io-error'; device: string; reason: string }
  | { kind: 'connection-lost' };

export interface Connection {
  readonly uri: string;
  /**
   * Makes one call. `action` reads like "start guest x" and words a failure,
   * an OzError whose cause holds libvirt's own code (see failures.ts).
   */
  call<N extends ConnectedName>(
    action: string,
    operation: N,
    args: DomainArguments<N>,
    extras?: CallExtras,
  ): Promise<ReturnType<Operations[N]>>;
  /** Events of one domain; the returned function ends it. */
  onDomain(uuid: string, listener: (event: DomainEvent) => void): () => void;
  close(): Promise<void>;
}

/** Opens a connection. Throws OzErrors OZ_LIBVIRT_…; an abort leaves nothing open. */
export async function connect(uri: string, signal?: AbortSignal): Promise<Connection> {
  signal?.throwIfAborted();
  await acquire().catch((error: unknown) => {
    throw connectFailure(error, uri);
  });

  const listeners = new Map<string, Set<(event: DomainEvent) => void>>();
  const send = (uuid: string, event: DomainEvent) => {
    for (const listener of [...(listeners.get(uuid) ?? [])]) listener(event);
  };
  let conn: Pointer;
  let unwatch: () => Promise<void>;
  let lost = false;

  async function open(): Promise<void> {
    conn = await call('open', [uri]);
    lost = false;
    unwatch = await watch(conn, {
      lifecycle: (uuid, event, detail) => send(uuid, { kind: 'lifecycle', event, detail }),
      ioError: (uuid, device, reason) => send(uuid, { kind: 'io-error', device, reason }),
      closed() {
        lost = true;
        for (const uuid of [...listeners.keys()]) send(uuid, { kind: 'connection-lost' });
      },
    });
  }

  async function shut(): Promise<void> {
    await unwatch();
    await call('close', [conn]);
  }

  let reopening: Promise<void> | undefined;
  /** After a restart of the daemon; the old connection's memory is given back. */
  function reopen(): Promise<void> {
    reopening ??= (async () => {
      await shut().catch(() => {});
      await open();
    })().finally(() => {
      reopening = undefined;
    });
    return reopening;
  }

  const opening = open();
  try {
    if (signal) {
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
      await Promise.race([opening, aborted]);
    } else {
      await opening;
    }
  } catch (error) {
    const left = opening.then(shut, () => {}).finally(release);
    if (signal?.aborted) {
      left.catch(() => {});
      throw signal.reason;
    }
    await left;
    throw connectFailure(error, uri);
  }

  async function attempt<N extends ConnectedName>(
    operation: N,
    args: DomainArguments<N>,
    extras: CallExtras | undefined,
  ): Promise<ReturnType<Operations[N]>> {
    if (lost) await reopen();
    const all = [conn, ...(args as unknown[])] as never;
    return call(operation, all, extras);
  }

  return {
    uri,
    async call(action, operation, args, extras) {
      try {
        try {
          return await attempt(operation, args, extras);
        } catch (error) {
          // The daemon went away between two calls: once more on a new connection.
          if (lost || !isDisconnected(error) || operation.startsWith('create')) throw error;
          lost = true;
          return await attempt(operation, args, extras);
        }
      } catch (error) {
        throw callFailure(error, action);
      }
    },
    onDomain(uuid, listener) {
      const own = listeners.get(uuid) ?? new Set();
      own.add(listener);
      listeners.set(uuid, own);
      return () => {
        own.delete(listener);
        if (own.size === 0) listeners.delete(uuid);
      };
    },
    async close() {
      try {
        if (lost) await shut().catch(() => {});
        else await shut();
      } finally {
        await release();
      }
    },
  };
}
