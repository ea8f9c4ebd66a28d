/** Large transfers keep the settings of all requests: trust, and proxies. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createProxy } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect, type Server } from 'node:net';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { TlsSettings } from '../../../../backends/openstack/http/tls-files.ts';
import { createWire } from '../../../../backends/openstack/http/wire.ts';
import { testDir } from '../../../media/support.ts';

beforeEach(() => {
  for (const name of ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy']) {
    vi.stubEnv(name, '');
    vi.stubEnv(name.toUpperCase(), '');
  }
  onTestFinished(() => void vi.unstubAllEnvs());
});

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** Answers with what is sent to it, and else with `nothing sent`. */
async function secureServer() {
  const dir = testDir();
  const file = (name: string) => path.join(dir, name);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const out = ['-keyout', file('key.pem'), '-out', file('cert.pem')];
  execFileSync('openssl', ['req', '-x509', ...key, ...subject, ...out], { stdio: 'pipe' });
  const pem = { key: readFileSync(file('key.pem')), cert: readFileSync(file('cert.pem')) };
  const port = await portOf(
    createServer(pem, async (request, response) => {
      const pieces = await request.toArray();
      response.end(pieces.length > 0 ? Buffer.concat(pieces) : 'nothing sent');
    }),
  );
  return { url: `https://127.0.0.1:${port}/`, cacert: file('cert.pem') };
}

async function both(url: string, tls: Partial<TlsSettings>) {
  const wire = createWire({ insecure: false, cacert: null, cert: null, key: null, ...tls });
  const common = { url, headers: {}, idleMs: 5000 };
  const up = await wire.send({ ...common, method: 'PUT', body: Readable.from(['sent']) });
  const down = await wire.open({ ...common, method: 'GET' });
  let text = '';
  for await (const batch of down.body) text += Buffer.concat(batch);
  return [up.text, text];
}

test("names the host in TLS, as it is asked for, in both of Node's clients", async () => {
  const dir = testDir();
  const [key, cert] = [path.join(dir, 'key.pem'), path.join(dir, 'cert.pem')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const args = ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert];
  execFileSync('openssl', args, { stdio: 'pipe' });
  const names: unknown[] = [];
  const pem = { key: readFileSync(key), cert: readFileSync(cert) };
  const port = await portOf(
    createServer(pem, async (request, response) => {
      names.push((request.socket as TLSSocket).servername);
      await request.toArray();
      response.end('answer');
    }),
  );
  await both(`https://localhost:${port}/`, { cacert: cert });
  expect(names).toEqual(['localhost', 'localhost']);
});

test.each([
  ['an authority of its own', true, false],
  ['no trust asked for', false, true],
])('transfers over TLS with %s', async (_, named, insecure) => {
  const { url, cacert } = await secureServer();
  const tls = { cacert: named ? cacert : null, insecure };
  expect(await both(url, tls)).toEqual(['sent', 'nothing sent']);
});

test('transfers nothing to a server that is not trusted', async () => {
  const { url } = await secureServer();
  await expect(both(url, {})).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
});

test('transfers through a proxy', async () => {
  const { url, cacert } = await secureServer();
  const asked: (string | undefined)[] = [];
  const proxy = createProxy().on('connect', (request, socket) => {
    asked.push(request.url);
    const onward = connect(Number(new URL(url).port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    for (const end of [socket, onward]) end.on('error', () => {});
  });
  vi.stubEnv('https_proxy', `http://127.0.0.1:${await portOf(proxy)}`);
  expect(await both(url, { cacert })).toEqual(['sent', 'nothing sent']);
  expect(asked).toEqual([new URL(url).host, new URL(url).host]);
});
