import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { describeMatch, detectMedia, detectTree } from '../../osinfo/detect/detect.ts';
import { type ByteReader, identifyIso } from '../../osinfo/detect/iso.ts';
import { httpReader, readerFor } from '../../osinfo/detect/readers.ts';
import { parseTreeinfo } from '../../osinfo/detect/treeinfo.ts';
import { detectTree as libraryDetectTree, openOsinfo } from '../../osinfo/index.ts';
import { osinfoEnv } from '../fakes/osinfo-env.ts';

/** The descriptors of an ISO; the rest is of no interest here. */
function iso(volume: string, options: { system?: string; bootable?: boolean } = {}): Buffer {
  const image = Buffer.alloc(0x8000 + 3 * 2048);
  const primary = image.subarray(0x8000);
  primary.write('\u0001CD001\u0001', 0, 'latin1');
  primary.fill(' ', 8, 72);
  primary.write(options.system ?? '', 8);
  primary.write(volume, 40);
  primary.writeUInt32LE(1000, 80);
  primary.writeUInt16LE(2048, 128);
  primary.write(' '.repeat(128), 318);
  primary.write(' '.repeat(128), 574);
  if (options.bootable ?? true) image.write('EL TORITO SPECIFICATION', 0x8000 + 2048 + 7);
  return image;
}

const readerOf = (image: Buffer): ByteReader => ({
  read: async (offset, length) => image.subarray(offset, offset + length),
});

describe('identifyIso', () => {
  it('reads what the volume descriptor says', async () => {
    expect(await identifyIso(readerOf(iso('A B', { system: 'LINUX' })))).toEqual({
      volumeId: 'A B',
      systemId: 'LINUX',
      volumeSize: 2048000,
      bootable: true,
    });
    expect((await identifyIso(readerOf(iso('A', { bootable: false })))).bootable).toBe(false);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['half a descriptor', iso('A').subarray(0, 0x8000 + 2500)],
    ['something else', Buffer.alloc(0x10000, 7)],
    ['a volume without a name', iso('')],
  ])('refuses %s', async (_, image) => {
    await expect(identifyIso(readerOf(image))).rejects.toMatchObject({
      code: 'OZ_OSINFO_NO_ISO',
      message: expect.stringMatching(/^Cannot read what is on the medium: it/),
    });
  });

  it('names the file that is not an ISO', async () => {
    const file = path.join(tmpdir(), 'missing', 'x.iso');
    await expect(readerFor(file).read(0, 10)).rejects.toThrow(
      `Cannot read ${file}: it is not there`,
    );
    await expect(identifyIso(readerFor(import.meta.filename))).rejects.toThrow(
      `Cannot read what is on ${import.meta.filename}: it is too short`,
    );
  });
});

describe('detectMedia', () => {
  const database = openOsinfo({ env: osinfoEnv });

  it.each([
    ['Debian 13.1.0 amd64 n', /^Media is an installer for OS 'Debian 13.* \(x86_64\)'$/],
    ['Debian 12.5.0 amd64 1', /^Media is an installer for OS 'Debian 12 \(x86_64\)'$/],
  ])('knows %s', async (volume, line) => {
    const { matches } = await detectMedia(database, readerOf(iso(volume)));
    const best = matches[0];
    expect(best && describeMatch(database, best, 'media')).toEqual([expect.stringMatching(line)]);
  });

  it('knows no others', async () => {
    expect((await detectMedia(database, readerOf(iso('NOTHING OF NOTE')))).matches).toEqual([]);
  });
});

