import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { get } from '../../osinfo/detect/http.ts';
import { checkRedirect, redirectLookup } from '../../src/base/follow-guard.ts';
import { packageFile } from '../../src/base/package-root.ts';
import { fetchContent } from '../../src/media/content.ts';

vi.mock('node:dns', async (original) => {
  const real = await original<typeof import('node:dns')>();
  const lookup = (name: string, options: object, callback: (...given: unknown[]) => void) =>
    name === 'rebound.example'
      ? callback(null, [{ address: '169.254.169.254', family: 4 }])
      : real.lookup(name, options, callback);
  return { ...real, lookup };
});

const from = (text: string) => new URL(text);
const open = from('http://mirror.example/os/x.iso?token=secret');
const secure = from('https://user:secret@mirror.example/os/x.iso');

describe('checkRedirect()', () => {
  it.each([
    'http://127.0.0.1/',
    'http://127.1:8080/x',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0.0.0.0/',
    'http://localhost/',
    'http://a.localhost./',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[::127.0.0.1]/',
    'http://[64:ff9b::169.254.169.254]/',
    'http://[fe80::1]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[fd00:ec2::254]/',
    'http://100.100.100.200/',
    'http://168.63.129.16/',
  ])('refuses %s', (next) => {
    const follow = () => checkRedirect(open, from(next), { checked: true });
    expect(follow).toThrow(
      /^Cannot download http:\/\/mirror\.example\/os\/x\.iso: the server sends/,
    );
    expect(follow).toThrow(expect.objectContaining({ code: 'OZ_DOWNLOAD_REDIRECT' }));
  });

  it.each([
    'http://10.0.0.1/',
    'http://other.example/',
    'https://[2001:db8::1]/',
    'http://8.8.8.8/',
  ])('follows %s', (next) => checkRedirect(open, from(next)));

  it('follows where what was asked for is of that kind itself', () => {
    checkRedirect(from('http://127.0.0.1:1/'), from('http://localhost:2/'));
    checkRedirect(from('http://169.254.169.254/a'), from('http://169.254.169.254/b'));
    const other = () => checkRedirect(from('http://127.0.0.1/'), from('http://169.254.169.254/'));
    expect(other).toThrow('a link-local address');
  });

  it('refuses http after https, but for a file with a checksum', () => {
    const follow = (checked: boolean) =>
      checkRedirect(secure, from('http://u:secret@cdn.example/x.iso?k=secret'), { checked });
    expect(() => follow(false)).toThrow(
      'Cannot download https://mirror.example/os/x.iso: the server sends us on from https to http://cdn.example/x.iso, which nothing protects',
    );
    follow(true);
    checkRedirect(open, from('https://cdn.example/'));
  });
});

describe('redirectLookup()', () => {
  const answer = (addresses: unknown) =>
    ((_name: string, _how: object, callback: (...given: unknown[]) => void) =>
      callback(null, addresses, 4)) as never;
  const look = (addresses: unknown, asked = open) =>
    new Promise((resolve) => {
      const guarded = redirectLookup(asked, from('http://rebound.example/'), answer(addresses));
      guarded?.('rebound.example', {}, (error, address) => resolve(error ?? address));
    });

  it('refuses a name that stands for such an address, of several too', async () => {
    const refused = { code: 'OZ_DOWNLOAD_REDIRECT' };
    expect(await look('169.254.169.254')).toMatchObject(refused);
    const both = [
      { address: '8.8.8.8', family: 4 },
      { address: 'fe80::1%eth0', family: 6 },
    ];
    expect(await look(both)).toMatchObject(refused);
    expect(await look('8.8.8.8')).toBe('8.8.8.8');
    expect(await look('127.0.0.1', from('http://localhost/'))).toBe('127.0.0.1');
  });

  it('leaves the host alone that was asked for', () => {
    expect(redirectLookup(open, from('http://mirror.example:81/'))).toBeUndefined();
  });
});

it('is asked by all that fetches', () => {
  const files = ['src', 'backends', 'osinfo', 'bin'].flatMap((folder) =>
    readdirSync(packageFile(folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.[jt]s$/.test(name))
      .map((name) => `${folder}/${name}`),
  );
  const texts = files.map((file) => [file, readFileSync(packageFile(file), 'utf8')] as const);
  const fetching = texts.filter(([, text]) => /^import got\b/m.test(text));
  expect(fetching.length).toBeGreaterThan(2);
  for (const [file, text] of fetching) {
    expect(text, file).toMatch(/redirectHooks\(|followRedirect: false/);
  }
  // Node's own follows by itself.
  const others = texts.filter(([, text]) => /(?<![.\w])fetch\(/.test(text));
  expect(others.map(([file]) => file)).toEqual([]);
});

describe('redirects on the wire', () => {
  const servers: Server[] = [];
  afterEach(() => {
    vi.unstubAllEnvs();
    for (const server of servers.splice(0)) server.close();
  });
  /** A server that sends on to `to`; gives its port and what it was asked. */
  async function serve(to: (port: number) => string): Promise<{ port: number; asked: string[] }> {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      const { url = '' } = request;
      asked.push(url);
      if (url.endsWith('/kept')) return void response.end('kept');
      response.writeHead(302, { location: to(port) }).end();
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return { port, asked };
  }

  it('are refused by all that fetches, before anything is asked there', async () => {
    const { port } = await serve(() => 'http://169.254.169.254/latest/meta-data/kept');
    const refused = { code: 'OZ_DOWNLOAD_REDIRECT' };
    const url = `http://127.0.0.1:${port}/x`;
    await expect(fetchContent(url, {})).rejects.toMatchObject(refused);
    await expect(get(url)).rejects.toMatchObject(refused);
  });

  it('are refused by what a name stands for', async () => {
    const { port } = await serve(() => 'http://rebound.example/kept');
    await expect(fetchContent(`http://127.0.0.1:${port}/x`)).rejects.toMatchObject({
      code: 'OZ_DOWNLOAD_REDIRECT',
    });
  });

  it('are followed on this machine from this machine', async () => {
    const { port } = await serve((own) => `http://localhost:${own}/kept`);
    expect(String(await fetchContent(`http://127.0.0.1:${port}/x`))).toBe('kept');
  });

  it('are judged by their address behind a proxy, too', async () => {
    const { port, asked } = await serve(() => 'http://169.254.169.254/kept');
    vi.stubEnv('http_proxy', `http://127.0.0.1:${port}`);
    vi.stubEnv('no_proxy', '');
    await expect(fetchContent('http://mirror.example/x')).rejects.toMatchObject({
      code: 'OZ_DOWNLOAD_REDIRECT',
    });
    expect(asked).toEqual(['http://mirror.example/x']);
  });

  it('go through the proxy where it leads, which looks names up itself', async () => {
    const { port, asked } = await serve(() => 'http://other.example/kept');
    vi.stubEnv('http_proxy', `http://127.0.0.1:${port}`);
    vi.stubEnv('no_proxy', '');
    expect(String(await fetchContent('http://mirror.example/x'))).toBe('kept');
    expect(asked).toEqual(['http://mirror.example/x', 'http://other.example/kept']);
  });
});
