/** `npm run long -- NAME`: see --help. */
import { type StdioOptions, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { packageFile } from '../../src/base/package-root.ts';
import { suggest } from '../../src/base/suggest.ts';
import { helpText } from '../../src/cli/help.ts';
import { command } from '../../src/cli/option-table.ts';
import { parseCommandLine } from '../../src/cli/parse-args.ts';
import { usageError } from '../../src/cli/usage-error.ts';
import { Interrupted, runProgram } from '../program.ts';
import { unheldFigures } from './documents.ts';
import { reportedBy } from './report.ts';
import {
  appendResult,
  headCommit,
  isClean,
  readResults,
  sourcesDigest,
  stateOf,
} from './results.ts';
import { type Row, reportWord, rows } from './rows.ts';

const spec = command({
  name: 'npm run long --',
  summary: 'the proofs that take too long for CI',
  description: [
    'Runs a proof and appends what it showed to compat/RESULTS.json: date, commit, seed, seconds,' +
      ' figures and verdict. It counts until the folders that it is about change.',
  ],
  operands: [{ name: 'name', help: 'the proofs to run, one after the other (--list)', many: true }],
  options: {
    list: { long: 'list', help: 'list the proofs, and what is known of each' },
    check: {
      long: 'check',
      help: 'list what is missing or outdated; fail where a document states a figure that no run has shown',
    },
    help: { long: 'help', short: 'h', help: 'print this help' },
  },
  examples: [
    {
      what: "The README's demo on a bare Debian 12",
      line: 'npm run long -- fresh-bookworm-user-demo',
    },
    { what: 'What should be run again', line: 'npm run long -- --check' },
  ],
  seeAlso: [],
});

function findRow(name: string): Row {
  const found = rows.find((row) => row.name === name);
  if (found) return found;
  const near = suggest(
    name,
    rows.map((row) => row.name),
  );
  throw usageError(`there is no proof '${name}'`, near ? `did you mean ${near}?` : 'see --list');
}

/** Runs the row's program beside this terminal. */
async function runCommand(
  row: Row,
  report: string,
  signal: AbortSignal,
): Promise<{ code: number; printed: string }> {
  const [program = '', ...args] = row.command.map((word) => (word === reportWord ? report : word));
  const stdio: StdioOptions = ['inherit', row.prints ? 'pipe' : 'inherit', 'inherit'];
  const child = spawn(program, args, { cwd: packageFile(), stdio });
  let printed = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    printed += chunk;
    process.stdout.write(chunk);
  });
  // A terminal's Ctrl-C reaches it by itself; we wait until it has cleared up.
  signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
  return await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, by) => {
      resolve({ code: code ?? 128 + (by ? constants.signals[by] : 0), printed });
    });
  });
}

async function runRow(row: Row, signal: AbortSignal): Promise<boolean> {
  // What it is about is read first: the run may last longer than the commit.
  const facts = {
    row: row.name,
    date: new Date().toISOString(),
    commit: await headCommit(),
    sources: await sourcesDigest(row.sources),
    clean: await isClean(),
  };
  const scratch = await mkdtemp(path.join(tmpdir(), 'ozma-long-'));
  const report = path.join(scratch, 'report.json');
  try {
    const begin = Date.now();
    const { code, printed } = await runCommand(row, report, signal);
    signal.throwIfAborted();
    // Ended by somebody else: that shows nothing.
    if ([129, 130, 143].includes(code)) throw new Interrupted(code);
    const seconds = Math.round((Date.now() - begin) / 1000);
    const text = row.prints ? printed : await readFile(report, 'utf8').catch(() => '');
    const verdict = code === 0 ? 'passed' : 'failed';
    const shown = reportedBy(text, code);
    await appendResult({ ...facts, seconds, verdict, ...shown });
    console.log(`${row.name}: ${verdict} in ${seconds} s`);
    return code === 0;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** A line for each row: its name, what is known of it, and what it is. */
async function listed(): Promise<{ row: Row; state: string }[]> {
  const results = await readResults();
  return await Promise.all(
    rows.map(async (row) => {
      return { row, state: stateOf(results, row.name, await sourcesDigest(row.sources)) };
    }),
  );
}

async function check(): Promise<number> {
  for (const { row, state } of await listed()) {
    if (state !== 'current') console.log(`${state.padEnd(9)} ${row.name}`);
  }
  const unheld = await unheldFigures(await readResults());
  for (const line of unheld) console.error(line);
  return unheld.length > 0 ? 1 : 0;
}

await runProgram(async (signal) => {
  const { options, operands } = parseCommandLine(spec, process.argv.slice(2));
  if (options.help) {
    process.stdout.write(helpText(spec));
    return 0;
  }
  if (options.list) {
    for (const { row, state } of await listed()) {
      console.log(`${row.name.padEnd(28)} ${state.padEnd(9)} ${row.help}`);
    }
    return 0;
  }
  if (options.check) return await check();
  if (operands.length === 0) throw usageError('the name of a proof is missing', 'see --list');
  const chosen = operands.map(findRow);
  let good = true;
  for (const row of chosen) good = (await runRow(row, signal)) && good;
  return good ? 0 : 1;
});
