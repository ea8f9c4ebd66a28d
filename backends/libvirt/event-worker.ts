/**
 * The worker thread that runs libvirt's event loop, as a plain synchronous
 * call: as an asynchronous one it would keep the process from ever exiting.
 */
import { parentPort } from 'node:worker_threads';
import { type Libvirt, loadLibvirt, type Pointer, vir } from './ffi.ts';

export type EventRequest =
  | { kind: 'watch'; conn: Pointer; id: number }
  | { kind: 'unwatch'; conn: Pointer; id: number }
  | { kind: 'stop' };

export type EventReply =
  | { kind: 'ready'; timer: number }
  | { kind: 'unavailable'; message: string }
  | { kind: 'watching'; id: number; failed: string | null }
  | { kind: 'unwatched'; id: number }
  | { kind: 'lifecycle'; id: number; uuid: string; event: number; detail: number }
  | { kind: 'closed'; id: number }
  | { kind: 'io-error'; id: number; uuid: string; device: string; reason: string };

/** The loop looks for messages at least this often, in milliseconds. */
const turn = 200;

function uuidOf(lib: Libvirt, domain: Pointer): string {
  const buffer = new Uint8Array(37);
  lib.virDomainGetUUIDString(domain, buffer);
  return Buffer.from(buffer.subarray(0, 36)).toString('latin1');
}

function run(lib: Libvirt, reply: (message: EventReply) => void): void {
  // Its log goes to standard error, warnings and all, unless told: only errors.
  lib.setenv('LIBVIRT_DEBUG', '4', 0);
  lib.virInitialize();
  lib.virEventRegisterDefaultImpl();
  // libvirt writes each error to standard error unless a handler takes it. A C
  // function that ignores its arguments does, in whichever thread it happens.
  lib.virSetErrorFunc(null, lib.nothing);

  const watched = new Map<number, { callbacks: number[]; close: Pointer }>();
  let stopping = false;
  const timer: number = lib.virEventAddTimeout(
    turn,
    lib.onTimer(() => lib.virEventUpdateTimeout(timer, turn)),
    null,
    null,
  );

  function watch(conn: Pointer, id: number): void {
    const lifecycle = lib.onLifecycle((_conn, domain, event, detail) =>
      reply({ kind: 'lifecycle', id, uuid: uuidOf(lib, domain), event, detail }),
    );
    const ioError = lib.onIoError((_conn, domain, _source, alias, _action, reason) =>
      reply({
        kind: 'io-error',
        id,
        uuid: uuidOf(lib, domain),
        device: alias ?? '',
        reason: reason ?? '',
      }),
    );
    const register = (event: number, callback: Pointer) =>
      lib.virConnectDomainEventRegisterAny(conn, null, event, callback, null, null);
    const first = register(vir.eventId.lifecycle, lifecycle);
    const failed = first < 0 ? lib.virGetLastErrorMessage() : null;
    // Only QEMU's driver tells of I/O errors; without them the state is left.
    const second = register(vir.eventId.ioErrorReason, ioError);
    // Drivers inside this process have no connection that could end.
    const close = lib.onClose(() => reply({ kind: 'closed', id }));
    lib.virConnectRegisterCloseCallback(conn, close, null, null);
    watched.set(id, {
      callbacks: [first, second].filter((callback) => callback >= 0),
      close,
    });
    reply({ kind: 'watching', id, failed });
  }

  function unwatch(conn: Pointer, id: number): void {
    const own = watched.get(id);
    for (const callback of own?.callbacks ?? []) {
      lib.virConnectDomainEventDeregisterAny(conn, callback);
    }
    if (own) lib.virConnectUnregisterCloseCallback(conn, own.close);
    watched.delete(id);
    reply({ kind: 'unwatched', id });
  }

  parentPort?.on('message', (request: EventRequest) => {
    if (request.kind === 'watch') watch(request.conn, request.id);
    else if (request.kind === 'unwatch') unwatch(request.conn, request.id);
    else stopping = true;
  });

  function pump(): void {
    if (stopping) {
      lib.virEventRemoveTimeout(timer);
      parentPort?.close();
      return;
    }
    lib.virEventRunDefaultImpl();
    setImmediate(pump);
  }
  reply({ kind: 'ready', timer });
  setImmediate(pump);
}

try {
  run(loadLibvirt(), (message) => parentPort?.postMessage(message));
} catch (error) {
  parentPort?.postMessage({
    kind: 'unavailable',
    message: error instanceof Error ? error.message : String(error),
  } satisfies EventReply);
}
