import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { cpioArchive } from '../../src/media/cpio.ts';
import { appendToInitrd } from '../../src/media/initrd.ts';
import { testDir } from './support.ts';

const secret = {
  name: 'preseed.cfg',
  content: 'd-i passwd/root-password password x\n',
  mode: 0o600,
};

/** A small initrd's archive, as the cpio tool writes it. */
function plainArchive(dir: string): Buffer {
  const tree = path.join(dir, 'tree');
  mkdirSync(path.join(tree, 'bin'), { recursive: true });
  writeFileSync(path.join(tree, 'bin/init'), 'init of the installer');
  return execFileSync('cpio', ['-o', '-H', 'newc', '--quiet'], {
    cwd: tree,
    input: 'bin\nbin/init\n',
  });
}

const compress: Record<string, (data: Buffer) => Buffer> = {
  none: (data) => data,
  gzip: gzipSync,
  xz: (data) => execFileSync('xz', ['--check=crc32', '-c'], { input: data }),
  zstd: (data) => execFileSync('zstd', ['-q', '-c'], { input: data }),
};

/** Lists an archive with the cpio tool: mode, owner, group, size, date, name of each entry. */
function list(archive: Buffer): string[] {
  const out = execFileSync('cpio', ['-itv', '--numeric-uid-gid', '--quiet'], {
    input: archive,
    env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' },
  });
  return out
    .toString()
    .trim()
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' '));
}

describe('cpioArchive', () => {
  it('is read by the cpio tool: files, modes, directories, no owner, no time', () => {
    const archive = cpioArchive([secret, { name: 'etc/conf.d/ünï', content: Buffer.from('x') }]);
    expect(list(archive)).toEqual([
      'drwxr-xr-x 1 0 0 0 Jan 1 1970 etc',
      'drwxr-xr-x 1 0 0 0 Jan 1 1970 etc/conf.d',
      `-rw------- 1 0 0 ${secret.content.length} Jan 1 1970 preseed.cfg`,
      expect.stringMatching(/^-rw-r--r-- 1 0 0 1 Jan 1 1970 etc\/conf.d\//),
    ]);
    expect(archive.length % 4).toBe(0);
  });

  it.each(['', '/etc/x', '../x', 'a/../b', './a', 'a//b', 'a\0b'])(
    'refuses the name %j',
    (name) => {
      expect(() => cpioArchive([{ name, content: '' }])).toThrow(/Cannot put/);
    },
  );
});

describe('appendToInitrd', () => {
  it.each(Object.keys(compress))('appends to an initrd (%s), unchanged in front', async (kind) => {
    const dir = testDir();
    const initrd = path.join(dir, 'initrd');
    const original = compress[kind]?.(plainArchive(dir)) as Buffer;
    writeFileSync(initrd, original);
    const target = path.join(dir, 'out');
    await appendToInitrd(initrd, target, [secret]);
    const result = readFileSync(target);
    expect(result.subarray(0, original.length).equals(original)).toBe(true);
    const at = (original.length + 3) & ~3;
    expect(list(result.subarray(at)).join()).toContain('preseed.cfg');
    const content = execFileSync('cpio', ['-i', '--to-stdout', '--quiet'], {
      input: result.subarray(at),
    });
    expect(content.toString()).toBe(secret.content);
    expect(statSync(target).mode & 0o777).toBe(0o600);
    await appendToInitrd(initrd, path.join(dir, 'again'), [secret]);
    expect(readFileSync(path.join(dir, 'again')).equals(result)).toBe(true);
  });

  it('goes behind microcode and a compressed member', async () => {
    const dir = testDir();
    const initrd = path.join(dir, 'initrd');
    const early = Buffer.concat([
      cpioArchive([{ name: 'kernel/x', content: 'u' }]),
      Buffer.alloc(512),
    ]);
    writeFileSync(initrd, Buffer.concat([early, gzipSync(plainArchive(dir))]));
    await appendToInitrd(initrd, path.join(dir, 'out'), [secret]);
    const before = statSync(initrd).size;
    expect(list(readFileSync(path.join(dir, 'out')).subarray((before + 3) & ~3))).toHaveLength(1);
  });

  it('goes before an lz4 member, whose end the kernel does not see', async () => {
    const dir = testDir();
    const initrd = path.join(dir, 'initrd');
    const early = cpioArchive([{ name: 'kernel/x', content: 'u' }]);
    const lz4 = Buffer.concat([Buffer.from([0x02, 0x21, 0x4c, 0x18]), Buffer.from('payload')]);
    writeFileSync(initrd, Buffer.concat([early, lz4]));
    await appendToInitrd(initrd, path.join(dir, 'out'), [secret]);
    const result = readFileSync(path.join(dir, 'out'));
    expect(result.equals(Buffer.concat([early, cpioArchive([secret]), lz4]))).toBe(true);
    expect(statSync(path.join(dir, 'out')).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['a web page', Buffer.from('<!DOCTYPE html>'), /it is not an initrd/],
    ['nothing', Buffer.alloc(0), /it is empty/],
    ['a gzipped disk image', gzipSync(Buffer.alloc(10_000)), /disk image, not an initramfs/],
    [
      'broken gzip',
      Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255]),
      /gzip data is damaged/,
    ],
    ['a cut archive', cpioArchive([{ name: 'x', content: 'y' }]).subarray(0, 130), /damaged/],
  ])('refuses %s', async (_, content, message) => {
    const dir = testDir();
    writeFileSync(path.join(dir, 'initrd'), content);
    const target = path.join(dir, 'out');
    await expect(appendToInitrd(path.join(dir, 'initrd'), target, [secret])).rejects.toThrow(
      message,
    );
    expect(existsSync(target)).toBe(false);
    expect(readdirSync(dir)).toEqual(['initrd']);
  });
});
