/**
 * The threads that talk to libvirt: one that runs its event loop, and up to
 * three that make calls. They start with the first connection and end with
 * the last one.
 */
import type { Worker } from 'node:worker_threads';
import { startWorker } from '../../src/base/start-worker.ts';
import type { CallReply, CallRequest } from './call-worker.ts';
import type { EventReply, EventRequest } from './event-worker.ts';
import type { Pointer } from './ffi.ts';
import type {
  LibvirtFailure,
  OperationArguments,
  OperationName,
  Operations,
} from './operations.ts';

/** Thrown for a libvirt call that failed; connection.ts words it for users. */
export class CallFailure extends Error {
  readonly failure: LibvirtFailure;
  constructor(failure: LibvirtFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** Thrown when the library can't be loaded. */
export class LibraryMissing extends Error {}

export interface CallExtras {
  signal?: AbortSignal | undefined;
  onProgress?: ((done: number, total: number | null) => void) | undefined;
}

export interface DomainEvents {
  lifecycle(uuid: string, event: number, detail: number): void;
  ioError(uuid: string, device: string, reason: string): void;
  /** The connection to the daemon is gone. */
  closed(): void;
}

const maxCallers = 3;

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
  progress: CallExtras['onProgress'];
}

interface Caller {
  worker: Worker;
  pending: Map<number, Pending>;
  exited: Promise<void>;
}

interface EventLoop {
  worker: Worker;
  timer: number;
  exited: Promise<void>;
}

interface Callers {
  threads: Caller[];
}

let callers: Callers = { threads: [] };
let loop: Promise<EventLoop> | undefined;
let users = 0;
/** The end of the threads before: libvirt has one event loop in a process. */
let ended: Promise<void> = Promise.resolve();
let lastId = 0;
const watchers = new Map<number, DomainEvents>();
const acknowledged = new Map<number, (failed: string | null) => void>();

function exitOf(worker: Worker): Promise<void> {
  return new Promise((resolve) => worker.once('exit', () => resolve()));
}

function settle(caller: Caller, reply: CallReply): void {
  const call = caller.pending.get(reply.id);
  if (!call) return;
  if (reply.kind === 'progress') {
    call.progress?.(reply.done, reply.total);
    return;
  }
  caller.pending.delete(reply.id);
  if (caller.pending.size === 0) caller.worker.unref();
  if (reply.kind === 'result') call.resolve(reply.result);
  else if (reply.kind === 'failure') call.reject(new CallFailure(reply.failure));
  else call.reject(Object.assign(new Error(reply.message), { code: reply.code }));
}

function startCaller(among: Callers): Caller {
  const worker = startWorker('backends/libvirt/call-worker');
  const caller: Caller = { worker, pending: new Map(), exited: exitOf(worker) };
  const fail = (error: Error) => {
    among.threads = among.threads.filter((other) => other !== caller);
    for (const call of caller.pending.values()) call.reject(error);
    caller.pending.clear();
  };
  worker.on('message', (reply: CallReply) => settle(caller, reply));
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('the libvirt thread has ended')));
  worker.unref();
  among.threads.push(caller);
  return caller;
}

/** An idle thread, or a new one, or the one with the least to do. */
function chooseCaller(among: Callers): Caller {
  const { threads } = among;
  const idle = threads.find((caller) => caller.pending.size === 0);
  if (idle) return idle;
  if (threads.length < maxCallers) return startCaller(among);
  return threads.reduce((a, b) => (a.pending.size <= b.pending.size ? a : b));
}

/**
 * Makes one libvirt call in a thread. Rejects with CallFailure, or with the
 * signal's reason at once when it is aborted (a transfer then ends by itself).
 */
