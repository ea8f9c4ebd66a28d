import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  fetchChecksum,
  fileDigest,
  findChecksum,
  parseChecksums,
} from '../../src/media/checksum.ts';
import { serve, testDir } from './support.ts';

const a = 'a'.repeat(64);
const b = 'b'.repeat(64);

describe('parseChecksums', () => {
  it.each([
    ['GNU text', `${a}  x.iso\n`, 'x.iso'],
    ['GNU binary', `${a} *x.iso\n`, 'x.iso'],
    ['GNU with ./', `${a}  ./x.iso\n`, 'x.iso'],
    ['one blank', `${a} x.iso`, 'x.iso'],
    ['BSD', `SHA256 (x.iso) = ${a}`, 'x.iso'],
    ['BSD with ./', `SHA256 (./x.iso) = ${a}`, 'x.iso'],
    ['OpenSSL', `SHA256(x.iso)= ${a}`, 'x.iso'],
    ['OpenSSL 3', `SHA2-256(x.iso)= ${a}`, 'x.iso'],
    ['no unknown type', `BLAKE2B (x.iso) = ${a}`, undefined],
    ['capitals and CR LF', `${a.toUpperCase()}  x.iso\r\n`, 'x.iso'],
    ['a bare hash', `${a}\n`, ''],
    ['a name with blanks', `${a}  my x.iso`, 'my x.iso'],
    ['an escaped name', `\\${a}  a\\\\b.iso`, 'a\\b.iso'],
  ])('reads %s', (_, text, name) => {
    expect(parseChecksums(text)[0]?.name).toBe(name);
    if (name !== undefined) expect(parseChecksums(text)[0]?.digest).toBe(a);
  });

  it('reads what the real tools write', () => {
    const dir = testDir();
    writeFileSync(path.join(dir, 'odd\\name (1).iso'), 'content');
    const run = (tool: string, ...args: string[]) =>
      execFileSync(tool, [...args, 'odd\\name (1).iso'], { cwd: dir }).toString();
    for (const type of ['md5', 'sha1', 'sha256', 'sha512'] as const) {
      const expected = run(`${type}sum`).replace(/^\\/, '').split(' ')[0];
      expect(findChecksum(run(`${type}sum`), 'odd\\name (1).iso', type)).toBe(expected);
    }
    expect(parseChecksums(run('sha256sum', '--tag'))[0]?.type).toBe('sha256');
  });

  it('reads a signed CHECKSUM of Fedora, and nothing of its signature', () => {
    const text = [
      '-----BEGIN PGP SIGNED MESSAGE-----',
      'Hash: SHA256',
      '',
      '# Fedora-Server-dvd-x86_64-40-1.14.iso: 2612854784 bytes',
      `SHA256 (Fedora-Server-dvd-x86_64-40-1.14.iso) = ${a}`,
      '- ----- dashed',
      '-----BEGIN PGP SIGNATURE-----',
      '',
      b,
      '-----END PGP SIGNATURE-----',
    ].join('\n');
    expect(parseChecksums(text)).toHaveLength(1);
    expect(findChecksum(text, 'Fedora-Server-dvd-x86_64-40-1.14.iso', 'sha256')).toBe(a);
  });
});

describe('findChecksum', () => {
  it('takes the entry whose directories fit best', () => {
    const text = `${a}  jessie/amd64/x.iso\n${b}  wheezy/amd64/x.iso\n`;
    expect(findChecksum(text, '/debian/wheezy/amd64/x.iso', 'sha256')).toBe(b);
  });

  it('is not disturbed by the same line twice', () => {
    expect(findChecksum(`${a}  x.iso\n${a}  x.iso\n`, 'x.iso', 'sha256')).toBe(a);
  });

  it.each([
    ['no checksums', '<html>404</html>', /holds no checksums/],
    ['another type', `${a.slice(0, 32)}  x.iso`, /another type/],
    ['another file', `${a}  y.iso\n`, /does not name that file/],
    ['no part of a name', `${a}  not-x.iso\n`, /does not name that file/],
    ['two values', `${a}  x.iso\n${b}  x.iso\n`, /several times/],
    ['a bare hash among names', `${a}\n${b}  y.iso\n`, /does not name/],
  ])('refuses a file with %s', (_, text, message) => {
    expect(() => findChecksum(text, '/pub/x.iso', 'sha256')).toThrow(message);
  });
});

describe('fetchChecksum', () => {
  it('fetches the file and finds the medium in it', async () => {
    const { url } = await serve((_, r) => r.end(`${a}  ./images/netboot/a b.iso\n`));
    const medium = `${url}/d/images/netboot/a%20b.iso?x=1`;
    expect(await fetchChecksum({ type: 'sha256', url: `${url}/SHA256SUMS` }, medium)).toBe(a);
    await expect(
      fetchChecksum({ type: 'sha1', url: `${url}/SHA256SUMS` }, medium),
    ).rejects.toMatchObject({ code: 'OZ_CHECKSUM_FILE' });
  });
});

describe('fileDigest', () => {
  it('agrees with the known value, reports progress, can be aborted', async () => {
    const file = path.join(testDir(), 'f');
    writeFileSync(file, 'abc');
    const seen: unknown[] = [];
    const digest = await fileDigest(file, 'sha1', { onProgress: (...args) => seen.push(args) });
    expect(digest).toBe('a9993e364706816aba3e25717850c26c9cd0d89d');
    expect(seen).toEqual([[3, 3]]);
    await expect(
      fileDigest(file, 'md5', { signal: AbortSignal.abort(new Error('no')) }),
    ).rejects.toThrow('no');
  });
});
