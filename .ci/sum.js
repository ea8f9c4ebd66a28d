/** Prints the parts' seconds and verdicts and the sum of the tests; fails when one of them did. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** @param {string} line */
const print = (line) => process.stdout.write(`${line}\n`);

const logs = process.argv[2] ?? '.';
const file = path.join(logs, 'parts');
const parts = (existsSync(file) ? readFileSync(file, 'utf8') : '')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => line.split('\t'));
for (const [name = '', seconds = '', verdict = ''] of parts) {
  print(`${seconds.padStart(6)} s  ${verdict.padEnd(9)} ${name}`);
}

/** What a part that was killed has half written counts as a failure. @param {string} name */
function reportOf(name) {
  try {
    return JSON.parse(readFileSync(path.join(logs, 'sums', name), 'utf8'));
  } catch {
    print(`${name} is cut off`);
    return [{ verdict: 'failed', figures: {} }];
  }
}

const sum = { passed: 0, failed: 0, skipped: 0 };
for (const name of readdirSync(path.join(logs, 'sums'))) {
  const report = reportOf(name);
  // Either vitest's report, or that of the bare machines: one entry for each thing done there.
  const counts = Array.isArray(report)
    ? report.map(({ verdict, figures }) => ({
        passed: figures.passed ?? (verdict === 'passed' ? 1 : 0),
        failed: (figures.failed ?? 0) || (verdict === 'passed' ? 0 : 1),
        skipped: figures.skipped ?? 0,
      }))
    : [
        {
          passed: report.numPassedTests,
          // Vitest calls it a success when a -t pattern matches no test and all are skipped.
          failed: report.numFailedTests || (report.success && report.numPassedTests > 0 ? 0 : 1),
          skipped: report.numPendingTests,
        },
      ];
  for (const count of counts) {
    for (const key of /** @type {const} */ (['passed', 'failed', 'skipped']))
      sum[key] += count[key];
  }
}
print(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
if (sum.failed > 0 || parts.length === 0 || parts.some(([, , verdict]) => verdict === 'FAILED')) {
  process.exitCode = 1;
}
