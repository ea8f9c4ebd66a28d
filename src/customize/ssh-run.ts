/** One command over an SSH connection. */
import { constants } from 'node:os';
import type { Client, ClientChannel } from 'ssh2';
import { deadline } from '../base/abort.ts';
import { OzError } from '../base/errors.ts';
import { inWords, limits } from '../base/limits.ts';
import { tailBuffer } from '../base/tail-buffer.ts';
import { lineSplitter } from './lines.ts';
import type { RunOptions, RunResult } from './session.ts';

/**
 * How long (ms) output may stay silent, once the command has ended, until it no
 * longer counts: what it left in the background may hold the stream for ever.
 */
const silence = 3000;

/** The command without its text's length: long scripts do not belong in a message. */
function shortened(command: string): string {
  const line = command.trim().split('\n')[0] ?? '';
  return line.length > 80 || line !== command.trim() ? `${line.slice(0, 80)}…` : line;
}

/**
 * `setUp` is called at once: the end of a quick command may be in the same packet
 * as the channel's beginning, and nobody tells it twice.
 */
function openChannel<T>(
  client: Client,
  command: string,
  setUp: (channel: ClientChannel) => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => (error ? reject(error) : resolve(setUp(channel))));
  });
}

/** Waits for `work`, or for the first of the signals, whose reason is thrown. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    stop = () => signal.removeEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    stop();
  }
}

/** The protocol names signals without SIG; servers and ssh2 are not of one mind. */
function signalNumber(name: string): number {
  const full = name.startsWith('SIG') ? name : `SIG${name}`;
  return (constants.signals as Record<string, number | undefined>)[full] ?? 1;
}

/** Resolves with the exit code once the command and its output have ended. */
function exitOf(channel: ClientChannel, lost: () => Error): Promise<number> {
  return new Promise((resolve, reject) => {
    let code: number | undefined;
    let timer: NodeJS.Timeout | undefined;
    const settle = () => {
      clearTimeout(timer);
      if (code === undefined) reject(lost());
      else resolve(code);
    };
    const wait = () => {
      if (code === undefined) return;
      clearTimeout(timer);
      timer = setTimeout(settle, silence);
    };
    channel.on('data', wait);
    channel.stderr.on('data', wait);
    channel.on('exit', (status: number | null, signalName?: string) => {
      code = status ?? 128 + signalNumber(signalName ?? '');
      wait();
    });
    channel.on('close', settle);
  });
}

/** Listens to a channel: its output, and how it ends; `tooMuch` is called where some was dropped. */
function follow(
  channel: ClientChannel,
  options: RunOptions,
  lost: () => Error,
  tooMuch: () => void,
) {
  const kept = limits.commandOutput;
  const out = { stdout: tailBuffer(kept), stderr: tailBuffer(kept) };
  const splitters = (['stdout', 'stderr'] as const).map((name) => {
    const lines = lineSplitter((line) => options.onOutput?.(name, line));
    const stream = name === 'stdout' ? channel : channel.stderr;
    stream.on('data', (chunk: Buffer) => {
      out[name].push(chunk);
      if (name === 'stdout' && out.stdout.cut()) tooMuch();
      lines.push(chunk);
    });
    return lines;
  });
  channel.on('error', () => {}); // told by 'close' or by the client
  const exit = exitOf(channel, lost);
  exit.catch(() => {}); // when the signal comes first
  return { exit, out, splitters };
}

/** See Session.run; `gone` is aborted when the connection is lost. */
export async function runCommand(
  client: Client,
  command: string,
  options: RunOptions,
  gone: AbortSignal,
): Promise<RunResult> {
  const limit =
    options.timeoutMs === undefined
      ? undefined
      : deadline(options.timeoutMs, () => timedOut(command, options.timeoutMs ?? 0));
  const excess = new AbortController();
  const tooMuch = () => {
    if (options.whole) excess.abort(tooLong(command));
  };
  const signal = AbortSignal.any(
    [gone, options.signal, limit?.signal, excess.signal].filter((s): s is AbortSignal => !!s),
  );
  let channel: ClientChannel | undefined;
  try {
    signal.throwIfAborted();
    const running = await orAborted(
      openChannel(client, command, (opened) => {
        channel = opened;
        return follow(opened, options, () => lostError(gone, command), tooMuch);
      }),
      signal,
    );
    const { exit, out, splitters } = running;
    channel?.end(options.input ?? '');
    const code = await orAborted(exit, signal);
    for (const lines of splitters) lines.end();
    const result = { code, stdout: out.stdout.text(), stderr: out.stderr.text() };
    const ok = options.okCodes ?? [0];
    if (ok !== 'any' && !ok.includes(code)) throw failed(command, result);
    return result;
  } catch (error) {
    if (channel && !gone.aborted) {
      channel.signal('TERM');
      channel.close();
    }
    throw error;
  } finally {
    limit?.clear();
    channel?.destroy();
  }
}

function lostError(gone: AbortSignal, command: string): Error {
  return gone.aborted
    ? (gone.reason as Error)
    : new OzError(
        'OZ_SSH_LOST',
        `Cannot tell how the guest's command "${shortened(command)}" ended: its channel was closed`,
        { hint: 'the guest has stopped, restarted or hangs; see its console log' },
      );
}

function timedOut(command: string, ms: number): OzError {
  return new OzError(
    'OZ_SSH_COMMAND_TIMEOUT',
    `Cannot finish "${shortened(command)}" in the guest: no end within ${ms / 1000} s`,
    { hint: 'the guest hangs or is very slow; see its console log' },
  );
}

function tooLong(command: string): OzError {
  return new OzError(
    'OZ_SSH_COMMAND_FAILED',
    `Cannot use the output of "${shortened(command)}" in the guest: it is larger than ${inWords(limits.commandOutput)}`,
    { hint: 'the guest is broken, or means harm; run the command in it by hand' },
  );
}

function failed(command: string, { code, stdout, stderr }: RunResult): OzError {
  const tail = (stderr.trim() || stdout.trim()).split('\n').slice(-5).join('\n');
  return new OzError(
    'OZ_SSH_COMMAND_FAILED',
    `Cannot finish "${shortened(command)}" in the guest: exit code ${code}${tail ? `: ${tail}` : ''}`,
  );
}
