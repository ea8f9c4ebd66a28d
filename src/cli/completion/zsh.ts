/** Completion for zsh: a file for a directory in fpath, or to be sourced after compinit. */
import { quoted } from '../../base/shell-words.ts';
import type { Completed, CompletedCommand, CompletedOption } from './model.ts';

/** Text inside an _arguments specification. */
const escaped = (text: string) => text.replace(/[\\[\]:]/g, '\\$&');

const functionName = (words: readonly string[]) => `_ozma_${words.join('_').replaceAll('-', '_')}`;

function action(by: Completed): string {
  if (by === 'nothing') return ' ';
  if (by === 'file') return '_files';
  if (by === 'directory') return '_files -/';
  return `(${by.join(' ')})`;
}

function optionSpec({ short, long, help, value }: CompletedOption): string {
  const tail = `[${escaped(help)}]${value ? `:${escaped(value.name)}:${action(value.by)}` : ''}`;
  const equals = value ? '=' : '';
  if (!short) return quoted(`--${long}${equals}${tail}`);
  const both = `{-${short}${value ? '+' : ''},--${long}${equals}}`;
  return `${quoted(`(-${short} --${long})`)}${both}${quoted(tail)}`;
}

function leaf(command: CompletedCommand): string[] {
  const { operands } = command;
  return [
    `${functionName(command.words)}() {`,
    '  _arguments -s -S \\',
    ...command.options.map((option) => `    ${optionSpec(option)} \\`),
    `    ${quoted(`*:argument:${action(operands)}`)}`,
    '}',
  ];
}

function group(command: CompletedCommand): string[] {
  const { words, commands, options } = command;
  const entry = (name: string, help: string) => `    ${quoted(`${escaped(name)}:${help}`)}`;
  return [
    `${functionName(words)}() {`,
    '  local -a commands options',
    '  commands=(',
    ...commands.map(({ name, help }) => entry(name, help)),
    '  )',
    '  options=(',
    ...options.map(({ long, help }) => entry(`--${long}`, help)),
    '  )',
    '  if (( CURRENT == 2 )); then',
    '    if [[ $PREFIX == -* ]]; then _describe -o option options',
    '    else _describe command commands; fi',
    '    return',
    '  fi',
    '  shift words',
    '  (( CURRENT-- ))',
    '  case $words[1] in',
    ...commands.map(({ name }) => `    ${name}) ${functionName([...words, name])} ;;`),
    '  esac',
    '}',
  ];
}

export function zshScript(commands: readonly CompletedCommand[]): string {
  const programs = commands.filter(({ words }) => words.length === 1).map(({ words }) => words[0]);
  const functions = commands.map((command) =>
    (command.commands.length > 0 ? group(command) : leaf(command)).join('\n'),
  );
  return `#compdef ${programs.join(' ')}
# zsh completion of Ozma's commands, made by: oz completion zsh

${functions.join('\n\n')}

_ozma() {
  case \${service:-\${words[1]:t}} in
${programs.map((name = '') => `    ${name}) ${functionName([name])} ;;`).join('\n')}
  esac
}

# Loaded from fpath this file is the function itself; sourced, it only says so.
if [[ \${funcstack[1]} == _oz ]]; then
  _ozma
else
  compdef _ozma ${programs.join(' ')}
fi
`;
}