/** A server on loopback, closed after the test; gives its URL. */
async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('httpReader', () => {
  it.each([true, false])('reads a piece of a medium, ranges %s', async (ranges) => {
    const image = iso('OVER HTTP');
    let sent = 0;
    const url = await listening(
      createServer((request, response) => {
        const m = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
        const body = ranges && m ? image.subarray(Number(m[1]), Number(m[2]) + 1) : image;
        sent += body.length;
        response.writeHead(ranges ? 206 : 200).end(body);
      }),
    );
    expect((await identifyIso(httpReader(`${url}/x.iso`))).volumeId).toBe('OVER HTTP');
    expect(sent).toBeLessThan(200_000);
  });

  it('sends what the URL has for a name and password, and says what the server says', async () => {
    const url = await listening(
      createServer(({ headers }, response) => {
        const right = `Basic ${Buffer.from('u:se cret').toString('base64')}`;
        response.writeHead(headers.authorization === right ? 206 : 401).end(iso('FOR U'));
      }),
    );
    const own = url.replace('//', '//u:se%20cret@');
    expect((await identifyIso(httpReader(own))).volumeId).toBe('FOR U');
    await expect(identifyIso(httpReader(url))).rejects.toThrow(
      `Cannot read ${url}: the server says 401 Unauthorized`,
    );
  });

  it('goes through http_proxy, and not for no_proxy', async () => {
    const url = await listening(
      createServer((request, response) => {
        if (request.url?.endsWith('treeinfo')) response.end('[general]\nfamily = Fedora\n');
        else response.end(iso('BEHIND A PROXY'));
      }),
    );
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      const { host, port, pathname } = new URL(request.url ?? '');
      asked.push(host);
      get({ host: '127.0.0.1', port, path: pathname, headers: request.headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      });
    });
    vi.stubEnv('http_proxy', await listening(proxy));
    vi.stubEnv('no_proxy', '');
    onTestFinished(() => void vi.unstubAllEnvs());
    // a name that only the proxy finds
    const hidden = url.replace('127.0.0.1', 'mirror.invalid');
    expect((await identifyIso(httpReader(`${hidden}/x.iso`))).volumeId).toBe('BEHIND A PROXY');
    const { tree } = await detectTree(openOsinfo({ env: osinfoEnv }), `${hidden}/tree/`);
    expect(tree.family).toBe('Fedora');
    const place = hidden.replace('http://', '');
    expect(asked).toEqual([place, place]);
    vi.stubEnv('no_proxy', '127.0.0.1');
    await identifyIso(httpReader(`${url}/x.iso`));
    expect(asked).toHaveLength(2);
  });

  it('ends when it is told to', async () => {
    const url = await listening(createServer(() => {}));
    const reason = new Error('enough');
    const slow = httpReader(`${url}/x.iso`, AbortSignal.timeout(50));
    await expect(slow.read(0, 10)).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(httpReader(`${url}/x.iso`, AbortSignal.abort(reason)).read(0, 10)).rejects.toBe(
      reason,
    );
  });

  it('says what failed, without the password', async () => {
    // nothing listens on the discard port
    const failure: unknown = await httpReader('http://u:secret@127.0.0.1:9/x.iso')
      .read(0, 10)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'OZ_OSINFO_NO_MEDIUM' });
    expect(String(failure)).toBe(
      'OzError: Cannot read http://127.0.0.1:9/x.iso: the connection is refused',
    );
    expect(String((failure as Error).cause)).not.toContain('secret');
  });
});

describe('detectTree()', () => {
  it('knows a tree by its .treeinfo', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'ozma-tree-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const general = 'family = Fedora\nversion = 37\narch = x86_64\nvariant = Server\n';
    writeFileSync(path.join(directory, '.treeinfo'), `[general]\n${general}`);
    const [best] = await libraryDetectTree(directory, { env: {} });
    expect(best).toMatchObject({
      shortId: 'fedora37',
      arch: 'x86_64',
      variants: ['Fedora Server 37'],
    });
    await expect(libraryDetectTree(`${directory}/none`)).rejects.toMatchObject({
      code: 'OZ_OSINFO_NO_TREE',
    });
  });
});

describe('parseTreeinfo', () => {
  it('reads a key file', () => {
    const text =
      '# tree\n[general]\nfamily = Fedora\nversion=40\narch = x86_64\n[images-x86_64]\nkernel = images/pxeboot/vmlinuz\nboot.iso = images/boot.iso\n';
    expect(parseTreeinfo(text)).toEqual({
      family: 'Fedora',
      version: '40',
      arch: 'x86_64',
      kernel: 'images/pxeboot/vmlinuz',
      bootIso: 'images/boot.iso',
    });
    expect(parseTreeinfo('<html>not found</html>')).toBeUndefined();
  });
});
