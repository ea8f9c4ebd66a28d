/** onError `keep`: all is left where it is, and the user is told how to look at it and remove it. */
import type { Address, Guest } from '../../backends/backend.ts';
import type { Kept, OzError } from '../base/errors.ts';
import type { LedgerEntry } from '../base/ledger-entry.ts';
import { commandLine } from '../base/shell-words.ts';
import type { WorkContext } from './build-context.ts';

/** Milliseconds for each question; a dead hypervisor must not hold up the error. */
const patience = 10_000;

/** Whatever can't be had in time is left out. */
async function ask<T>(question: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
  const signal = AbortSignal.timeout(patience);
  const expired = new Promise<null>((resolve) => {
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
  return Promise.race([question(signal).catch(() => null), expired]);
}

/** As the build itself gets in; the guest's host key is of this build alone. */
function sshCommand({ plan }: WorkContext, { host, port, bastion }: Address): string[] {
  const { access } = plan;
  if (!access || access.method !== undefined) return [];
  const key = access.password === undefined ? ['-i', access.privateKeyPath] : [];
  const jump = bastion ? ['-J', `${bastion.user}@${bastion.host}:${bastion.port}`] : [];
  const options = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'];
  const words = ['ssh', ...key, ...jump, '-p', String(port), ...options];
  return [commandLine([...words, `${access.username}@${host}`])];
}

async function waysToLook(context: WorkContext, guest: Guest): Promise<string[]> {
  const ways = await ask(async (signal) => guest.watch?.({ signal }));
  const address = context.witness.entered ? await ask((signal) => guest.address({ signal })) : null;
  return [...(ways?.commands ?? []), ...(address ? sshCommand(context, address) : [])];
}

async function removalOf({ backend }: WorkContext, entry: LedgerEntry): Promise<string | null> {
  if (entry.place === 'file') return commandLine(['rm', '-rf', entry.ref]);
  return ask(async (signal) => (await backend.removal?.(entry, { signal })) ?? null);
}

/** On a full disk it can't be written; the ledger's file goes in the end, having no entry left. */
function forget(ledger: WorkContext['ledger'], entry: LedgerEntry): void {
  try {
    ledger.drop(entry);
  } catch {
    // the error that all is kept for says more
  }
}

/** Forgets all that the ledger holds; returns the error, with the commands in it. */
export async function keepAll(context: WorkContext, error: OzError): Promise<OzError> {
  const { ledger, witness, emit } = context;
  const entries = ledger.entries();
  const { guest, consoleLog } = witness;
  const look = [
    ...(consoleLog === null ? [] : [commandLine(['less', '-R', consoleLog])]),
    ...(guest ? await waysToLook(context, guest) : []),
  ];
  const remove: string[] = [];
  for (const entry of entries) {
    const command = await removalOf(context, entry);
    if (command !== null) remove.push(command);
    forget(ledger, entry);
  }
  if (entries.length === 0) return error;
  const kept: Kept = { look, remove };
  error.kept = kept;
  emit({ type: 'kept', ...kept });
  return error;
}
