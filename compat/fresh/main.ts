/** `npm run test:fresh -- SUITE USER WHAT`: see --help. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, OzError } from '../../src/base/errors.ts';
import { helpText } from '../../src/cli/help.ts';
import { parseCommandLine } from '../../src/cli/parse-args.ts';
import { nodeLines, nodeTree } from '../node/tree.ts';
import { runProgram } from '../program.ts';
import { makeBase } from './base.ts';
import { type Box, type BoxUser, openBox } from './box.ts';
import type { CellContext, Figures } from './cell.ts';
import { cloneInto, isChanged, resolveCommit } from './clone.ts';
import { freshDir } from './dir.ts';
import { type Host, readHost } from './host.ts';
import { cells, readOperands, spec } from './table.ts';

interface Setting {
  dir: string;
  suite: string;
  user: BoxUser;
  commit: string;
  node: string;
  host: Host;
  verbose: boolean;
  signal: AbortSignal;
}

interface Outcome {
  suite: string;
  user: BoxUser;
  what: string;
  commit: string;
  node: string;
  seconds: number;
  verdict: 'passed' | 'failed';
  figures: Figures;
  error?: string;
}

const say = (line: string) => console.log(line);

function needRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new OzError('OZ_FRESH_ROOT', 'Cannot make a bare machine: only root may mount its files', {
    hint: 'sudo npm run test:fresh -- …',
  });
}

/** Runs one cell; whatever it opened is closed when this returns. */
async function runCell(what: string, setting: Setting): Promise<Figures> {
  const { dir, suite, user, commit, host, signal } = setting;
  const base = await makeBase(dir, suite, host, say, signal);
  const node = await nodeTree(setting.node, { cache: path.join(dir, 'node'), signal });
  const log = path.join(dir, 'logs', `${suite}-${user}-${what}.log`);
  await mkdir(path.dirname(log), { recursive: true });
  await rm(log, { force: true });
  say(`${suite} ${user} ${what}: log in ${log}`);
  const open: Box[] = [];
  const openOne = async () => {
    const onLine = setting.verbose ? say : undefined;
    const box = await openBox({ dir, base, node, host, user, log, onLine, signal });
    open.push(box);
    return box;
  };
  const context: CellContext = {
    suite,
    user,
    say: (line) => say(`${suite} ${user} ${what}: ${line}`),
    signal,
    mirror: host.mirror,
    openBox: openOne,
    openClone: async () => {
      const box = await openOne();
      return { box, folder: await cloneInto(box, commit, signal) };
    },
  };
  try {
    const run = cells[what]?.run;
    return run ? await run(context) : {};
  } finally {
    for (const box of open) await box.close();
  }
}

async function tryCell(what: string, setting: Setting): Promise<Outcome> {
  const { suite, user, commit, node } = setting;
  const begin = Date.now();
  const outcome = (verdict: Outcome['verdict'], figures: Figures): Outcome => {
    const seconds = Math.round((Date.now() - begin) / 1000);
    say(`${suite} ${user} ${what}: ${verdict} in ${seconds} s`);
    return { suite, user, what, commit, node, seconds, verdict, figures };
  };
  try {
    return outcome('passed', await runCell(what, setting));
  } catch (error) {
    if (setting.signal.aborted) throw error;
    say(`${suite} ${user} ${what}: ${messageOf(error)}`);
    return { ...outcome('failed', {}), error: messageOf(error) };
  }
}

await runProgram(async (signal) => {
  const { options, operands } = parseCommandLine(spec, process.argv.slice(2));
  if (options.help) {
    process.stdout.write(helpText(spec));
    return 0;
  }
  const { suite, user, what } = readOperands(operands);
  needRoot();
  const commit = await resolveCommit(options.commit ?? 'HEAD', signal);
  if (!options.commit && (await isChanged(signal))) {
    say('Note: changes that are not committed are not tested');
  }
  const host = await readHost(options.mirror, signal);
  const dir = await freshDir(process.env.FRESH_DIR);
  const node = options.node ?? nodeLines[0] ?? '20';
  const setting = { dir, suite, user, commit, node, host, verbose: options.verbose, signal };
  const outcomes: Outcome[] = [];
  for (const each of what) outcomes.push(await tryCell(each, setting));
  if (options.report) await writeFile(options.report, `${JSON.stringify(outcomes, null, 2)}\n`);
  return outcomes.every((each) => each.verdict === 'passed') ? 0 : 1;
});
