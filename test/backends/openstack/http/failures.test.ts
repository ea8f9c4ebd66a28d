import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { brokenOff } from '../../../../backends/openstack/http/failures.ts';
import { createWire } from '../../../../backends/openstack/http/wire.ts';

test.each([
  ['407 Proxy Authentication Required', { words: 'the proxy answers 407', lasting: true }],
  ['503 Service Unavailable', { words: 'the proxy answers 503', lasting: false }],
])('tells of a proxy that gives no tunnel: %s', async (status, expected) => {
  const proxy = createServer();
  proxy.on('connect', (_, socket) => socket.end(`HTTP/1.1 ${status}\r\n\r\n`));
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  vi.stubEnv('https_proxy', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  vi.stubEnv('no_proxy', '');
  onTestFinished(() => {
    vi.unstubAllEnvs();
    proxy.close();
  });
  const wire = createWire({ insecure: false, cacert: null, cert: null, key: null });
  const request = { method: 'POST', url: 'https://cloud.invalid/', headers: {}, idleMs: 5000 };
  for (const ask of [wire.send, wire.open]) {
    const failure = await ask(request).then(() => null, brokenOff);
    expect(failure).toMatchObject({ ...expected, sent: false });
  }
});
