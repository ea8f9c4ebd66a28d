/** Completion for fish 3 and later. */
import type { Completed, CompletedCommand, CompletedOption } from './model.ts';

const quote = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`;

function offered(by: Completed): string {
  if (by === 'nothing') return '-x';
  if (by === 'file') return '-rF';
  if (by === 'directory') return "-xa '(__fish_complete_directories)'";
  return `-xa ${quote(by.join(' '))}`;
}

function optionLine(start: string, { short, long, help, value }: CompletedOption): string {
  return [
    start,
    ...(short ? [`-s ${short}`] : []),
    `-l ${long}`,
    ...(value ? [offered(value.by)] : []),
    `-d ${quote(help)}`,
  ].join(' ');
}

const wordsOf = (by: Completed) => (typeof by === 'string' ? '' : ` -a ${quote(by.join(' '))}`);

function commandLines({ words, options, commands, operands }: CompletedCommand): string[] {
  const [program = '', ...below] = words;
  // Only oz has commands below: for the others no condition is needed.
  const condition = program === 'oz' ? ` -n ${quote(`__ozma_at ${below.join(' ')}`.trim())}` : '';
  const start = `complete -c ${program}${condition}`;
  return [
    ...(operands === 'file' ? [] : [`${start} -f${wordsOf(operands)}`]),
    ...commands.map(({ name, help }) => `${start} -f -a ${name} -d ${quote(help)}`),
    ...options.map((option) => optionLine(start, option)),
  ];
}

export function fishScript(commands: readonly CompletedCommand[]): string {
  const deeper = commands
    .filter(({ words }) => words.length > 1)
    .map(({ words }) => quote(words.slice(1).join(' ')));
  return `# fish completion of Ozma's commands, made by: oz completion fish

# Whether the words after oz name this command, and no longer one.
function __ozma_at
    set -l found
    for word in (commandline -opc)[2..]
        contains -- (string join -- ' ' $found $word) ${deeper.join(' ')}
        or break
        set -a found $word
    end
    set -l joined (string join -- ' ' $found)
    test "$joined" = "$argv"
end

${commands.flatMap(commandLines).join('\n')}
`;
}
