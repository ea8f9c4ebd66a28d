/** What oz plan says of a TDL that leaves version or architecture to its ISO. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeOf, OzError } from '../base/errors.ts';
import { readConfig } from '../compose/settings.ts';
import type { OzConfig } from '../config/types.ts';
import { isoCachePath } from '../plan/names.ts';
import { type Proposal, proposalFor } from '../plan/proposal.ts';
import { type IncompleteTdl, readIncompleteTdl } from '../tdl/read.ts';
import type { BuildLine } from './build-line.ts';
import type { Io } from './io.ts';

/** As --json prints it. */
export interface ShownProposal {
  tdl: string;
  missing: IncompleteTdl['missing'];
  installer: { file: string; holds: string };
  proposal: Pick<Proposal, 'version' | 'arch'>;
}

/** Marks what may be anything in the name of a cached ISO. */
const anything = '\u0000';

/** The ISOs on this machine that the TDL can mean: the one it names, or those that are kept. */
async function candidates(tdl: IncompleteTdl, config: OzConfig): Promise<string[]> {
  if (tdl.install.url.startsWith('file:')) return [fileURLToPath(tdl.install.url)];
  const { version = anything, arch = anything as NonNullable<typeof tdl.arch> } = tdl;
  const pattern = isoCachePath({ ...tdl, version, arch }, config);
  const [start = '', ...rest] = path.basename(pattern).split(anything);
  const end = rest.at(-1) ?? '';
  const directory = path.dirname(pattern);
  const names = await readdir(directory).catch(() => []);
  return names
    .filter((name) => name.startsWith(start) && name.endsWith(end))
    .map((name) => path.join(directory, name));
}

/** Undefined where the error is about something else, or no ISO here tells. */
export async function proposeFor(
  error: unknown,
  line: BuildLine,
  tdlFile: string,
  io: Io,
): Promise<ShownProposal | undefined> {
  if (!['OZ_TDL_SCHEMA', 'OZ_TDL_VALUE'].includes(codeOf(error) ?? '')) return undefined;
  const tdl = await readIncompleteTdl(path.resolve(io.cwd, tdlFile)).catch(() => undefined);
  if (tdl?.install.type !== 'iso') return undefined;
  const { detectIso, loadOsinfo } = await import('../../osinfo/index.ts');
  const osinfo = loadOsinfo({ env: io.env });
  const proposals: ShownProposal[] = [];
  for (const file of await candidates(tdl, await readConfig(line, io))) {
    const found = await detectIso(file, { env: io.env }).catch(() => []);
    const made = proposalFor(tdl, found, osinfo);
    if (!made) continue;
    const { holds, ...proposal } = made;
    const { source, missing } = tdl;
    proposals.push({ tdl: source, missing, installer: { file, holds }, proposal });
  }
  // several that are kept would be a guess
  return proposals.length === 1 ? proposals[0] : undefined;
}

/** The proposal as the error that it remains: the TDL has to be completed. */
export function incomplete(shown: ShownProposal, cause: unknown): OzError {
  const { tdl, missing, installer, proposal } = shown;
  const names = missing.map((name) => `<${name}>`).join(' and no ');
  const lines = missing.map((name) => `<${name}>${proposal[name]}</${name}>`).join('');
  return new OzError(
    'OZ_TDL_INCOMPLETE',
    `Cannot plan ${tdl}: it has no ${names}; ${installer.file} is ${installer.holds}`,
    { hint: `write ${lines} into <os>`, cause },
  );
}
