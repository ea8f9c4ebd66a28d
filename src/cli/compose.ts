/** Puts TDL, oz.cfg, osinfo and a backend together, for all commands. */
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Backend } from '../../backends/backend.ts';
import type { Osinfo } from '../../osinfo/types.ts';
import { codeOf, messageOf, OzError } from '../base/errors.ts';
import type { OzConfig } from '../config/types.ts';
import type { EventStream } from '../engine/event-stream.ts';
import type { Ledger } from '../engine/ledger.ts';
import type { PlanInput, PlanOptions } from '../plan/input.ts';
import type { BuildPlan } from '../plan/types.ts';
import type { Tdl } from '../tdl/types.ts';
import type { Around } from './io.ts';
import type { OptionValues } from './option-table.ts';
import type { ozPlan } from './options.ts';
import type { FindPlace, Place } from './places.ts';

/** What a build starts from. */
export interface Settings {
  tdl: Tdl;
  config: OzConfig;
  osinfo: Osinfo;
  place: Place;
}

const absolute = (io: Around, file: string | undefined) =>
  file === undefined ? undefined : path.resolve(io.cwd, file);

interface SettingsLine {
  config: string | undefined;
  backend?: OzConfig['backend']['type'] | undefined;
}

/** oz.cfg, from `-c` or from where Oz looks for it. */
export async function readConfig(line: SettingsLine, io: Around): Promise<OzConfig> {
  const { loadConfig } = await import('../config/load.ts');
  return loadConfig({
    path: line.config?.startsWith('~') ? line.config : absolute(io, line.config),
    home: io.env.HOME || os.homedir(),
    isRoot: process.geteuid?.() === 0,
  });
}

/** Reads TDL and oz.cfg, finds the osinfo database and the place; touches nothing else. */
export async function readSettings(
  line: SettingsLine,
  tdlFile: string,
  io: Around,
  findPlace: FindPlace,
  signal?: AbortSignal,
): Promise<Settings> {
  const [{ readTdl }, { loadOsinfo }] = await Promise.all([
    import('../tdl/read.ts'),
    import('../../osinfo/index.ts'),
  ]);
  const config = await readConfig(line, io);
  const tdl = await readTdl(path.resolve(io.cwd, tdlFile), { signal });
  const place = await findPlace(line.backend ?? config.backend.type, config, io);
  return { tdl, config, osinfo: loadOsinfo({ env: io.env }), place };
}

/** The options of oz-install and oz plan that plan() decides from. */
export type BuildLine = Pick<
  OptionValues<typeof ozPlan.options>,
  Exclude<keyof typeof ozPlan.options, 'help' | 'version' | 'json' | 'debug'>
>;

export function planOptions(line: BuildLine, io: Around): PlanOptions {
  return {
    customize: line.customize,
    icicle: line.generateIcicle,
    icicleFile: absolute(io, line.icicle),
    xmlFile: absolute(io, line.xmlfile),
    diskBus: line.diskBus,
    nicModel: line.networkDevice,
    mac: line.macAddress,
    disk: line.disk, // an absolute path is asked for, as in Oz
    timeout: line.timeout,
    forceDownload: line.forceDownload,
    cleanup: line.cleanup,
  };
}

/** `-i` says where the ICICLE goes that `-g` asks for. */
export function checkIcicleOption(line: BuildLine): void {
  if (line.icicle !== undefined && !line.generateIcicle) {
    throw new OzError('OZ_USAGE', 'The -i option must be combined with the -g option', {
      exitCode: 3,
    });
  }
}

function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown'); // a user id without a name, as in containers
  }
}

export function thisHost(): PlanInput['host'] {
  return {
    cpus: os.availableParallelism(),
    memory: Math.floor(os.totalmem() / 1024 ** 2),
    user: userName(),
  };
}

const largestAnswer = 5 * 1024 * 1024;

/** The user's own answer file (-a). */
export async function readAnswer(
  file: string | undefined,
  io: Around,
): Promise<PlanInput['answer'] | undefined> {
  if (file === undefined) return undefined;
  const fail = (why: string, cause?: unknown) =>
    new OzError('OZ_ANSWER_FILE', `Cannot read answer file ${file}: ${why}`, {
      hint: 'give -a a text file, such as a preseed or kickstart file',
      cause,
    });
  let bytes: Buffer;
  try {
    bytes = await readFile(path.resolve(io.cwd, file));
  } catch (error) {
    throw fail(codeOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error), error);
  }
  if (bytes.length > largestAnswer) throw fail('it is larger than 5 MiB');
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { name: path.resolve(io.cwd, file), text };
  } catch (error) {
    throw fail('it is not UTF-8 text', error);
  }
}

