/**
 * Why a libvirt daemon does not start. One that runs in the background keeps its words to a log,
 * and who connects only learns that nobody listens: it is started once more in the foreground.
 */
import { installHint, missingHint, packageOf } from '../../src/base/debian-packages.ts';
import { codeOf, OzError } from '../../src/base/errors.ts';
import { startTool } from '../../src/base/start-tool.ts';
import { findGuestDaemon } from './find-daemon.ts';
import { readUri } from './uri.ts';

interface DaemonWords {
  /** Its own words. */
  words: string;
  hint: string;
}

/** `2026-11-30 18:00:00.000+0000: 123: error : function:12 : the words`; without a log, `libvirtd: error: words`. */
const logLine = /(?:^|: +)error ?: (?:\w+:\d+ : )?(.+)$/;

/** What packages bring besides programs. */
const known: readonly [pattern: RegExp, hint: string][] = [
  [/\blibvirt-qemu\b/, installHint('libvirt-daemon-system')],
];

/** What ends a daemon, though with exit code 0; the errors before it are about what it does without. */
const fatal = /^Initialization of \S+ state driver failed: (.+)$/;

/** What the loader says for a daemon that does not come to say anything. */
const unloadable = /error while loading shared libraries: (([^:\s]+):.*)/;

/** The line that says why a daemon ended, of all that it wrote; null where it did not fail. */
export function readWords(
  said: string,
  program: string,
  exitCode: number | null,
): DaemonWords | null {
  const [, loader, library = ''] = unloadable.exec(said) ?? [];
  if (loader && exitCode !== 0) {
    // libvirt's own libraries are in one package
    const holder = packageOf(library.replace(/^libvirt-\w+\.so/, 'libvirt.so'));
    const repair = `repair its packages (Debian: apt-get install --reinstall ${packageOf('libvirtd')})`;
    return { words: loader, hint: holder ? installHint(holder) : repair };
  }
  const errors = said.split('\n').flatMap((line) => logLine.exec(line.trim())?.[1] ?? []);
  const [reason] = errors.flatMap((words) => fatal.exec(words)?.[1] ?? []);
  const words = reason ?? (exitCode === 0 ? undefined : errors.at(-1));
  if (words === undefined) return null;
  const hint =
    known.find(([pattern]) => pattern.test(words))?.[1] ??
    `mend that; ${program} in a terminal says the same`;
  return { words: words.slice(0, 300), hint };
}

/** Enough for a daemon that fails; one that starts after all ends itself. */
const patience = 10_000;

/** Null where it starts after all, or says nothing. */
export function daemonWords(program: string): Promise<DaemonWords | null> {
  return new Promise((resolve) => {
    const child = startTool(program, ['--timeout=1'], {
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { LC_ALL: 'C', LIBVIRT_LOG_OUTPUTS: '3:stderr' },
    });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(0, 100_000);
    });
    const timer = setTimeout(() => child.kill(), patience);
    child.on('error', () => {});
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve(readWords(said, program, code));
    });
  });
}

/** Words that a daemon is missing, or does not start; `cause` is what a connection said. */
export async function daemonFailure(program: string | null, cause?: unknown): Promise<OzError> {
  const failure = (why: string, hint: string) =>
    new OzError('OZ_LIBVIRT_NO_DAEMON', `Cannot start libvirt: ${why}`, { hint, cause });
  if (program === null) return failure('libvirtd is not installed', missingHint('libvirtd'));
  const own = await daemonWords(program);
  if (own) return failure(`${program} ends: ${own.words}`, own.hint);
  return failure(`${program} does not answer`, `look what ${program} says in a terminal`);
}

/** To be thrown on: a user's own daemon that the library could not start is asked why. */
export async function sessionFailure(error: unknown, uri: string): Promise<never> {
  const started = readUri(uri).userNetworking && !readUri(uri).remote && !uri.includes('?');
  if (!started || codeOf(error) !== 'OZ_LIBVIRT_NO_DAEMON') throw error;
  throw await daemonFailure(findGuestDaemon(), error);
}
