/** Manual pages in man(7) from the same tables as the help. */
import { exitCodes } from './help.ts';
import { jsonTexts } from './man-json.ts';
import { type CommandSpec, type Flag, isValued, type OptionTable } from './option-table.ts';

/** Text that groff prints as it is. */
export function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('…', '...')
    .replaceAll("'", '\\(aq')
    .replace(/^\./gm, '\\&.');
}

/** The page's name: `oz plan` has oz-plan(1). */
export function pageName(spec: CommandSpec<OptionTable>): string {
  return spec.name.replaceAll(' ', '-');
}

function term(option: Flag): string {
  const value = isValued(option) ? ` \\fI${roff(option.value)}\\fR` : '';
  const short = option.short ? `\\fB\\-${option.short}\\fR, ` : '';
  return `${short}\\fB\\-\\-${roff(option.long)}\\fR${value}`;
}

/** Values are written `<value>` in the help and in italics in the manual. */
function helpOf(option: Flag): string {
  const text = roff(option.help);
  if (!isValued(option)) return text;
  return text.replaceAll(`<${roff(option.value)}>`, `\\fI${roff(option.value)}\\fR`);
}

function seeAlso(pages: readonly string[]): string[] {
  return pages.map((page, i) => {
    const [, name = '', section = ''] = /^(.+)\((\d)\)$/.exec(page) ?? [];
    return `.BR ${roff(name)} (${section})${i < pages.length - 1 ? ',' : ''}`;
  });
}

function jsonSection(command: string): string[] {
  const text = jsonTexts[command];
  if (!text) return [];
  const entries = Object.entries(text.words);
  return [
    '.SH JSON',
    roff(text.about),
    ...entries.flatMap(([key, words]) => ['.TP', `\\fB${roff(key)}\\fR`, roff(words)]),
  ];
}

/** The page of one command. `date` is `2026-11-22`. */
export function manPage(
  spec: CommandSpec<OptionTable>,
  meta: { version: string; date: string },
): string {
  const name = pageName(spec);
  const operands = spec.operands
    .map((o) => `\\fI${roff(o.name)}\\fR${o.many ? ' ...' : ''}`)
    .join(' ');
  const operandEntries = spec.operands.flatMap((o) => [
    '.TP',
    `\\fI${roff(o.name)}\\fR`,
    `${roff(o.help)}.`,
  ]);
  const lines = [
    `.TH ${roff(name.toUpperCase())} 1 ${meta.date} "Ozma ${meta.version}" "User Commands"`,
    '.SH NAME',
    `${roff(name)} \\- ${roff(spec.summary)}`,
    '.SH SYNOPSIS',
    `\\fB${roff(spec.name)}\\fR [\\fIOPTIONS\\fR] ${operands}`.trimEnd(),
    '.SH DESCRIPTION',
    ...spec.description.flatMap((text, i) => [...(i > 0 ? ['.PP'] : []), roff(text)]),
    ...operandEntries,
    ...(spec.commands
      ? [
          '.SH COMMANDS',
          ...spec.commands.flatMap((c) => ['.TP', `\\fB${roff(c.name)}\\fR`, `${roff(c.help)}.`]),
        ]
      : []),
    '.SH OPTIONS',
    'Options and arguments may come in any order; letters may be bundled, as in',
    '.BR \\-ugd3 ,',
    'and long names cut short while they are unique.',
    ...Object.values(spec.options).flatMap((o) => ['.TP', term(o), `${helpOf(o)}.`]),
    ...jsonSection(spec.name),
    '.SH EXIT STATUS',
    ...exitCodes(spec).flatMap(([code, what]) => ['.TP', `\\fB${code}\\fR`, `${roff(what)}.`]),
    ...(spec.files
      ? [
          '.SH FILES',
          ...spec.files.flatMap((f) => ['.TP', `\\fI${roff(f.path)}\\fR`, `${roff(f.help)}.`]),
        ]
      : []),
    '.SH EXAMPLES',
    ...spec.examples.flatMap((e, i) => [
      ...(i > 0 ? ['.PP'] : []),
      `${roff(e.what)}:`,
      '.PP',
      '.RS 4',
      '.nf',
      roff(e.line),
      '.fi',
      '.RE',
    ]),
    '.SH SEE ALSO',
    ...seeAlso(spec.seeAlso),
  ];
  return `${lines.join('\n')}\n`;
}
