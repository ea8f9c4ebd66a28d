/** A Connection whose calls are answered by the test, for what can't be provoked for real. */
import type { Connection, DomainEvent } from '../../../backends/libvirt/connection.ts';
import { callFailure } from '../../../backends/libvirt/failures.ts';
import { vir } from '../../../backends/libvirt/ffi.ts';
import type { LibvirtFailure, OperationName } from '../../../backends/libvirt/operations.ts';
import { CallFailure } from '../../../backends/libvirt/threads.ts';

export type Answers = Partial<Record<OperationName, (...args: unknown[]) => unknown>>;

export interface FakeConnection extends Connection {
  readonly calls: OperationName[];
  emit(uuid: string, event: DomainEvent): void;
}

export function failure(code: number, message = 'made up'): CallFailure {
  return new CallFailure({ code, domain: 0, message, call: 'fake' } satisfies LibvirtFailure);
}

export const noDomain = () => failure(vir.error.noDomain, 'Domain not found');

export function fakeConnection(answers: Answers): FakeConnection {
  const calls: OperationName[] = [];
  const listeners = new Map<string, Set<(event: DomainEvent) => void>>();
  return {
    uri: 'qemu:///session',
    calls,
    emit(uuid, event) {
      for (const listener of [...(listeners.get(uuid) ?? [])]) listener(event);
    },
    async call(action, operation, args) {
      calls.push(operation);
      try {
        return (await answers[operation]?.(...(args as unknown[]))) as never;
      } catch (error) {
        throw callFailure(error, action);
      }
    },
    onDomain(uuid, listener) {
      const own = listeners.get(uuid) ?? new Set();
      own.add(listener);
      listeners.set(uuid, own);
      return () => void own.delete(listener);
    },
    async close() {},
  };
}

export const lifecycle = (event: number, detail = 0): DomainEvent => ({
  kind: 'lifecycle',
  event,
  detail,
});
