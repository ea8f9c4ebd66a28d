/** Completion for bash 4 and later; needs nothing but bash. */
import { quoted } from '../../base/shell-words.ts';
import type { Completed, CompletedCommand } from './model.ts';

/** The shell commands that fill COMPREPLY with what `cur` may become. */
function fill(by: Completed): string {
  if (by === 'nothing') return ':';
  if (by === 'file') return '_ozma_files -f';
  if (by === 'directory') return '_ozma_files -d';
  return `_ozma_words ${quoted(by.join(' '))}`;
}

/** The case of one option's value: `-b|--disk-bus) …`. */
function valueCases({ options }: CompletedCommand): string[] {
  return options.flatMap(({ short, long, value }) =>
    value ? [`        ${short ? `-${short}|` : ''}--${long}) ${fill(value.by)}; return ;;`] : [],
  );
}

function commandCase(command: CompletedCommand): string[] {
  const names = command.options.flatMap(({ short, long }) => [
    ...(short ? [`-${short}`] : []),
    `--${long}`,
  ]);
  const values = valueCases(command);
  const { commands } = command;
  return [
    `    ${quoted(command.words.join(' '))})`,
    ...(values.length > 0 ? ['      case $option in', ...values, '      esac'] : []),
    `      [[ $cur == -* ]] && { _ozma_words ${quoted(names.join(' '))}; return; }`,
    `      ${commands.length > 0 ? fill(commands.map(({ name }) => name)) : fill(command.operands)}`,
    '      ;;',
  ];
}

/** The patterns of commands whose next word names a subcommand. */
function deeper(commands: readonly CompletedCommand[]): string[] {
  return commands
    .filter(({ words }) => words.length > 1)
    .map(({ words }) => quoted(words.join(' ')));
}

export function bashScript(commands: readonly CompletedCommand[]): string {
  const programs = commands.filter(({ words }) => words.length === 1).map(({ words }) => words[0]);
  return `# bash completion of Ozma's commands, made by: oz completion bash

_ozma_words() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_ozma_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}

_ozma() {
  local cur=\${COMP_WORDS[COMP_CWORD]} option=\${COMP_WORDS[COMP_CWORD-1]}
  local command=\${COMP_WORDS[0]##*/} at=1
  COMPREPLY=()
  # bash cuts --option=value into three words
  if [[ $cur == '=' ]]; then
    cur=
  elif [[ $option == '=' ]]; then
    option=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  # of letters in a bundle such as -ugi the last one takes the value
  [[ $option == -[!-]?* ]] && option=-\${option: -1}
  while (( at < COMP_CWORD )); do
    case "$command \${COMP_WORDS[at]}" in
      ${deeper(commands).join('|')})
        command+=" \${COMP_WORDS[at]}" ;;
      *) break ;;
    esac
    (( at++ ))
  done
  case $command in
${commands.flatMap(commandCase).join('\n')}
  esac
}

complete -F _ozma ${programs.join(' ')}
`;
}
