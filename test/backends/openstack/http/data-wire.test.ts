import { randomBytes } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createPlainServer } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import {
  type DataRequest,
  exchangeData,
  textOf,
} from '../../../../backends/openstack/http/data-wire.ts';
import { listening } from './listening.ts';

const content = randomBytes(9 << 20);

const serving = (answer: RequestListener) => listening(createServer(answer));

const exchange = (url: string, extra: Partial<DataRequest> = {}) =>
  exchangeData({
    method: 'PUT',
    url,
    headers: {},
    body: Readable.from([content]),
    idleMs: 5000,
    connectMs: 5000,
    connection: {},
    ...extra,
  });

describe('exchangeData()', () => {
  test('sends a body and gives the answer', async () => {
    let bytes = 0;
    const url = await serving(async (request, response) => {
      for await (const piece of request) bytes += (piece as Buffer).length;
      response.writeHead(201).end('taken');
    });
    const answer = await exchange(url, { body: Readable.from([content, content]) });
    expect(answer.statusCode).toBe(201);
    expect(await textOf(answer, 1024)).toBe('taken');
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

  test('ends by its signal', async () => {
    const url = await serving(() => {});
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    await expect(exchange(url, { signal: abort.signal })).rejects.toThrow();
  });
});
