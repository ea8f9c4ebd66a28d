/** Opens the place and the ledger for a piece of work. */
import type { Backend } from '../../backends/backend.ts';
import { codeOf, messageOf, OzError } from '../base/errors.ts';
import type { LedgerEntry } from '../base/ledger-entry.ts';
import { systemHint, whyOf } from '../base/system-errors.ts';
import type { EventStream } from '../engine/event-stream.ts';
import type { Ledger } from '../engine/ledger.ts';
import { otherDataDir } from './outputs.ts';
import type { Settings } from './settings.ts';

/** Thrown for what is left in another place than the one that is open. */
const notHere = new Error('it is in another place');

function openLedgerIn(dataDir: string, open: (dir: string) => Ledger): Ledger {
  try {
    return open(dataDir);
  } catch (error) {
    throw new OzError(
      'OZ_DATA_DIR',
      `Cannot use the data directory ${dataDir}: ${whyOf(error).replace(/^Cannot [^:]*: /, '')}`,
      { hint: systemHint(error, otherDataDir), cause: error },
    );
  }
}

/**
 * What an earlier run left here goes first; what is elsewhere stays for a run there. Returns what
 * is left because nobody can tell whose it is.
 */
async function clearLeftovers(
  backend: Backend,
  dataDir: string,
  stream: EventStream,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { clearDeadLedgers } = await import('../engine/leftovers.ts');
  const elsewhere = new Map<string, number>();
  const remove = async (entry: LedgerEntry) => {
    try {
      if (entry.place === backend.type) return await backend.remove(entry, { signal });
    } catch (error) {
      if (!/_PLACE$/.test(codeOf(error) ?? '')) throw error;
    }
    const where = [entry.place, entry.at].filter(Boolean).join(' ');
    elsewhere.set(where, (elsewhere.get(where) ?? 0) + 1);
    throw notHere;
  };
  const { removed, failed, doubts } = await clearDeadLedgers(dataDir, remove, signal);
  for (const entry of removed) {
    const text = `removed ${entry.kind} ${entry.ref}, left by an earlier run`;
    stream.emit({ type: 'log', level: 'info', text });
  }
  // Errors: in a cloud such things cost money, and nobody else tells of them.
  for (const { entry, error } of failed) {
    if (error === notHere) continue;
    const text = `cannot remove ${entry.kind} ${entry.ref} of an earlier run: ${messageOf(error)}`;
    stream.emit({ type: 'log', level: 'error', text });
  }
  for (const [where, count] of elsewhere) {
    const what =
      count === 1 ? '1 thing of an earlier run is' : `${count} things of an earlier run are`;
    const text = `${what} still in ${where}: the next run there clears up`;
    stream.emit({ type: 'log', level: 'error', text });
  }
  for (const text of doubts) stream.emit({ type: 'log', level: 'warning', text });
  return doubts;
}

/** Runs `work` with the place open and a ledger; both are closed afterwards, come what may. */
export async function withBackend<T>(
  { tdl, place, config }: Settings,
  stream: EventStream,
  signal: AbortSignal,
  work: (backend: Backend, ledger: Ledger) => Promise<T>,
  onWarnings?: (warnings: readonly string[]) => void,
): Promise<T> {
  const [{ openLedger }, { masker }, { secretsOf }] = await Promise.all([
    import('../engine/ledger.ts'),
    import('../base/secrets.ts'),
    import('../plan/planned-work.ts'),
  ]);
  const mask = masker(secretsOf(tdl)); // a guest's description has the kernel's arguments
  const ledger = openLedgerIn(config.paths.dataDir, openLedger);
  try {
    const log = (text: string) => stream.emit({ type: 'log', level: 'debug', text: mask(text) });
    const backend = await place.open({ ledger, log }, signal);
    try {
      const doubts = await clearLeftovers(backend, config.paths.dataDir, stream, signal);
      onWarnings?.(doubts);
      return await work(backend, ledger);
    } finally {
      // What could not be removed is in the ledger; result and error are worth more than this one.
      await backend.close().catch((error: unknown) => {
        const text = `cannot close ${place.type} in good order: ${mask(whyOf(error))}`;
        stream.emit({ type: 'log', level: 'error', text });
      });
    }
  } finally {
    ledger.close();
  }
}
