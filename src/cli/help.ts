/** Usage line and help text, from a command's table. */
import { type CommandSpec, type Flag, isValued, type OptionTable } from './option-table.ts';

const width = 80;
const column = 30;

/** Breaks a text into lines of at most `room` characters. */
export function wrap(text: string, room: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** `-t, --timeout <seconds>` */
function optionTerm(option: Flag): string {
  const short = option.short ? `-${option.short}, ` : '    ';
  return `${short}--${option.long}${isValued(option) ? ` <${option.value}>` : ''}`;
}

function usageLine(spec: CommandSpec<OptionTable>): string {
  const operands = spec.operands.map((o) => (o.many ? `[<${o.name}>...]` : `<${o.name}>`));
  return `Usage: ${[spec.name, '[OPTIONS]', ...operands].join(' ')}`;
}

function entry(term: string, text: string): string[] {
  const lines = wrap(text, width - column);
  const first = `  ${term}`;
  const indent = ' '.repeat(column);
  if (first.length >= column - 1) return [first, ...lines.map((l) => indent + l)];
  return [first.padEnd(column) + lines[0], ...lines.slice(1).map((l) => indent + l)];
}

/** What stands out in it on a terminal. */
export const helpHeadings = /^(?:Usage|Arguments|Commands|Options|Examples|Exit codes):/gm;

/** The whole text of `--help`. */
export function helpText(spec: CommandSpec<OptionTable>): string {
  const lines = [
    usageLine(spec),
    '',
    ...spec.description.flatMap((text) => [...wrap(text, width), '']),
  ];
  if (spec.operands.length > 0) {
    lines.push('Arguments:', ...spec.operands.flatMap((o) => entry(`<${o.name}>`, o.help)), '');
  }
  if (spec.commands) {
    lines.push('Commands:', ...spec.commands.flatMap((c) => entry(c.name, c.help)), '');
  }
  const codes = exitCodes(spec).map(([code, what]) => `${code} ${what}`);
  lines.push(
    'Options:',
    ...Object.values(spec.options).flatMap((o) => entry(optionTerm(o), o.help)),
    '',
    'Examples:',
    ...spec.examples.flatMap((e) => [`  # ${e.what}`, `  ${e.line}`]),
    '',
    ...wrap(`Exit codes: ${codes.join(', ')}.`, width),
  );
  return `${lines.join('\n')}\n`;
}

/** What the command's exit codes mean. */
export function exitCodes(spec: CommandSpec<OptionTable>): [code: number, what: string][] {
  return [
    [0, 'done'],
    [1, 'failed'],
    [2, 'wrong usage'],
    ...('generateIcicle' in spec.options ? [[3, '-i without -g'] as [number, string]] : []),
    [129, 'hung up'],
    [130, 'interrupted'],
    [143, 'terminated'],
  ];
}
