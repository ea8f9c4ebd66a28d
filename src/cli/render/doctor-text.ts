/** What oz doctor found: a line each, what mends it below. */
import type { Finding, FindingState } from '../../base/finding.ts';
import { printable } from './format.ts';

const marks: Readonly<Record<FindingState, string>> = {
  ok: 'ok      ',
  warning: 'warning ',
  problem: 'PROBLEM ',
};

export function findingText({ state, check, text, fix }: Finding): string {
  const lines = [`${marks[state]} ${check}: ${text}`, ...(fix ? [`          -> ${fix}`] : [])];
  return printable(`${lines.join('\n')}\n`);
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;

export function summaryText(findings: readonly Finding[]): string {
  const count = (state: FindingState) => findings.filter((each) => each.state === state).length;
  const problems = count('problem');
  const warnings = count('warning');
  const also = warnings > 0 ? `, ${counted(warnings, 'warning')}` : '';
  return problems > 0
    ? `\nA build can't work yet: ${counted(problems, 'problem')}${also}\n`
    : `\nA build can work${also}\n`;
}
