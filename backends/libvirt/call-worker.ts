/** A worker thread that makes libvirt calls, one at a time, and sends back what came of them. */
import { parentPort } from 'node:worker_threads';
import {
  FailedCall,
  type LibvirtFailure,
  type OperationContext,
  operations,
} from './operations.ts';

export interface CallRequest {
  id: number;
  operation: string;
  args: unknown[];
  /** One Int32: not zero once the caller has given up. */
  abort: SharedArrayBuffer;
}

export type CallReply =
  | { id: number; kind: 'progress'; done: number; total: number | null }
  | { id: number; kind: 'result'; result: unknown }
  | { id: number; kind: 'failure'; failure: LibvirtFailure }
  | { id: number; kind: 'error'; message: string; code: string | undefined };

/** Progress messages are for humans: a few a second are enough. */
const progressInterval = 200;

function answer(request: CallRequest, reply: (message: CallReply) => void): void {
  const { id } = request;
  const flag = new Int32Array(request.abort);
  let told = 0;
  const context: OperationContext = {
    aborted: () => Atomics.load(flag, 0) !== 0,
    progress(done, total) {
      const now = Date.now();
      if (now - told < progressInterval && done !== total) return;
      told = now;
      reply({ id, kind: 'progress', done, total });
    },
  };
  try {
    const operation = (
      operations as unknown as Record<
        string,
        (context: OperationContext, ...a: unknown[]) => unknown
      >
    )[request.operation];
    if (!operation) throw new Error(`no operation ${request.operation}`);
    reply({ id, kind: 'result', result: operation(context, ...request.args) });
  } catch (error) {
    if (error instanceof FailedCall) {
      reply({ id, kind: 'failure', failure: error.failure });
    } else {
      const { message, code } = error as NodeJS.ErrnoException;
      reply({ id, kind: 'error', message, code });
    }
  }
}

const port = parentPort;
port?.on('message', (request: CallRequest | 'stop') => {
  if (request === 'stop') port.close();
  else answer(request, (message) => port.postMessage(message));
});
