/** What oz doctor found: a line each, what mends it below. */
import type { Finding, FindingState } from '../../base/finding.ts';
import type { Output } from '../io.ts';
import { paint, type Style } from './color.ts';
import { printable } from './format.ts';

/** How each state is written, in eight letters, and painted. */
const marks: Readonly<Record<FindingState, readonly [text: string, ...styles: Style[]]>> = {
  ok: ['ok      ', 'green'],
  warning: ['warning ', 'yellow'],
  problem: ['PROBLEM ', 'red', 'bold'],
};

export function findingText({ state, check, text, fix }: Finding, output: Output): string {
  const mend = fix ? `\n${' '.repeat(9)}-> ${printable(fix)}` : '';
  return `${paint(output, ...marks[state])} ${printable(`${check}: ${text}`)}${mend}\n`;
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;

export function summaryText(findings: readonly Finding[], output: Output): string {
  const count = (state: FindingState) => findings.filter((each) => each.state === state).length;
  const problems = count('problem');
  const warnings = count('warning');
  const also = warnings > 0 ? `, ${counted(warnings, 'warning')}` : '';
  const words =
    problems > 0
      ? `A build can't work yet: ${counted(problems, 'problem')}${also}`
      : `A build can work${also}`;
  return `\n${paint(output, words, 'bold')}\n`;
}