export function call<N extends OperationName>(
  operation: N,
  args: OperationArguments<N>,
  extras: CallExtras = {},
  among: Callers = callers,
): Promise<ReturnType<Operations[N]>> {
  const { signal } = extras;
  if (signal?.aborted) return Promise.reject(signal.reason);
  const id = ++lastId;
  const abort = new SharedArrayBuffer(4);
  return new Promise((resolve, reject) => {
    const caller = chooseCaller(among);
    const onAbort = () => {
      Atomics.store(new Int32Array(abort), 0, 1);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    const done = () => signal?.removeEventListener('abort', onAbort);
    caller.pending.set(id, {
      progress: extras.onProgress,
      resolve(result) {
        done();
        resolve(result as ReturnType<Operations[N]>);
      },
      reject(error) {
        done();
        reject(error);
      },
    });
    caller.worker.ref();
    caller.worker.postMessage({ id, operation, args, abort } satisfies CallRequest);
  });
}

function takeEvent(message: EventReply): void {
  switch (message.kind) {
    case 'lifecycle':
      watchers.get(message.id)?.lifecycle(message.uuid, message.event, message.detail);
      break;
    case 'io-error':
      watchers.get(message.id)?.ioError(message.uuid, message.device, message.reason);
      break;
    case 'closed':
      watchers.get(message.id)?.closed();
      break;
    case 'watching':
      acknowledged.get(message.id)?.(message.failed);
      break;
    case 'unwatched':
      acknowledged.get(message.id)?.(null);
      break;
    default:
      break;
  }
}

function startLoop(): Promise<EventLoop> {
  const worker = startWorker('backends/libvirt/event-worker');
  const exited = exitOf(worker);
  return new Promise((resolve, reject) => {
    worker.on('message', (message: EventReply) => {
      if (message.kind === 'ready') resolve({ worker, timer: message.timer, exited });
      else if (message.kind === 'unavailable') reject(new LibraryMissing(message.message));
      else takeEvent(message);
    });
    worker.on('error', reject);
  });
}

/** Takes part in the threads; release() must follow once. */
export async function acquire(): Promise<void> {
  users += 1;
  loop ??= ended.catch(() => {}).then(startLoop);
  const own = loop;
  try {
    await own;
  } catch (error) {
    users -= 1;
    if (loop === own) loop = undefined;
    throw error;
  }
}

async function tell(
  request: EventRequest,
  { worker, timer }: EventLoop,
  among: Callers = callers,
): Promise<void> {
  worker.postMessage(request);
  await call('wake', [timer], {}, among);
}

async function acknowledgedTell(request: EventRequest & { id: number }): Promise<string | null> {
  const answer = new Promise<string | null>((resolve) => acknowledged.set(request.id, resolve));
  await tell(request, (await loop) as EventLoop);
  const failed = await answer;
  acknowledged.delete(request.id);
  return failed;
}

/** Sends the connection's domain events to `events`; the returned function ends it. */
export async function watch(conn: Pointer, events: DomainEvents): Promise<() => Promise<void>> {
  const id = ++lastId;
  watchers.set(id, events);
  const failed = await acknowledgedTell({ kind: 'watch', conn, id });
  if (failed) {
    watchers.delete(id);
    throw new Error(failed);
  }
  return async () => {
    watchers.delete(id);
    await acknowledgedTell({ kind: 'unwatch', conn, id });
  };
}

async function endThreads(ending: EventLoop, among: Callers): Promise<void> {
  await tell({ kind: 'stop' }, ending, among);
  const { threads } = among;
  for (const caller of threads) {
    caller.worker.ref(); // so that the process waits for its end
    caller.worker.postMessage('stop');
  }
  await Promise.all([ending.exited, ...threads.map((caller) => caller.exited)]);
}

/**
 * The last to leave ends the threads. Whoever comes meanwhile gets others: these are nobody's from
 * the same moment on in which they have no user.
 */
export async function release(): Promise<void> {
  users -= 1;
  if (users > 0 || !loop) return;
  const among = callers;
  ended = loop.then((ending) => endThreads(ending, among));
  loop = undefined;
  callers = { threads: [] };
  await ended;
}
