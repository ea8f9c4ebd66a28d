/**
 * Runs the tests that depend on the osinfo database with those of several Debian suites:
 *
 *     npm run test:databases
 *     npm run test:databases -- sid -- test/osinfo
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { runProgram } from '../program.ts';
import { type Database, fetchDatabase } from './fetch.ts';

/** Those that are promised, and what the next release will have. */
const suites = ['bookworm', 'trixie', 'sid'];

/** Where the tests are that read the installed database. */
const tests = ['osinfo', 'plan', 'check', 'cli', 'compat', 'compose', 'library'].map(
  (name) => `test/${name}/`,
);

const usage = `Usage: npm run test:databases -- [SUITE]... [-- TEST...]

Runs the unit tests that read the osinfo database with the osinfo-db of each Debian SUITE
(${suites.join(', ')} unless named), which apt fetches from this machine's mirror into
~/.cache/ozma-osinfo-db. Suites with the same version are tested once.

  npm run test:databases
  npm run test:databases -- sid -- test/osinfo
`;

function runTests({ dir }: Database, names: readonly string[], signal: AbortSignal) {
  const child = spawn('npx', ['vitest', 'run', ...names], {
    stdio: 'inherit',
    env: { ...process.env, OSINFO_SYSTEM_DIR: dir },
  });
  signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
  return new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, by) => resolve(code ?? 128 + (by ? constants.signals[by] : 0)));
  });
}

await runProgram(async (signal) => {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(usage);
    return 0;
  }
  const dashes = args.includes('--') ? args.indexOf('--') : args.length;
  const [wanted, named] = [args.slice(0, dashes), args.slice(dashes + 1)];
  const found = new Map<string, Database>();
  for (const suite of wanted.length ? wanted : suites) {
    const database = await fetchDatabase(suite, signal);
    const known = found.get(database.version);
    const same = known ? `, as in ${known.suite}` : '';
    console.log(`${suite}: osinfo-db ${database.version}${same}`);
    if (!known) found.set(database.version, database);
  }
  const results: [Database, number][] = [];
  for (const database of found.values()) {
    const code = await runTests(database, named.length ? named : tests, signal);
    signal.throwIfAborted();
    results.push([database, code]);
  }
  for (const [{ suite, version }, code] of results) {
    console.log(`${suite}: osinfo-db ${version}: ${code === 0 ? 'green' : `exit code ${code}`}`);
  }
  return results.some(([, code]) => code !== 0) ? 1 : 0;
});
