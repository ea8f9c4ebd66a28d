/** A proxy of VNC consoles, as Nova has one: a websocket, and RFB inside it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';

/** One connection's server: what it sends, and what it waits for. */
export type Screen = (
  socket: WebSocket,
  next: (length: number) => Promise<Buffer>,
) => Promise<void>;

/** A proxy that lets only one token in, which is in the page's address that it returns. */
export async function proxy(screen: Screen): Promise<string> {
  const http = createServer();
  const sockets = new WebSocketServer({ server: http });
  sockets.on('connection', (socket, request) => {
    if (request.url !== '/?token=let-me-in') return socket.close();
    let have = Buffer.alloc(0);
    let wake = () => {};
    socket.on('message', (data: Buffer) => {
      have = Buffer.concat([have, data]);
      wake();
    });
    const next = async (length: number) => {
      while (have.length < length) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const taken = have.subarray(0, length);
      have = have.subarray(length);
      return taken;
    };
    screen(socket, next).catch(() => socket.terminate());
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  onTestFinished(() => {
    for (const client of sockets.clients) client.terminate();
    http.close();
  });
  const { port } = http.address() as AddressInfo;
  return `http://127.0.0.1:${port}/vnc_auto.html?path=%3Ftoken%3Dlet-me-in`;
}

export const u16 = (...values: number[]) => Buffer.from(values.flatMap((v) => [v >> 8, v & 255]));
export const u32 = (value: number) => u16((value >>> 16) & 0xffff, value & 0xffff);

export interface Desk {
  /** `+` and `-` with keysyms, as they come. */
  events: string[];
  sockets: WebSocket[];
  /** Open connections. */
  open(): number;
  screen: Screen;
}

/** More than was asked for, as servers paint. */
const painted = Buffer.concat([
  Buffer.from([0, 0]),
  ...[u16(1), u16(0, 0, 16, 1), u32(0), Buffer.alloc(16 * 4)],
]);

/** A server that writes keys down. `late`: milliseconds before it reads each; `security`: 2 for a password. */
export function desk({ late = 0, security = 1 } = {}): Desk {
  const events: string[] = [];
  const sockets: WebSocket[] = [];
  const answers: Record<number, { length: number; take(rest: Buffer, socket: WebSocket): void }> = {
    3: { length: 9, take: (_, socket) => socket.send(painted) },
    4: {
      length: 7,
      take: (rest) =>
        void events.push(`${rest[0] ? '+' : '-'}${rest.readUInt32BE(3).toString(16)}`),
    },
  };
  return {
    events,
    sockets,
    open: () => sockets.filter(({ readyState, OPEN }) => readyState === OPEN).length,
    async screen(socket, next) {
      sockets.push(socket);
      socket.send(Buffer.from('RFB 003.008\n'));
      await next(12);
      socket.send(Buffer.from([1, security]));
      await next(1);
      socket.send(u32(0));
      await next(1);
      socket.send(Buffer.concat([u16(800, 600), Buffer.alloc(16), u32(0)]));
      await next(20 + 12); // pixel format and encodings
      for (;;) {
        const [type = 0] = await next(1);
        if (late > 0) await new Promise((resolve) => setTimeout(resolve, late));
        const { length, take } = answers[type] as (typeof answers)[number];
        take(await next(length), socket);
      }
    },
  };
}
