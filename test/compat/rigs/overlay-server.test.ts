import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  cleanPath,
  parseRange,
  type RunningServer,
  startOverlayServer,
} from '../../../compat/rigs/lib/overlay-server.ts';

let dir: string;
let mirror: Server;
let asked: string[];
let server: RunningServer;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ozma-overlay-'));
  asked = [];
  mirror = createServer((req, res) => {
    asked.push(`${req.method} ${req.url}`);
    if (req.url?.includes('cut')) {
      res.writeHead(200, { 'content-length': 1000 });
      res.write('half of it', () => res.destroy());
    } else if (req.url?.includes('pool')) {
      res.writeHead(200, { 'content-length': 7 }).end('package');
    } else {
      res.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => mirror.listen(0, '127.0.0.1', resolve));
  await mkdir(path.join(dir, 'local/debian/dists/x'), { recursive: true });
  await writeFile(path.join(dir, 'local/debian/dists/x/Release'), '0123456789');
  await writeFile(path.join(dir, 'secret'), 'secret');
  server = await startOverlayServer({
    bind: '127.0.0.1',
    port: 0,
    roots: [path.join(dir, 'local')],
    cache: path.join(dir, 'cache'),
    mirror: `http://127.0.0.1:${(mirror.address() as AddressInfo).port}/debian`,
  });
});
afterEach(async () => {
  await server.close();
  mirror.closeAllConnections();
  await new Promise((resolve) => mirror.close(resolve));
  await rm(dir, { recursive: true, force: true });
});

/** The status of a path as it is, which fetch would clean up. */
function statusOf(rawPath: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: server.port, path: rawPath }, (res) => {
      res.resume();
      resolve(res.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

describe('the overlay server', () => {
  it('serves its own files first, whole and in part', async () => {
    const url = `${server.url}/debian/dists/x/Release`;
    expect(await (await fetch(url)).text()).toBe('0123456789');
    const part = await fetch(url, { headers: { range: 'bytes=4-' } });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe('bytes 4-9/10');
    expect(await part.text()).toBe('456789');
    expect((await fetch(url, { headers: { range: 'bytes=10-' } })).status).toBe(416);
    expect(asked).toEqual([]);
  });

  it('passes on what the mirror has, and keeps it', async () => {
    const url = `${server.url}/debian/pool/a%2bb_1~2.deb`;
    const kept = path.join(dir, 'cache/debian/pool/a+b_1~2.deb');
    expect(await (await fetch(url)).text()).toBe('package');
    // The client has it all a moment before the file gets its name.
    await vi.waitFor(async () => expect(await readFile(kept, 'utf8')).toBe('package'));
    expect(await (await fetch(url)).text()).toBe('package');
    expect(asked).toEqual(['GET /debian/pool/a+b_1~2.deb']);
  });

  it('keeps nothing that was cut off', async () => {
    await expect(
      fetch(`${server.url}/debian/pool/cut.deb`).then((response) => response.text()),
    ).rejects.toThrow();
    expect(existsSync(path.join(dir, 'cache/debian/pool/cut.deb'))).toBe(false);
  });

  it('has no signature for a Release file of its own', async () => {
    expect((await fetch(`${server.url}/debian/dists/x/Release.gpg`)).status).toBe(404);
    expect(asked).toEqual([]);
  });

  it('hands out nothing above its roots', async () => {
    for (const name of ['/../secret', '/%2e%2e/secret', '/debian/..%2f..%2fsecret', '/%00']) {
      expect(await statusOf(name), name).toBe(400);
    }
    expect((await fetch(`${server.url}/elsewhere`)).status).toBe(404);
    expect((await fetch(`${server.url}/debian/dists/x/Release`, { method: 'PUT' })).status).toBe(
      405,
    );
  });
});

describe('parseRange', () => {
  it.each([
    [undefined, null],
    ['bytes=0-3', { first: 0, last: 3 }],
    ['bytes=5-', { first: 5, last: 9 }],
    ['bytes=-4', { first: 6, last: 9 }],
    ['bytes=8-99', { first: 8, last: 9 }],
    ['bytes=10-', 'unmet'],
    ['bytes=0-1,4-5', null],
    ['lines=1-2', null],
  ])('%s of 10 bytes', (header, expected) => {
    expect(parseRange(header, 10)).toEqual(expected);
  });
});

describe('cleanPath', () => {
  it('refuses what is no absolute path', () => {
    expect(cleanPath('/a//b?c=d')).toBe('/a/b');
    expect(cleanPath('a')).toBeNull();
    expect(cleanPath('/%zz')).toBeNull();
    expect(cleanPath('/a/%2e%2e/b')).toBeNull();
  });
});
