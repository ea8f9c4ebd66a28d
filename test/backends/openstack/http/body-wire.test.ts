import { randomBytes } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createPlainServer } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { openBody } from '../../../../backends/openstack/http/body-wire.ts';
import type { TransferRequest } from '../../../../backends/openstack/http/data-wire.ts';
import { listening } from './listening.ts';

const given = vi.hoisted(() => ({ back: 0 }));

/** Memory that is given back is used again sooner or later: here it is at once. */
vi.mock('../../../../backends/openstack/http/regions.ts', async (load) => {
  const { createRegions } =
    await load<typeof import('../../../../backends/openstack/http/regions.ts')>();
  return {
    createRegions() {
      const regions = createRegions();
      const own = new WeakSet<ArrayBufferLike>();
      return {
        take() {
          const region = regions.take();
          own.add(region.buffer);
          return region;
        },
        giveBack(pieces: readonly Uint8Array[]) {
          for (const { buffer } of pieces) {
            if (!own.has(buffer)) continue;
            Buffer.from(buffer).fill('used again');
            given.back++;
          }
          regions.giveBack(pieces);
        },
      };
    },
  };
});

const content = randomBytes(9 << 20);

const serving = (answer: RequestListener) => listening(createServer(answer));

const ask = (url: string, extra: Partial<TransferRequest> = {}) =>
  openBody({
    method: 'GET',
    url,
    headers: {},
    idleMs: 5000,
    connectMs: 5000,
    connection: {},
    ...extra,
  });

type Body = Awaited<ReturnType<typeof ask>>['body'];

/** Late, where told: memory that is used again too early shows by then. */
async function read(body: Body, pauseMs = 0) {
  const pieces: Buffer[] = [];
  try {
    for await (const batch of body) {
      if (pauseMs) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      for (const piece of batch) pieces.push(Buffer.from(piece));
    }
    return { data: Buffer.concat(pieces), failure: undefined };
  } catch (failure) {
    return { data: Buffer.concat(pieces), failure };
  }
}

describe('a body', () => {
  test.each([
    ['at once', true, 0],
    ['to a slow reader', true, 30],
    ['in chunks', false, 0],
    ['in chunks, to a slow reader', false, 30],
  ])('comes whole %s', async (_, sized, pauseMs) => {
    const url = await serving((_, response) => {
      response.writeHead(200, sized ? { 'content-length': content.length } : {});
      for (let at = 0; at < content.length; at += 70_001) {
        response.write(content.subarray(at, at + 70_001));
      }
      response.end();
    });
    const { status, headers, body } = await ask(url);
    expect(status).toBe(200);
    expect(headers['content-length']).toBe(sized ? String(content.length) : undefined);
    const { data, failure } = await read(body, pauseMs);
    expect(failure).toBeUndefined();
    expect(data.equals(content)).toBe(true);
  });

  test('is read into the memory of what its reader is done with', async () => {
    const url = await serving((_, response) => {
      response.writeHead(200, { 'content-length': content.length }).end(content);
    });
    given.back = 0;
    const { data } = await read((await ask(url)).body, 5);
    expect(data.equals(content)).toBe(true);
    expect(given.back).toBeGreaterThan(0);
  });

  test('in chunks keeps the memory that others of its chunks lie in', async () => {
    const chunk = (at: number, end: number) =>
      Buffer.concat([
        Buffer.from(`${(end - at).toString(16)}\r\n`),
        ...[content.subarray(at, end), Buffer.from('\r\n')],
      ]);
    const last = Buffer.from('0\r\n\r\n');
    const small = 1000;
    const begin = (4 << 20) - 30 * small; // then so much waits that no more is taken
    const end = begin + 60 * small;
    const pause = () => new Promise((resolve) => setTimeout(resolve, 150));
    const server = createPlainServer((socket) => {
      socket.once('data', async () => {
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
        socket.write(chunk(0, begin));
        await pause(); // read; what follows is read at once, and taken in two parts
        const rest = Array.from({ length: 60 }, (_, index) => begin + index * small);
        socket.end(Buffer.concat([...rest.map((at) => chunk(at, at + small)), last]));
      });
    });
    const { body } = await ask(await listening(server));
    await pause();
    await pause();
    const { data, failure } = await read(body, 30);
    expect(failure).toBeUndefined();
    expect(data.equals(content.subarray(0, end))).toBe(true);
  });

  test.each([
    ['a dropped connection', (end: () => void) => end()],
    ['silence', () => {}],
  ])('brings what came before %s', async (_, then) => {
    const url = await serving((_, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 100_000), () => then(() => response.destroy()));
    });
    const { body } = await ask(url, { idleMs: 1000 });
    const { data, failure } = await read(body);
    expect(failure).toMatchObject({ code: expect.stringMatching(/^(ECONNRESET|ETIMEDOUT)$/) });
    expect(data.equals(content.subarray(0, 100_000))).toBe(true);
  });

  test('ends by its signal, with its reason', async () => {
    const url = await serving((_, response) => void response.write(content.subarray(0, 10)));
    const abort = new AbortController();
    const { body } = await ask(url, { signal: abort.signal });
    const reason = new Error('enough');
    setTimeout(() => abort.abort(reason), 50);
    expect((await read(body)).failure).toBe(reason);
  });

  test('lets go of the server when its reader leaves', async () => {
    let gone = false;
    const url = await serving((request, response) => {
      request.socket.on('close', () => {
        gone = true;
      });
      response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 10));
    });
    const { body } = await ask(url);
    for await (const _ of body) break;
    await expect.poll(() => gone).toBe(true);
  });

  test('may be none', async () => {
    const url = await serving((_, response) => void response.writeHead(204).end());
    const { status, body } = await ask(url);
    expect(status).toBe(204);
    expect((await read(body)).data).toHaveLength(0);
  });
});

describe('no answer:', () => {
  test('a server that is silent', async () => {
    const url = await serving(() => {});
    await expect(ask(url, { idleMs: 1000 })).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      event: 'socket',
    });
  });

  test('a greeting that takes too long', async () => {
    const url = (await listening(createPlainServer(() => {}))).replace('http:', 'https:');
    await expect(ask(url, { connectMs: 200 })).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      event: 'secureConnect',
    });
  });

  test('nobody listens', async () => {
    const server = createPlainServer();
    const url = await listening(server);
    server.close();
    await expect(ask(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('what is no HTTP', async () => {
    const url = await listening(createPlainServer((socket) => void socket.end('220 ftp\r\n')));
    await expect(ask(url)).rejects.toMatchObject({ code: 'EBADMSG' });
  });

  test.each(['while it connects', 'while it waits'])('the signal %s', async (when) => {
    const silent = await listening(createPlainServer(() => {}));
    const url = when === 'while it connects' ? silent.replace('http:', 'https:') : silent;
    const abort = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => abort.abort(reason), 100);
    const began = performance.now();
    await expect(ask(url, { signal: abort.signal })).rejects.toBe(reason);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});
