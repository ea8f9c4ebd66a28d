/** Runs the built commands as a user would, and reads their event stream. */
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { packageFile } from '../../../src/base/package-root.ts';
import type { BuildEvent, WorkResult } from '../../../src/engine/events.ts';

export interface Run {
  exitCode: number;
  events: BuildEvent[];
  stderr: string;
  result: WorkResult | undefined;
  error: Extract<BuildEvent, { type: 'error' }> | undefined;
  /** Milliseconds since the start, by mark; the first of each purpose. */
  marks: Record<string, number>;
}

export interface RunOptions {
  cwd: string;
  env: Record<string, string>;
  /** Run as this user, with an environment that holds nothing else. */
  user?: string | undefined;
  /** Where the events are kept as they come. */
  log?: string | undefined;
  onEvent?: ((event: BuildEvent, pid: number) => void) | undefined;
}

export type Command = 'oz-install' | 'oz-customize' | 'oz-generate-icicle';

function commandLine(
  command: Command,
  args: string[],
  { user, env }: RunOptions,
): [string, string[]] {
  const program = packageFile(`bin/${command}.js`);
  if (!user) return [process.execPath, [program, ...args]];
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return [
    'runuser',
    [
      ...['-u', user, '--', 'env', '-i', 'PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin'],
      ...variables,
      process.execPath,
      program,
      ...args,
    ],
  ];
}

/** One of the commands with --json; resolves whatever the exit code. */
export async function runOz(command: Command, args: string[], options: RunOptions): Promise<Run> {
  const [program, line] = commandLine(command, ['--json', ...args], options);
  const env = options.user ? {} : { ...process.env, ...options.env };
  const child = spawn(program, line, {
    cwd: options.cwd,
    env: { ...env, PATH: process.env.PATH ?? '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = options.log ? createWriteStream(options.log) : undefined;
  const events: BuildEvent[] = [];
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (text) => {
    log?.write(`${text}\n`);
    const event = JSON.parse(text) as BuildEvent;
    if (event.type !== 'progress') events.push(event);
    options.onEvent?.(event, child.pid ?? 0);
  });
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? (signal ? 128 : 1)));
  });
  log?.end();
  const marks: Record<string, number> = {};
  for (const event of events) {
    if (event.type !== 'mark') continue;
    const purpose = event.detail?.purpose;
    marks[typeof purpose === 'string' ? `${event.mark}:${purpose}` : event.mark] ??= event.at;
  }
  return {
    exitCode,
    events,
    stderr,
    result: events.find((event) => event.type === 'result')?.result,
    error: events.find((event) => event.type === 'error'),
    marks,
  };
}

export const ozInstall = (args: string[], options: RunOptions): Promise<Run> =>
  runOz('oz-install', args, options);

/** The guest's last words, out of the evidence folder. */
function lastWords(run: Run): string {
  const file = path.join(run.error?.evidence ?? '/nowhere', 'console.log');
  if (!existsSync(file)) return '';
  return readFileSync(file, 'utf8').split('\n').slice(-15).join('\n');
}

/** What a failed run has to say, for an assertion's message. */
export function explain(run: Run): string {
  const said = run.error
    ? `${run.error.code}: ${run.error.message} (${run.error.evidence})`
    : run.stderr;
  const last = run.events
    .slice(-15)
    .map((event) => JSON.stringify(event).slice(0, 300))
    .join('\n');
  return `exit code ${run.exitCode}\n${said}\n${last}\n${lastWords(run)}`;
}
