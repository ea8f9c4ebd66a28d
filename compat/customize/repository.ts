/** A small unsigned apt repository of packages made on the spot, on loopback. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface TestRepository {
  url: string;
  requests: string[];
  stop(): Promise<void>;
}

function makePackage(dir: string, name: string, version: string): void {
  const tree = path.join(dir, `tree-${name}`);
  mkdirSync(path.join(tree, 'DEBIAN'), { recursive: true });
  mkdirSync(path.join(tree, 'usr/share', name), { recursive: true });
  writeFileSync(path.join(tree, 'usr/share', name, 'version'), `${version}\n`);
  writeFileSync(
    path.join(tree, 'DEBIAN/control'),
    `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\nDescription: test\n`,
  );
  execFileSync(
    'dpkg-deb',
    ['-b', '--root-owner-group', tree, path.join(dir, `${name}_${version}.deb`)],
    {
      stdio: 'ignore',
    },
  );
  rmSync(tree, { recursive: true });
}

export async function serveRepository(
  packages: [name: string, version: string][],
): Promise<TestRepository> {
  const dir = mkdtempSync(path.join(tmpdir(), 'ozma-repo-'));
  for (const [name, version] of packages) makePackage(dir, name, version);
  const index = execFileSync('dpkg-scanpackages', ['-m', '.'], {
    cwd: dir,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  writeFileSync(path.join(dir, 'Packages'), index);
  const served = await serveDirectory(dir);
  return {
    ...served,
    stop: async () => {
      await served.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A key and a certificate that nobody trusts. */
function selfSigned(): { key: string; cert: string } {
  const dir = mkdtempSync(path.join(tmpdir(), 'ozma-tls-'));
  const file = (name: string) => path.join(dir, name);
  const words = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=localhost',
  ];
  execFileSync('openssl', [...words, '-keyout', file('key'), '-out', file('cert')], {
    stdio: 'ignore',
  });
  const pair = { key: readFileSync(file('key'), 'utf8'), cert: readFileSync(file('cert'), 'utf8') };
  rmSync(dir, { recursive: true });
  return pair;
}

/** The files below a directory, over HTTP on loopback; with `tls` by a certificate that nobody trusts. */
export async function serveDirectory(dir: string, { tls = false } = {}): Promise<TestRepository> {
  const requests: string[] = [];
  const answer: http.RequestListener = (request, response) => {
    requests.push(request.url ?? '');
    try {
      response.end(
        readFileSync(path.join(dir, path.normalize(`/${decodeURIComponent(request.url ?? '')}`))),
      );
    } catch {
      response.statusCode = 404;
      response.end();
    }
  };
  const server = tls ? https.createServer(selfSigned(), answer) : http.createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    requests,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
