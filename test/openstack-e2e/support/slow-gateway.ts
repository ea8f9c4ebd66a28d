/** A gateway before Nova, as clouds have: it may give a request up that Nova still carries out. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/** What becomes of a request that makes a server. */
export interface Treatment {
  /** Milliseconds until Nova gets it. */
  lateMs: number;
  /** Answers 504 at once. */
  givenUp: boolean;
}

export interface SlowGateway {
  url: string;
  /** Statuses that Nova gave to requests that make servers. */
  made: number[];
  close(): Promise<void>;
}

/** `treat` is called with the number of the request, from 1. */
export async function slowGateway(
  target: string,
  treat: (nth: number) => Treatment,
): Promise<SlowGateway> {
  const made: number[] = [];
  const late: Promise<unknown>[] = [];
  let count = 0;

  async function passOn(from: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    const { method, headers } = from;
    const asked = request(new URL(from.url ?? '/', target), { method, headers });
    asked.end(body);
    const [answer] = await once(asked, 'response');
    return answer as IncomingMessage;
  }

  async function serve(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const body = await buffer(from);
    const makes = from.method === 'POST' && /\/servers$/.test(from.url ?? '');
    const { lateMs, givenUp } = makes ? treat(++count) : { lateMs: 0, givenUp: false };
    if (givenUp) to.writeHead(504).end('Gateway Time-out');
    await sleep(lateMs);
    const answer = await passOn(from, body);
    const text = await buffer(answer);
    if (makes) made.push(answer.statusCode ?? 0);
    if (!givenUp) to.writeHead(answer.statusCode ?? 502, answer.headers).end(text);
  }

  const server = createServer((from, to) => {
    late.push(serve(from, to).catch(() => to.destroy()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    made,
    async close() {
      await Promise.all(late);
      server.closeAllConnections();
      server.close();
    },
  };
}
