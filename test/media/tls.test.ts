import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { OzError } from '../../src/base/errors.ts';
import { fetchMedium } from '../../src/media/cache.ts';
import { download } from '../../src/media/download.ts';
import { sendFile, serve, someBytes, testDir } from './support.ts';

/** An authority of our own and a certificate by it for 127.0.0.1. */
function certificates(dir: string) {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=test authority',
  );
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'key.pem',
    '-out',
    'cert.pem',
    '-subj',
    '/CN=127.0.0.1',
    '-addext',
    'subjectAltName=IP:127.0.0.1',
    '-addext',
    'basicConstraints=critical,CA:FALSE',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
  );
  return {
    ca: path.join(dir, 'ca.pem'),
    key: readFileSync(path.join(dir, 'key.pem')),
    cert: readFileSync(path.join(dir, 'cert.pem')),
  };
}

describe('download over https', () => {
  it('trusts the authorities of SSL_CERT_FILE, and no unknown ones', async () => {
    const dir = testDir();
    const { ca, key, cert } = certificates(dir);
    const content = someBytes(100_000);
    const { url } = await serve(
      (q, r) => sendFile(q, r, { content }),
      (handler) => createServer({ key, cert }, handler),
    );
    const secure = url.replace('http:', 'https:');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const target = path.join(dir, 'f');
    const error = (await download(`${secure}/f`, target).catch((e) => e)) as OzError;
    expect(error.code).toBe('OZ_DOWNLOAD_UNTRUSTED');
    expect(error.hint).toContain('SSL_CERT_FILE');
    vi.stubEnv('SSL_CERT_FILE', ca);
    await download(`${secure}/f`, target);
    expect(readFileSync(target).equals(content)).toBe(true);
    vi.stubEnv('SSL_CERT_FILE', path.join(dir, 'none.pem'));
    const missing = (await download(`${secure}/f`, target).catch((e) => e)) as OzError;
    expect(missing.message).toContain('none.pem');
  });

  it('goes on to http for a file with a checksum alone', async () => {
    const dir = testDir();
    const { ca, key, cert } = certificates(dir);
    vi.stubEnv('SSL_CERT_FILE', ca);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const content = someBytes(100_000);
    const digest = createHash('sha256').update(content).digest('hex');
    const sums = `${digest}  f\n`;
    const plain = await serve((q, r) => sendFile(q, r, { content }));
    const { url } = await serve(
      (q, r) =>
        q.url === '/SUMS'
          ? sendFile(q, r, { content: Buffer.from(sums) })
          : void r.writeHead(302, { location: `${plain.url}${q.url}` }).end(),
      (handler) => createServer({ key, cert }, handler),
    );
    const secure = url.replace('http:', 'https:');
    const refused = { code: 'OZ_DOWNLOAD_REDIRECT' };
    const medium = { url: `${secure}/f`, cachePath: path.join(dir, 'cache', 'f') };
    await expect(fetchMedium(medium)).rejects.toMatchObject(refused);
    await expect(download(medium.url, path.join(dir, 'f'))).rejects.toMatchObject(refused);
    const checksum = { type: 'sha256', url: `${secure}/SUMS` } as const;
    const kept = await fetchMedium({ ...medium, checksum });
    expect(readFileSync(kept.path).equals(content)).toBe(true);
    // The checksums themselves are checked by nothing.
    const elsewhere = { type: 'sha256', url: `${secure}/OTHER` } as const;
    const other = fetchMedium({ ...medium, checksum: elsewhere }, { force: true });
    await expect(other).rejects.toMatchObject(refused);
  });
});
