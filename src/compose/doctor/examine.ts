/** oz doctor: looks at all that a build needs, one finding after the other. */

import { type Finding, fine, problemOf, warning } from '../../base/finding.ts';
import { noLedger } from '../../base/ledger-entry.ts';
import type { OzConfig } from '../../config/types.ts';
import type { Ledger } from '../../engine/ledger.ts';
import type { Around } from '../around.ts';
import type { FindPlace, Place } from '../places.ts';
import { readConfig } from '../settings.ts';
import { database, directories, memory, versions } from './machine.ts';
import { programs } from './programs.ts';

export interface ExamineLine {
  config: string | undefined;
  backend?: OzConfig['backend']['type'] | undefined;
}

/** What oz.cfg is, or all that is wrong with it; instead of a wrong value its default counts. */
async function configuration(line: ExamineLine, around: Around) {
  try {
    const findings: Finding[] = [];
    const config = await readConfig(line, around, (error) => {
      findings.push(problemOf('oz.cfg', error));
    });
    findings.push(...config.warnings.map((each) => warning('oz.cfg', each)));
    const text = config.source ? `${config.source} can be read` : 'no oz.cfg: the defaults count';
    return { config, findings: findings.length > 0 ? findings : [fine('oz.cfg', text)] };
  } catch (error) {
    return { config: undefined, findings: [problemOf('oz.cfg', error)] };
  }
}

/** Trying KVM makes a guest: where nothing can be written down, none is made. */
async function ledgerIn(dataDir: string): Promise<Ledger | undefined> {
  const { openLedger } = await import('../../engine/ledger.ts');
  try {
    return openLedger(dataDir);
  } catch {
    return undefined; // the finding on data_dir says why
  }
}

async function* place(
  config: OzConfig,
  type: OzConfig['backend']['type'],
  around: Around,
  find: FindPlace,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  const ledger = type === 'libvirt' ? await ledgerIn(config.paths.dataDir) : undefined;
  let found: Place | undefined;
  try {
    found = await find(type, config, around);
    const context = { ledger: ledger ?? noLedger, log: () => {} };
    yield* found.diagnose?.({ context, signal, tries: ledger !== undefined }) ?? [];
  } catch (error) {
    signal.throwIfAborted();
    yield problemOf(type === 'openstack' ? 'cloud' : type, error);
  } finally {
    await found?.close?.();
    ledger?.close();
  }
}

/** Whether the guests of this libvirt have another machine's memory. */
async function isElsewhere(uri: string | undefined): Promise<boolean> {
  if (uri === undefined) return false;
  const { readUri } = await import('../../../backends/libvirt/uri.ts');
  return readUri(uri).remote;
}

/** Never throws but for an abort: what can't be looked at is a finding. */
export async function* examine(
  line: ExamineLine,
  around: Around,
  find: FindPlace,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  yield versions();
  const { config, findings } = await configuration(line, around);
  yield* findings;
  const type = line.backend ?? config?.backend.type ?? 'libvirt';
  yield await programs(type);
  yield await database(around.env);
  if (!config) return; // it says where the rest is
  yield* directories(config, type === 'openstack');
  if (type === 'libvirt' && !(await isElsewhere(config.libvirt.uri))) yield memory();
  signal.throwIfAborted();
  yield* place(config, type, around, find, signal);
}
