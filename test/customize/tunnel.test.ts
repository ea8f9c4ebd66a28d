/** Through a real sshd that stands for a guest with another view of the network. */
import http from 'node:http';
import type net from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectSsh, type Session } from '../../src/customize/session.ts';
import { openTunnel } from '../../src/customize/tunnel.ts';
import { startSshd, type TestSshd } from './helpers/sshd.ts';

let sshd: TestSshd;
let session: Session;
let server: http.Server;
let port = 0;
let dialled: string[] = [];

beforeAll(async () => {
  sshd = await startSshd();
  session = await connectSsh(sshd.address, sshd.auth);
  server = http.createServer((request, response) => {
    if (request.url === '/big') return response.end(Buffer.alloc(5_000_000, 'x'));
    response.setHeader('x-host', request.headers.host ?? '');
    return response.end(`${request.method} ${request.url}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as net.AddressInfo).port;
});
afterAll(async () => {
  await session.close();
  await sshd.stop();
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  dialled = [];
});

/** The guest is on this machine: what it can't reach is said here. */
function guest(closed: (host: string, port: number) => boolean): Session {
  return {
    ...session,
    dial: async (host, to) => {
      dialled.push(`${host}:${to}`);
      if (closed(host, to)) throw new Error('refused');
      if (!session.dial) throw new Error('no dial');
      return session.dial(host, to);
    },
  };
}

const repository = (url: string) => ({
  name: 'r',
  url,
  signed: true,
  sslverify: true,
  persisted: true,
});
const throughProxy = async (proxy: string, url: string) =>
  (
    await session.run(
      `python3 -c 'import sys, urllib.request as u; r = u.build_opener(u.ProxyHandler({"http": sys.argv[1]})).open(sys.argv[2]); sys.stdout.buffer.write(r.read())' ${proxy} ${url}`,
    )
  ).stdout;

describe('openTunnel', () => {
  it('is not needed for what the guest reaches, nor of use for what nobody does', async () => {
    const all = guest(() => false);
    expect(await openTunnel(all, [repository(`deb http://127.0.0.1:${port}/x stable main`)])).toBe(
      null,
    );
    expect(dialled).toEqual([`127.0.0.1:${port}`]);
    const nobody = guest(() => true);
    expect(await openTunnel(nobody, [repository('http://127.0.0.1:1/x')])).toBe(null);
    expect(await openTunnel(nobody, [repository('ppa:a/b')])).toBe(null);
  });

  it('carries what the guest cannot reach, and leaves the rest to the guest', async () => {
    const other = http.createServer((_, response) => response.end('other'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const otherPort = (other.address() as net.AddressInfo).port;
    const tunnel = await openTunnel(
      guest((_, to) => to === port),
      [repository(`http://127.0.0.1:${port}/repo`), repository(`http://127.0.0.1:${otherPort}/`)],
    );
    if (!tunnel) throw new Error('no tunnel');
    expect(tunnel.endpoints).toEqual([`127.0.0.1:${port}`]);
    const proxy = tunnel.environment.http_proxy ?? '';
    dialled = [];
    expect(await throughProxy(proxy, `http://127.0.0.1:${port}/a?b=c`)).toBe('GET /a?b=c');
    expect((await throughProxy(proxy, `http://127.0.0.1:${port}/big`)).length).toBe(5_000_000);
    expect(dialled).toEqual([]);
    expect(await throughProxy(proxy, `http://127.0.0.1:${otherPort}/`)).toBe('other');
    expect(dialled).toEqual([`127.0.0.1:${otherPort}`]);
    await expect(throughProxy(proxy, 'http://127.0.0.1:1/')).rejects.toThrow('502');
    // as for https
    const connect = `printf 'CONNECT 127.0.0.1:${port} HTTP/1.1\\r\\n\\r\\n' >&3; read -r line <&3; echo "$line"`;
    const address = proxy.replace(/^http:\/\/([^:]+):(\d+)$/, '/dev/tcp/$1/$2');
    const { stdout } = await session.run(
      `bash -c 'exec 3<>${address}; ${connect.replaceAll("'", `'\\''`)}'`,
    );
    expect(stdout).toContain('200');
    await tunnel.close();
    await expect(throughProxy(proxy, `http://127.0.0.1:${port}/`)).rejects.toThrow('refused');
    other.close();
  });

  it('does not stand in the way of a guest whose server allows no tunnels', async () => {
    const strict = await startSshd({ extra: ['AllowTcpForwarding no'] });
    const inside = await connectSsh(strict.address, strict.auth);
    const asked = [repository(`http://127.0.0.1:${port}/`)];
    expect(await openTunnel(inside, asked)).toBe(null);
    // one that makes connections but takes none
    const half = { ...inside, dial: () => Promise.reject(new Error('refused')) };
    await expect(openTunnel(half, asked)).rejects.toMatchObject({ code: 'OZ_SSH_TUNNEL' });
    await inside.close();
    await strict.stop();
  });
});
