import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { extractFromIso, isoInfo } from '../../src/media/iso.ts';
import { someBytes, testDir } from './support.ts';

const kernel = someBytes(300_000);

/** An ISO as a distribution's, and the digest of what it was before. */
function makeIso(...flags: string[]) {
  const dir = testDir();
  const tree = path.join(dir, 'tree');
  mkdirSync(path.join(tree, 'install.amd/gtk'), { recursive: true });
  mkdirSync(path.join(tree, "it's odd"));
  writeFileSync(path.join(tree, 'install.amd/vmlinuz'), kernel);
  writeFileSync(path.join(tree, 'install.amd/initrd.gz'), 'initrd');
  writeFileSync(path.join(tree, "it's odd/a b"), 'odd');
  symlinkSync('install.amd/vmlinuz', path.join(tree, 'link'));
  symlinkSync('/etc/passwd', path.join(tree, 'evil'));
  symlinkSync('../../../../etc/passwd', path.join(tree, 'evil2'));
  symlinkSync('loop', path.join(tree, 'loop'));
  const iso = path.join(dir, "the image's.iso");
  execFileSync(
    'xorriso',
    [
      '-no_rc',
      '-as',
      'mkisofs',
      '-quiet',
      '-V',
      'Debian 13.0',
      '-p',
      'P',
      '-publisher',
      'DEBIAN',
      '-A',
      'APP',
      ...flags,
      '-o',
      iso,
      tree,
    ],
    { stdio: 'pipe' },
  );
  return { dir, iso };
}

describe('isoInfo', () => {
  it('reads the identifiers and the size', async () => {
    const { iso } = makeIso('-r');
    const info = await isoInfo(iso);
    expect(info).toMatchObject({
      volumeId: 'Debian 13.0',
      publisherId: 'DEBIAN',
      applicationId: 'APP',
    });
    expect(info.size).toBeGreaterThan(kernel.length);
    expect(info.size).toBeLessThanOrEqual(statSync(iso).size);
  });

  it('refuses a truncated ISO, and says by how much', async () => {
    const { iso } = makeIso('-r');
    truncateSync(iso, 200_000);
    await expect(isoInfo(iso)).rejects.toThrow(/truncated: 195\.3 KiB of \d+\.\d KiB/);
    const files = [{ from: ['x'], to: path.join(testDir(), 'x') }];
    await expect(extractFromIso(iso, files)).rejects.toMatchObject({ code: 'OZ_ISO' });
  });

  it.each([
    ['a web page', '<html>not found</html>'],
    ['nothing', ''],
    ['zeros', '\0'.repeat(100_000)],
  ])('refuses %s', async (_, content) => {
    const file = path.join(testDir(), 'x.iso');
    writeFileSync(file, content);
    await expect(isoInfo(file)).rejects.toThrow(/is not an ISO 9660 image/);
  });

  it('words a missing file', async () => {
    await expect(isoInfo('/no/such.iso')).rejects.toMatchObject({ code: 'OZ_ISO' });
  });
});

describe('extractFromIso', () => {
  it('takes the first path that exists, and leaves the ISO as it was', async () => {
    const { dir, iso } = makeIso('-r');
    const before = readFileSync(iso);
    const to = path.join(dir, 'out');
    mkdirSync(to);
    await extractFromIso(iso, [
      { from: ['/install/vmlinuz', 'install.amd/vmlinuz'], to: path.join(to, 'kernel') },
      { from: ["/it's odd/a b"], to: path.join(to, 'odd') },
      { from: ['/link'], to: path.join(to, 'linked') },
    ]);
    expect(readFileSync(path.join(to, 'kernel')).equals(kernel)).toBe(true);
    expect(readFileSync(path.join(to, 'linked')).equals(kernel)).toBe(true);
    expect(readFileSync(path.join(to, 'odd'), 'utf8')).toBe('odd');
    expect(statSync(path.join(to, 'kernel')).mode & 0o777).toBe(0o644);
    expect(readdirSync(to).sort()).toEqual(['kernel', 'linked', 'odd']);
    expect(readFileSync(iso).equals(before)).toBe(true);
  });

  it('finds names of plain ISO 9660, which are all capitals', async () => {
    const { dir, iso } = makeIso();
    const to = path.join(dir, 'kernel');
    await extractFromIso(iso, [{ from: ['/install.amd/vmlinuz'], to }]);
    expect(readFileSync(to).equals(kernel)).toBe(true);
  });

  it.each(['/evil', '/evil2', '/loop', '/install.amd'])(
    'never follows %s out of the ISO',
    async (from) => {
      const { dir, iso } = makeIso('-r');
      const to = path.join(dir, 'out');
      await expect(extractFromIso(iso, [{ from: [from], to }])).rejects.toMatchObject({
        code: 'OZ_ISO',
      });
      expect(readdirSync(dir).sort()).toEqual(["the image's.iso", 'tree']);
    },
  );

  it('names what is missing', async () => {
    const { dir, iso } = makeIso('-r');
    const promise = extractFromIso(iso, [{ from: ['/a', '/b'], to: path.join(dir, 'x') }]);
    await expect(promise).rejects.toMatchObject({ code: 'OZ_ISO_NO_FILE' });
    await expect(promise).rejects.toThrow(/Cannot find \/a or \/b in the ISO/);
  });
});
