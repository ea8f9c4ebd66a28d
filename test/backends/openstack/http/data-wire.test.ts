import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createPlainServer, type Server } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { batches } from '../../../../backends/openstack/http/batches.ts';
import {
  type DataRequest,
  exchangeData,
  textOf,
} from '../../../../backends/openstack/http/data-wire.ts';

const content = randomBytes(9 << 20);

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const serving = (answer: RequestListener) => listening(createServer(answer));

const exchange = (url: string, extra: Partial<DataRequest> = {}) =>
  exchangeData({
    method: 'GET',
    url,
    headers: {},
    idleMs: 5000,
    connectMs: 5000,
    connection: {},
    ...extra,
  });

async function read(body: Readable): Promise<{ data: Buffer; failure: unknown }> {
  const pieces: Buffer[] = [];
  try {
    for await (const batch of batches(body)) pieces.push(...batch);
    return { data: Buffer.concat(pieces), failure: undefined };
  } catch (failure) {
    return { data: Buffer.concat(pieces), failure };
  }
}

describe('batches()', () => {
  test('brings a body whole', async () => {
    const url = await serving((_, response) => response.end(content));
    const { data, failure } = await read(await exchange(url));
    expect(failure).toBeUndefined();
    expect(data.equals(content)).toBe(true);
  });

  test('brings what came before a failure, then that', async () => {
    const url = await serving((_, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 100_000), () => response.destroy());
    });
    const { data, failure } = await read(await exchange(url));
    expect(failure).toMatchObject({ code: 'ECONNRESET' });
    expect(data.equals(content.subarray(0, 100_000))).toBe(true);
  });

  test('does not keep a little until more comes', async () => {
    const url = await serving((_, response) => void response.write('a little'));
    const body = await exchange(url);
    for await (const batch of batches(body)) {
      expect(Buffer.concat(batch).toString()).toBe('a little');
      break;
    }
    expect(body.destroyed).toBe(true);
  });

  test('reads no more than its reader takes', async () => {
    let made = 0;
    const body = new Readable({
      read() {
        made += 64 << 10;
        this.push(made > 64 << 20 ? null : Buffer.alloc(64 << 10));
      },
    });
    for await (const _ of batches(body)) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      break;
    }
    // one batch with the reader, and one that waits
    expect(made).toBeLessThan(10 << 20);
  });

  test('tells at once of a body that is gone', async () => {
    const body = Readable.from([content]);
    body.destroy();
    expect((await read(body)).failure).toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('exchangeData()', () => {
  test('sends a body and gives the answer', async () => {
    let bytes = 0;
    const url = await serving(async (request, response) => {
      for await (const piece of request) bytes += (piece as Buffer).length;
      response.writeHead(201).end('taken');
    });
    const answer = await exchange(url, { method: 'PUT', body: Readable.from([content, content]) });
    expect(answer.statusCode).toBe(201);
    expect(await textOf(answer)).toBe('taken');
    expect(bytes).toBe(2 * content.length);
  });

  test('ends a connection that is silent', async () => {
    const url = await serving(() => {});
    await expect(exchange(url, { idleMs: 100 })).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      event: 'socket',
    });
  });

  test('ends a greeting that takes too long', async () => {
    const silent = createPlainServer(() => {});
    const url = (await listening(silent)).replace('http:', 'https:');
    await expect(exchange(url, { connectMs: 200 })).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      event: 'secureConnect',
    });
  });

  test('passes on why there is no connection', async () => {
    const server = createPlainServer();
    const url = await listening(server);
    server.close();
    await expect(exchange(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('ends by its signal, also within the body', async () => {
    const url = await serving((_, response) => void response.write(content.subarray(0, 10)));
    const abort = new AbortController();
    const body = await exchange(url, { signal: abort.signal });
    setTimeout(() => abort.abort(), 50);
    expect((await read(body)).failure).toBeDefined();
  });
});
