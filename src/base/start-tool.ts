/** Starts other programs, with no more of the environment than they need: it may hold passwords. */
import {
  type ChildProcess,
  type ChildProcessWithoutNullStreams,
  type SpawnOptions,
  spawn,
} from 'node:child_process';
import { ignoresHangUps } from './hang-up.ts';
import { searchPath } from './search-path.ts';

/** What tools may know of their user: who and where it is, its language, its libraries. */
const common = [
  ...['HOME', 'USER', 'LOGNAME', 'SHELL', 'TERM', 'TZ', 'LANG', 'LANGUAGE', 'LC_*'],
  ...['TMPDIR', 'XDG_RUNTIME_DIR', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME'],
  ...['LD_LIBRARY_PATH', 'LD_PRELOAD', 'SOURCE_DATE_EPOCH'],
];

export interface StartToolOptions extends Omit<SpawnOptions, 'env' | 'shell'> {
  /** Further variables that this tool reads; `LIBGUESTFS_*` are all that begin so. */
  pass?: readonly string[] | undefined;
  /** Variables of ours. */
  env?: Readonly<Record<string, string>> | undefined;
  /** For daemons, which outlive us: nothing of the user's. */
  bare?: boolean | undefined;
}

function isNamed(name: string, by: readonly string[]): boolean {
  return by.some((one) => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : name === one));
}

/** The environment of a tool; LC_ALL is C.UTF-8, so that what it says can be read. */
export function toolEnv(
  { pass = [], env = {}, bare = false }: Pick<StartToolOptions, 'pass' | 'env' | 'bare'> = {},
  from: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const names = bare ? pass : [...common, ...pass];
  const passed = Object.entries(from).filter(([name]) => isNamed(name, names));
  const path = searchPath(bare ? '' : from.PATH);
  return { ...Object.fromEntries(passed), LC_ALL: 'C.UTF-8', PATH: path, ...env };
}

/** Starts `tool` without a shell. All that Ozma starts is started here. */
export function startTool(
  tool: string,
  args: readonly string[],
  options: StartToolOptions & { stdio: NonNullable<SpawnOptions['stdio']> },
): ChildProcess;
export function startTool(
  tool: string,
  args: readonly string[],
  options?: StartToolOptions,
): ChildProcessWithoutNullStreams;
export function startTool(
  tool: string,
  args: readonly string[],
  { pass, env, bare, ...options }: StartToolOptions = {},
): ChildProcess {
  // A terminal hangs up on all processes of its session, and Node starts each with the default.
  const detached = ignoresHangUps() || options.detached;
  return spawn(tool, args, { ...options, detached, env: toolEnv({ pass, env, bare }) });
}
