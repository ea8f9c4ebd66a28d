/** The evidence folder: what was seen when a guest failed, secrets masked. */
import { open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Guest } from '../../backends/backend.ts';
import { messageOf } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { makeDirectory } from '../base/make-directory.ts';
import { fromNextLine, lastLines } from '../base/readable.ts';

/** Milliseconds each piece may take; a dead hypervisor must not hold up the error. */
const patience = 15_000;
/** Bytes that are asked for where the console is not logged on this machine. */
const consoleTail = 1024 * 1024;

export interface EvidenceInput {
  dir: string;
  guest: Guest | null;
  consoleLog: string | null;
  answer: { filename: string; text: string } | null;
  mask: (text: string) => string;
  error: unknown;
  /** The waiter's last look. */
  lastActivity: unknown;
}

async function attempt(
  name: string,
  problems: string[],
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const signal = AbortSignal.timeout(patience);
  const expired = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('took too long')), { once: true });
  });
  try {
    await Promise.race([work(signal), expired]);
  } catch (error) {
    problems.push(`${name}: ${messageOf(error)}`);
  }
}

/** What a guest tells of its console, from the beginning of a line on: half a secret is known for none. */
async function toldText(
  guest: Guest,
  tailBytes: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const told = await guest.console({ signal, tailBytes });
  if (!told) return undefined;
  return told.size > tailBytes ? fromNextLine(told.tail) : told.tail;
}

/** From the log on this machine, else from the place itself. */
async function consoleText(
  { consoleLog, guest }: EvidenceInput,
  signal: AbortSignal,
): Promise<string | undefined> {
  const logged = consoleLog && (await readEnd(consoleLog, limits.evidence).catch(() => ''));
  if (logged) return logged;
  return guest ? toldText(guest, consoleTail, signal) : undefined;
}

/** Bytes of the console, lines of it, and characters of a line, that an error shows. */
const shown = { bytes: 16 * 1024, lines: 12, width: 160 };

/** The last of the console that can be read; undefined: nothing. */
export async function lastWords(
  { guest, consoleLog }: Pick<EvidenceInput, 'guest' | 'consoleLog'>,
  mask: (text: string) => string,
): Promise<string[] | undefined> {
  if (!guest) return undefined; // none has to do with it
  let lines: string[] = [];
  await attempt('console', [], async (signal) => {
    const told = await toldText(guest, shown.bytes, signal).catch(() => undefined);
    const text = told ?? (consoleLog ? await readEnd(consoleLog, shown.bytes) : '');
    lines = lastLines(mask(text), shown.lines, shown.width);
  });
  return lines.length > 0 ? lines : undefined;
}

/** From the beginning of a line on, too. */
async function readEnd(file: string, bytes: number): Promise<string> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const from = Math.max(0, size - bytes);
    const room = Buffer.alloc(Math.max(1, Math.min(bytes, size)));
    const { buffer, bytesRead } = await handle.read(room, 0, room.length, from);
    const text = buffer.toString('utf8', 0, bytesRead);
    return from > 0 ? fromNextLine(text) : text;
  } finally {
    await handle.close();
  }
}

/** Writes all that can still be had, and returns the folder. Throws where even that can't be made. */
export async function collectEvidence(input: EvidenceInput): Promise<string> {
  const { dir, guest, mask } = input;
  const write = (name: string, content: string | Buffer) =>
    writeFile(path.join(dir, path.basename(name)), content, { mode: 0o600 });
  await makeDirectory(dir, 0o700);
  const problems: string[] = [];
  if (guest) {
    await attempt('screenshot', problems, async (signal) => {
      const png = await guest.screenshot({ signal });
      if (png) await write('screenshot.png', png);
    });
    await attempt('description', problems, async (signal) => {
      const { file, text } = await guest.describe({ signal });
      await write(file, mask(text));
    });
  }
  const { answer } = input;
  await attempt('console', problems, async (signal) => {
    const text = await consoleText(input, signal);
    if (text !== undefined) await write('console.log', mask(text));
  });
  if (answer) {
    await attempt('answer file', problems, () => write(answer.filename, mask(answer.text)));
  }
  await attempt('summary', problems, () =>
    write(
      'error.json',
      `${JSON.stringify(
        {
          error: mask(messageOf(input.error)),
          code: (input.error as { code?: unknown }).code,
          lastActivity: input.lastActivity,
          notCollected: problems,
        },
        null,
        2,
      )}\n`,
    ),
  );
  return dir;
}
