import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { OzError } from '../../src/base/errors.ts';
import { download } from '../../src/media/download.ts';
import { partPaths } from '../../src/media/part-file.ts';
import { sendFile, serve, someBytes, testDir } from './support.ts';

const content = someBytes(3_000_000);
const sha256 = createHash('sha256').update(content).digest('hex');
const fast = { backoffMs: 5 };

async function failure(promise: Promise<unknown>): Promise<OzError> {
  return promise.then(
    () => expect.fail('it should have failed'),
    (error: OzError) => error,
  );
}

describe('download over http', () => {
  it('writes the whole file, digests it, and leaves nothing else', async () => {
    const dir = testDir();
    const target = path.join(dir, 'deep/er/file.iso');
    const { url } = await serve((q, r) => sendFile(q, r, { content, etag: '"1"' }));
    const seen: [number, number | null][] = [];
    const result = await download(`${url}/file.iso`, target, {
      onProgress: (done, total) => seen.push([done, total]),
      expect: {
        type: 'md5',
        digest: createHash('md5').update(content).digest('hex').toUpperCase(),
      },
    });
    expect(result).toMatchObject({ bytes: content.length, sha256, resumed: false, etag: '"1"' });
    expect(readFileSync(target).equals(content)).toBe(true);
    expect(readdirSync(path.dirname(target))).toEqual(['file.iso']);
    expect(seen.at(-1)).toEqual([content.length, content.length]);
  });

  it('goes on where a dropped connection left off', async () => {
    const target = path.join(testDir(), 'f');
    let broken = 0;
    const { url, requests } = await serve((q, r) =>
      sendFile(q, r, {
        content,
        etag: '"1"',
        ...(broken++ < 3 ? { breakAfter: 700_000 } : {}),
      }),
    );
    const result = await download(`${url}/f`, target, { ...fast, retries: 1 });
    expect(result.sha256).toBe(sha256);
    expect(requests).toEqual([
      'GET /f',
      'GET /f bytes=700000-',
      'GET /f bytes=1400000-',
      'GET /f bytes=2100000-',
    ]);
  });

  it('resumes what an aborted run left, in a new call', async () => {
    const target = path.join(testDir(), 'f');
    let stop: AbortController | null = new AbortController();
    const { url, requests } = await serve((q, r) => {
      sendFile(q, r, { content, etag: '"1"', ...(stop ? { breakAfter: 1_500_000 } : {}) });
    });
    const aborted = download(`${url}/f`, target, {
      signal: stop.signal,
      backoffMs: 60_000,
      log: () => stop?.abort(new Error('enough')),
    });
    await expect(aborted).rejects.toThrow('enough');
    stop = null;
    expect(existsSync(target)).toBe(false);
    expect(statSync(partPaths(target).data).size).toBe(1_500_000);
    const result = await download(`${url}/f`, target);
    expect(result).toMatchObject({ sha256, resumed: true });
    expect(requests.at(-1)).toBe('GET /f bytes=1500000-');
    expect(readdirSync(path.dirname(target))).toEqual(['f']);
  });

  it('starts over when the file has changed since', async () => {
    const target = path.join(testDir(), 'f');
    const other = someBytes(2_000_000, 7);
    let first = true;
    const { url } = await serve((q, r) => {
      sendFile(
        q,
        r,
        first ? { content, etag: '"1"', breakAfter: 900_000 } : { content: other, etag: '"2"' },
      );
      first = false;
    });
    const result = await download(`${url}/f`, target, fast);
    expect(result.resumed).toBe(false);
    expect(readFileSync(target).equals(other)).toBe(true);
  });

  it('does not use a part of another URL, nor one without a version', async () => {
    const target = path.join(testDir(), 'f');
    writeFileSync(partPaths(target).data, 'rubbish of someone else');
    const { url, requests } = await serve((q, r) => sendFile(q, r, { content }));
    expect((await download(`${url}/f`, target)).sha256).toBe(sha256);
    expect(requests).toEqual(['GET /f']);
  });

  it('starts over when a resumed file has the wrong checksum', async () => {
    const target = path.join(testDir(), 'f');
    let stop: AbortController | null = new AbortController();
    const { url, requests } = await serve((q, r) =>
      sendFile(q, r, { content, etag: '"1"', ...(stop ? { breakAfter: 800_000 } : {}) }),
    );
    await failure(
      download(`${url}/f`, target, { signal: stop.signal, log: () => stop?.abort(new Error('x')) }),
    );
    stop = null;
    writeFileSync(partPaths(target).data, Buffer.alloc(800_000, 'x'));
    const result = await download(`${url}/f`, target, {
      expect: { type: 'sha256', digest: sha256 },
    });
    expect(result).toMatchObject({ sha256, resumed: false });
    expect(requests.slice(1)).toEqual(['GET /f bytes=800000-', 'GET /f']);
    expect(readFileSync(target).equals(content)).toBe(true);
  });

  it('waits as long as Retry-After says, then succeeds', async () => {
    const target = path.join(testDir(), 'f');
    let refused = 0;
    const { url } = await serve((q, r) => {
      if (refused++ < 2) r.writeHead(refused === 1 ? 503 : 429, { 'retry-after': '1' }).end();
      else sendFile(q, r, { content });
    });
    const log: string[] = [];
    const begin = performance.now();
    await download(`${url}/f`, target, { ...fast, log: (text) => log.push(text) });
    expect(performance.now() - begin).toBeGreaterThan(1900);
    expect(log[0]).toMatch(/answers 503 .*trying again in 1\.0 s/);
    expect(log[1]).toMatch(/429/);
  });

  it('gives up on a server that asks for hours', async () => {
    const { url } = await serve((_, r) => r.writeHead(503, { 'retry-after': '7200' }).end());
    const error = await failure(download(`${url}/f`, path.join(testDir(), 'f'), fast));
    expect(error.code).toBe('OZ_DOWNLOAD_UNREACHABLE');
    expect(error.message).toMatch(/asks to wait 120 minutes/);
  });

  it('reports a body that always ends early, with no part left', async () => {
    const dir = testDir();
    const { url } = await serve((_, r) => {
      r.writeHead(200, { 'content-length': 1000, connection: 'close' });
      r.write('short', () => r.socket?.end());
    });
    const error = await failure(download(`${url}/f`, path.join(dir, 'f'), { ...fast, retries: 2 }));
    expect(error.code).toBe('OZ_DOWNLOAD_TRUNCATED');
    expect(error.message).toMatch(/ends after \d of 1000 bytes/);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('gives up a connection that brings nothing more', async () => {
    const dir = testDir();
    const { url } = await serve((_, r) => {
      r.writeHead(200, { 'content-length': 1000 });
      r.write('begin');
    });
    const error = await failure(
      download(`${url}/f`, path.join(dir, 'f'), { ...fast, retries: 1, stallMs: 200 }),
    );
    expect(error.code).toBe('OZ_DOWNLOAD_UNREACHABLE');
    expect(error.message).toMatch(/no data for/);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('does not blame the server for a slow but steady body', async () => {
    const { url } = await serve((_, r) => {
      r.writeHead(200, { 'content-length': 8 });
      let sent = 0;
      const timer = setInterval(() => {
        r.write('x');
        if (++sent === 8) {
          clearInterval(timer);
          r.end();
        }
      }, 100);
    });
    const result = await download(`${url}/f`, path.join(testDir(), 'f'), { stallMs: 400 });
    expect(result.bytes).toBe(8);
  });

  it.each([
    [404, 'OZ_DOWNLOAD_NOT_FOUND'],
    [410, 'OZ_DOWNLOAD_NOT_FOUND'],
    [403, 'OZ_DOWNLOAD_FORBIDDEN'],
    [501, 'OZ_DOWNLOAD_FAILED'],
  ])('reports status %i at once as %s', async (status, code) => {
    const dir = testDir();
    const { url, requests } = await serve((_, r) => r.writeHead(status).end('<html>'));
    const error = await failure(download(`${url}/f`, path.join(dir, 'f')));
    expect(error.code).toBe(code);
    expect(error.hint).toBeTruthy();
    expect(requests).toHaveLength(1);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('follows redirects, but not in circles and not to files', async () => {
    const target = path.join(testDir(), 'f');
    const { url } = await serve((q, r) => {
      const to: Record<string, string> = {
        '/a': '/b',
        '/b': '/f',
        '/c': '/c',
        '/d': 'file:///etc/passwd',
      };
      const location = to[q.url ?? ''];
      if (location) r.writeHead(302, { location }).end();
      else sendFile(q, r, { content });
    });
    expect((await download(`${url}/a`, target)).sha256).toBe(sha256);
    expect((await failure(download(`${url}/c`, target))).code).toBe('OZ_DOWNLOAD_REDIRECT');
    expect((await failure(download(`${url}/d`, target))).code).toBe('OZ_DOWNLOAD_REDIRECT');
  });

  it('refuses a wrong checksum and keeps nothing of it', async () => {
    const dir = testDir();
    const { url } = await serve((q, r) => sendFile(q, r, { content, etag: '"1"' }));
    const error = await failure(
      download(`${url}/f`, path.join(dir, 'f'), {
        expect: { type: 'sha256', digest: '0'.repeat(64) },
      }),
    );
    expect(error.code).toBe('OZ_DOWNLOAD_CHECKSUM');
    expect(error.message).toContain(sha256);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('sends credentials but never tells them', async () => {
    const dir = testDir();
    let wanted = true;
    const { url } = await serve((q, r) => {
      const given = Buffer.from((q.headers.authorization ?? '').slice(6), 'base64').toString();
      if (wanted && given === 'me:s3cr@t') sendFile(q, r, { content });
      else r.writeHead(503).end();
    });
    const secretUrl = `${url.replace('://', '://me:s3cr%40t@')}/f?token=abc`;
    await download(secretUrl, path.join(dir, 'f'));
    wanted = false;
    const log: string[] = [];
    const error = await failure(
      download(secretUrl, path.join(dir, 'g'), { ...fast, log: (text) => log.push(text) }),
    );
    const all = [error.message, error.hint, String(error.cause), ...log].join('\n');
    expect(all).toContain('127.0.0.1');
    expect(all).not.toMatch(/s3cr|me:|abc/);
  });

  it('words a host that is not there, without long waits', async () => {
    const begin = performance.now();
    const error = await failure(
      download('http://127.0.0.1:9/f', path.join(testDir(), 'f'), { ...fast, retries: 50 }),
    );
    expect(error.code).toBe('OZ_DOWNLOAD_UNREACHABLE');
    expect(error.message).toMatch(/connection is refused/);
    expect(performance.now() - begin).toBeLessThan(2000);
  });

  it.each(['gopher://x/y', 'not a url', 'javascript:1'])('refuses %s', async (url) => {
    const error = await failure(download(url, path.join(testDir(), 'f')));
    expect(error.code).toBe('OZ_DOWNLOAD_URL');
  });

  it('takes the body as it is, whatever its encoding', async () => {
    const { url } = await serve((q, r) => {
      expect(q.headers['accept-encoding']).toBe('identity');
      r.writeHead(200, { 'content-encoding': 'gzip' }).end('not really gzip');
    });
    const target = path.join(testDir(), 'f');
    await download(`${url}/vmlinuz.gz`, target);
    expect(readFileSync(target, 'utf8')).toBe('not really gzip');
  });
});

describe('download through a proxy', () => {
  it('uses http_proxy, and not for no_proxy', async () => {
    const origin = await serve((q, r) => sendFile(q, r, { content }));
    const proxied: string[] = [];
    const proxy = createServer((q, r) => {
      proxied.push(q.url ?? '');
      sendFile(q, r, { content });
    });
    proxy.on('connect', (q, socket, head) => {
      proxied.push(`CONNECT ${q.url}`);
      const [host, port] = (q.url ?? '').split(':');
      const upstream = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.write(head);
        upstream.pipe(socket).pipe(upstream);
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      vi.unstubAllEnvs();
      proxy.closeAllConnections();
      proxy.close();
    });
    vi.stubEnv('http_proxy', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
    vi.stubEnv('no_proxy', '');
    const dir = testDir();
    await download(`${origin.url}/f`, path.join(dir, 'f'));
    expect(proxied).toHaveLength(1);
    vi.stubEnv('no_proxy', '127.0.0.1');
    await download(`${origin.url}/f`, path.join(dir, 'g'));
    expect(proxied).toHaveLength(1);
  });
});

describe('download of local files', () => {
  it('copies, keeps holes, and reports a missing one', async () => {
    const dir = testDir();
    const source = path.join(dir, 'a b.iso');
    const sparse = Buffer.concat([
      content.subarray(0, 1 << 20),
      Buffer.alloc(8 << 20),
      Buffer.from('end'),
    ]);
    writeFileSync(source, sparse);
    const target = path.join(dir, 'copy');
    const result = await download(pathToFileURL(source).href, target);
    expect(result.bytes).toBe(sparse.length);
    expect(readFileSync(target).equals(sparse)).toBe(true);
    expect(statSync(target).blocks * 512).toBeLessThan(2 << 20);
    const below = path.join(source, 'x'); // a file where a directory is needed
    expect((await failure(download(pathToFileURL(source).href, below))).code).toBe(
      'OZ_NOT_WRITABLE',
    );
    const error = await failure(download('file:///no/such/file', target));
    expect(error.code).toBe('OZ_DOWNLOAD_NOT_FOUND');
    expect((await failure(download(pathToFileURL(dir).href, target))).code).toBe('OZ_DOWNLOAD_URL');
  });
});

describe('a server that speaks no http', () => {
  it('is an error of one line', async () => {
    const server = createTcpServer((socket) => socket.end('220 hello\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/f`;
    const error = await failure(download(url, path.join(testDir(), 'f'), fast));
    expect(error.code).toBe('OZ_DOWNLOAD_UNREACHABLE');
    expect(error.message).not.toContain('\n');
  });
});
