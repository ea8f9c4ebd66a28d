import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createWire } from '../../backends/openstack/http/wire.ts';
import { proxyAgents, tunnelAgents } from '../../src/base/proxy.ts';

beforeEach(() => {
  for (const name of ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy']) {
    vi.stubEnv(name, '');
    vi.stubEnv(name.toUpperCase(), '');
  }
  onTestFinished(() => void vi.unstubAllEnvs());
});

/** A proxy that gives no tunnels, as most do to ports of plain HTTP. */
async function strictProxy() {
  const asked: Pick<IncomingMessage, 'method' | 'url' | 'headers'>[] = [];
  const server = createServer(async (request, response) => {
    asked.push(request);
    response.end(`behind it: ${Buffer.concat(await request.toArray())}`);
  });
  server.on('connect', (_, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { asked, place: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test('asks a proxy for whole URLs of http, with its login', async () => {
  const { asked, place } = await strictProxy();
  vi.stubEnv('http_proxy', `http://me:p%40ss@${place}`);
  const wire = createWire({ insecure: false, cacert: null, cert: null, key: null });
  const common = { url: 'http://cloud.invalid:9292/v2?a=b', headers: {}, idleMs: 5000 };
  expect((await wire.send({ ...common, method: 'GET' })).text).toBe('behind it: ');
  const body = Readable.from(['sent']);
  expect((await wire.send({ ...common, method: 'PUT', body })).text).toBe('behind it: sent');
  const login = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;
  for (const [i, method] of ['GET', 'PUT'].entries()) {
    expect(asked[i]).toMatchObject({
      ...{ method, url: common.url },
      headers: { host: 'cloud.invalid:9292', 'proxy-authorization': login },
    });
  }
});

describe('no_proxy', () => {
  test.each([
    ['10.0.0.0/8, other', 'http://10.1.2.3:5000/v3', true],
    ['10.0.0.0/8', 'http://11.1.2.3:5000/v3', false],
    ['10.0.0.0/99', 'http://10.1.2.3:5000/v3', false],
    ['fd00::/8', 'http://[fd00::1]:5000/v3', true],
    ['corp.example', 'https://keystone.corp.example/v3', true],
    ['.corp.example', 'https://keystone.corp.example/v3', true],
    ['corp.example', 'https://notcorp.example/v3', false],
    ['0.3', 'http://10.0.0.3/', false],
    ['*', 'http://10.1.2.3/', true],
  ])('%s, for %s: %s', (list, url, direct) => {
    vi.stubEnv('all_proxy', 'http://proxy.example:3128');
    vi.stubEnv('no_proxy', list);
    expect(Object.keys(proxyAgents(new URL(url))).length === 0).toBe(direct);
  });
});

test('speaks http to a proxy that is named without a scheme', () => {
  vi.stubEnv('https_proxy', 'proxy.example:3128');
  const { https } = proxyAgents(new URL('https://cloud.example/'));
  expect(https).toMatchObject({ proxy: { protocol: 'http:', host: 'proxy.example:3128' } });
});

test('refuses a proxy of another kind, without its login', () => {
  vi.stubEnv('http_proxy', 'socks5://me:hush@proxy.example');
  for (const agents of [proxyAgents, tunnelAgents]) {
    expect(() => agents(new URL('http://cloud.example/'))).toThrow(
      'Cannot use the proxy socks5://proxy.example',
    );
  }
});
