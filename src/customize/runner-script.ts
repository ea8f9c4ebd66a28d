/** The script that does operations in a guest by itself and tells of them on its console. */
import { pieceLength } from '../icicle/console.ts';
import type { RunnerOperation } from './cloud-init.ts';
import { type Script, scriptCommand } from './script.ts';
import { quote } from './shell.ts';

/**
 * A cloud shows the last 100 KiB of a console, and only while the guest runs. So
 * lists are printed in portions, with time to look between them, and the guest
 * stays up for a while when all is said. Seconds.
 */
const lookEvery = 20;
const stayUp = 30;
/** Pieces in a portion: about 60 KiB. */
const portion = 300;

/** See console.ts for what is printed. */
const functions = `
case $(uname -m) in
  aarch64 | arm*) ports='/dev/ttyAMA0 /dev/ttyS0' ;;
  ppc*) ports='/dev/hvc0 /dev/hvc1' ;;
  s390*) ports='/dev/ttysclp0 /dev/sclp_line0' ;;
  *) ports='/dev/ttyS0 /dev/ttyu0' ;;
esac
port=/dev/console
for candidate in $ports; do
  if [ -c "$candidate" ] && stty <"$candidate" >/dev/null 2>&1; then
    port=$candidate
    break
  fi
done
dmesg -n 1 2>/dev/null

say() {
  sum=$(printf %s "$*" | cksum)
  for time in 1 2 3; do printf '\\n@%s %s %s\\n' "$mark" "$*" "\${sum%% *}"; done >>"$port"
}

show() {
  shown=0
  while IFS= read -r line || [ -n "$line" ]; do
    shown=$((shown + 1))
    printf '@%s out %s.%s %s\\n' "$mark" "$1" "$shown" "$line" >>"$port"
  done
}

put() {
  if [ ! -e "$2" ]; then (umask 077 && : >"$2") || return; fi
  if [ -n "$3" ]; then chmod -- "$3" "$2" || return; fi
  cat "$1" >"$2" || return
  rm -f "$1"
}

perform() {
  say at "$1"
  show "$1" <"$directory/pipe" &
  printer=$!
  if [ -n "$2" ]; then
    (cd "$HOME" && operation) >"$directory/$2" 2>"$directory/pipe"
  else
    (cd "$HOME" && operation) >"$directory/pipe" 2>&1
  fi
  code=$?
  # What it left in the background may hold the pipe for ever.
  (sleep 3 && kill "$printer") >/dev/null 2>&1 &
  watchdog=$!
  wait "$printer"
  kill "$watchdog" 2>/dev/null
  if [ "$code" -ne 0 ]; then
    say failed "$1" "$code"
    exit 1
  fi
  if [ -n "$2" ]; then send "$2"; fi
}

encode() {
  if command -v base64 >/dev/null 2>&1; then base64; else openssl base64; fi
}

send() {
  gzip -n -9 -c "$directory/$1" >"$directory/$1.gz"
  encode <"$directory/$1.gz" | tr -d '\\n' | fold -w ${pieceLength} >"$directory/$1.pieces"
  echo >>"$directory/$1.pieces"
  sum=$(cksum <"$directory/$1.gz")
  for time in 1 2; do
    number=0
    while IFS= read -r piece; do
      [ -n "$piece" ] || continue
      number=$((number + 1))
      printf '@%s data %s %s %s\\n' "$mark" "$1" "$number" "$piece" >>"$port"
      [ $((number % ${portion})) -ne 0 ] || sleep ${lookEvery}
    done <"$directory/$1.pieces"
  done
  say end "$1" "$number" $sum
}
`;

export interface RunnerOptions {
  mark: string;
  /** Where the script and its files are; gone after the power-off. */
  directory: string;
  /** Started last; has the guest power off. */
  last: Script;
}

export interface Runner {
  script: string;
  /** Files that the script needs beside it. */
  files: { path: string; content: Buffer }[];
}

/** A heredoc of a text that may hold anything; the mark is known to nobody who wrote it. */
function fed(command: string, input: string, end: string): string {
  return `${command} <<'${end}'\n${input}${end}`;
}

function shellOf({ operation }: RunnerOperation, file: string, end: string): string {
  switch (operation.kind) {
    case 'script': {
      const { command, input } = scriptCommand(operation.script, operation.environment);
      return fed(command, input, end);
    }
    case 'command':
      return `"$SHELL" -c ${quote(operation.command)} </dev/null`;
    case 'write': {
      const mode = operation.mode === undefined ? "''" : operation.mode.toString(8);
      const put = `put ${quote(file)} ${quote(operation.path)} ${mode}`;
      const line = `wrote ${operation.path} (${operation.content.length} bytes)`;
      return operation.passing ? put : `${put} && echo ${quote(line)}`;
    }
  }
}

/**
 * Runs as root. The first operation that fails is told, and then nothing more
 * happens: the guest stays up, so that its power-off means success.
 */
export function runnerScript(
  operations: readonly RunnerOperation[],
  { mark, directory, last }: RunnerOptions,
): Runner {
  const end = `END-${mark}`;
  const name = (index: number) => `${directory}/${index}`;
  const parts = operations.map((one, index) => {
    const body = `operation() {\n${shellOf(one, name(index), end)}\n}`;
    const way = one.quiet
      ? '(cd "$HOME" && operation) >/dev/null 2>&1'
      : `perform ${index} '${one.list ?? ''}'`;
    return `${body}\n${way}\n`;
  });
  const { command, input } = scriptCommand(last);
  const script = [
    `mark=${mark}`,
    `directory=${directory}`,
    'export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" HOME=/root',
    'SHELL=$(awk -F: \'$1 == "root" { print $7 }\' /etc/passwd)',
    '[ -n "$SHELL" ] || SHELL=/bin/sh',
    'export SHELL',
    'umask 022',
    'mkfifo "$directory/pipe"',
    functions,
    ...parts,
    'say done',
    `sleep ${stayUp}`,
    fed(command, input, end),
    '',
  ].join('\n');
  const files = operations.flatMap(({ operation }, index) =>
    operation.kind === 'write' ? [{ path: name(index), content: operation.content }] : [],
  );
  return { script, files };
}