/** Refuses an output that could not be written after a long build. */
export async function checkOutputs(files: readonly (string | undefined)[]): Promise<void> {
  for (const file of files) {
    if (file === undefined) continue;
    try {
      await access(path.dirname(file), constants.W_OK | constants.X_OK);
    } catch (error) {
      const why = codeOf(error) === 'ENOENT' ? 'its directory does not exist' : messageOf(error);
      throw new OzError('OZ_OUTPUT', `Cannot write ${file}: ${why}`, {
        hint: 'create the directory, or name another file',
        cause: error,
      });
    }
  }
}

function openLedgerIn(dataDir: string, open: (dir: string) => Ledger): Ledger {
  try {
    return open(dataDir);
  } catch (error) {
    throw new OzError(
      'OZ_DATA_DIR',
      `Cannot use the data directory ${dataDir}: ${messageOf(error)}`,
      { hint: 'set [paths] data_dir in oz.cfg to a directory that you may write', cause: error },
    );
  }
}

/** What an earlier run left here goes first; what is elsewhere stays for a run there. */
async function clearLeftovers(
  place: Place,
  backend: Backend,
  dataDir: string,
  stream: EventStream,
): Promise<void> {
  const { clearDeadLedgers } = await import('../engine/ledger.ts');
  const { removed, failed } = await clearDeadLedgers(dataDir, async (entry) => {
    const here = entry.place === backend.type && (entry.at === undefined || entry.at === place.uri);
    if (!here) throw new Error(`it is in ${entry.place} ${entry.at ?? ''}`);
    await backend.remove(entry);
  });
  for (const entry of removed) {
    const text = `removed ${entry.kind} ${entry.ref}, left by an earlier run`;
    stream.emit({ type: 'log', level: 'info', text });
  }
  for (const { entry, error } of failed) {
    const text = `cannot remove ${entry.kind} ${entry.ref} of an earlier run: ${messageOf(error)}`;
    stream.emit({ type: 'log', level: 'warning', text });
  }
}

/** Runs `work` with the place open and a ledger; both are closed afterwards, come what may. */
export async function withBackend<T>(
  { tdl, place, config }: Settings,
  stream: EventStream,
  signal: AbortSignal,
  work: (backend: Backend, ledger: Ledger) => Promise<T>,
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
      await clearLeftovers(place, backend, config.paths.dataDir, stream);
      return await work(backend, ledger);
    } finally {
      await backend.close();
    }
  } finally {
    ledger.close();
  }
}

/** What the installer's ISO is, and what is wrong with that; nothing when it cannot be told. */
export async function judgeMedium(
  file: string,
  plan: Pick<BuildPlan, 'os' | 'tdl'>,
  osinfo: Osinfo,
  io: Around,
  signal?: AbortSignal,
): Promise<{ holds?: string | undefined; warning?: string | undefined }> {
  const [{ detectIso }, { mediumName, mediumWarning }] = await Promise.all([
    import('../../osinfo/index.ts'),
    import('../plan/medium.ts'),
  ]);
  const found = await detectIso(file, { env: io.env, signal });
  // Windows 10.0 is what the database calls 10, 2016 and 2019
  const named = found.map((one) => {
    const os = osinfo.os(one.id);
    const version = os && osinfo.versionForTdl(plan.tdl.distro, os);
    return { ...one, version: version ?? one.version };
  });
  return {
    holds: named[0] && mediumName(named[0]),
    warning: mediumWarning(named, plan, osinfo.os(plan.os.id)),
  };
}

/** The ISO of a plan where it is on this machine already: named by the TDL, or kept. */
async function localInstaller(plan: BuildPlan): Promise<string | undefined> {
  const medium = plan.media.find(({ role }) => role === 'installer');
  if (!medium) return undefined;
  const file = medium.url.startsWith('file:') ? fileURLToPath(medium.url) : medium.cachePath;
  return access(file, constants.R_OK).then(
    () => file,
    () => undefined,
  );
}

/** The same for a plan that is only shown: undefined when its ISO is not here. */
export async function judgeLocal(plan: BuildPlan, osinfo: Osinfo, io: Around) {
  const file = await localInstaller(plan);
  if (file === undefined) return undefined;
  try {
    return { file, ...(await judgeMedium(file, plan, osinfo, io)) };
  } catch (error) {
    return { file, warning: messageOf(error) };
  }
}

/** Stands for the public key in a plan that is only shown. */
export const placeholderAccess = (config: OzConfig): NonNullable<PlanInput['access']> => ({
  publicKey: 'ssh-ed25519 KEY/THAT/THE/BUILD/MAKES ozma',
  privateKeyPath: config.paths.sshPrivKey,
});

/** The key pair that lets a build into its guests; made when there is none. */
export async function buildAccess(config: OzConfig): Promise<NonNullable<PlanInput['access']>> {
  const { ensureKeyPair } = await import('../customize/keys.ts');
  return ensureKeyPair(config.paths.sshPrivKey);
}
