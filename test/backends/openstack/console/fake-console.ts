/** A VNC console as Nova has it: a proxy's websocket, and RFB inside it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Site } from '../../../../backends/openstack/site.ts';

export type Screen = (
  socket: WebSocket,
  next: (length: number) => Promise<Buffer>,
) => Promise<void>;

/** A proxy that lets only this token in. */
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

export function siteWith(url: string): { site: Site; log: string[] } {
  const log: string[] = [];
  const site = {
    cloud: { nova: { remoteConsole: async () => ({ url, type: 'novnc' }) } },
    tls: { insecure: false, cacert: null },
    context: { log: (line: string) => log.push(line) },
  };
  return { site: site as unknown as Site, log };
}

export const u16 = (...values: number[]) => Buffer.from(values.flatMap((v) => [v >> 8, v & 255]));
export const u32 = (value: number) => u16((value >>> 16) & 0xffff, value & 0xffff);

/** Lets a client in to a screen of 2 × 1, and takes its wishes. */
export const greet: Screen = async (socket, next) => {
  socket.send(Buffer.from('RFB 003.008\n'));
  expect((await next(12)).toString()).toBe('RFB 003.008\n');
  socket.send(Buffer.from([1, 1]));
  expect([...(await next(1))]).toEqual([1]);
  socket.send(u32(0));
  expect([...(await next(1))]).toEqual([1]);
  const name = Buffer.from('QEMU');
  socket.send(Buffer.concat([u16(2, 1), Buffer.alloc(16), u32(name.length), name]));
  await next(20 + 12); // pixel format and encodings
};
