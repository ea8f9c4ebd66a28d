/** A guest's serial console: what it prints is waited for, and answered. */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { failed } from './cell.ts';

export interface GuestConsole {
  /** Waits until what came since the last match ends like that; returns it. Throws OZ_FRESH_FAILED. */
  expect(pattern: RegExp, seconds: number): Promise<string>;
  /** Types a line. */
  send(line: string): void;
  close(): void;
}

/** A socket that is not there yet is waited for, half a minute. */
async function connected(path: string, signal: AbortSignal): Promise<Socket> {
  for (let left = 60; ; left--) {
    signal.throwIfAborted();
    const socket = connect(path);
    const error = await new Promise<Error | undefined>((resolve) => {
      socket.once('connect', () => resolve(undefined));
      socket.once('error', resolve);
    });
    if (!error) return socket;
    if (left === 0) throw error;
    await sleep(500);
  }
}

// Colors, cursor movements and titles of a terminal.
const esc = String.fromCharCode(27);
const bell = String.fromCharCode(7);
const controls = new RegExp(
  `${esc}(?:\\[[0-9;?]*[a-zA-Z]|\\][^${bell}]*${bell}|[()][A-Z0-9]|[=>c])|\\r`,
  'g',
);

/** What a terminal would show. */
export function shown(text: string): string {
  return text.replace(controls, '');
}

export async function openConsole(path: string, signal: AbortSignal): Promise<GuestConsole> {
  const socket = await connected(path, signal);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  socket.on('error', () => {}); // the guest is gone: what is expected does not come
  return {
    async expect(pattern, seconds) {
      const end = Date.now() + seconds * 1000;
      for (;;) {
        signal.throwIfAborted();
        const now = shown(text);
        if (pattern.test(now)) {
          text = '';
          return now;
        }
        if (Date.now() > end)
          throw failed(`the console does not show ${pattern} in ${seconds} s`, now);
        await sleep(200);
      }
    },
    send: (line) => void socket.write(`${line}\r`),
    close: () => socket.destroy(),
  };
}
