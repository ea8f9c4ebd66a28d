import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkImage, convertImage, imageExtension } from '../../src/image/convert.ts';
import { imageInfo } from '../../src/image/info.ts';
import { someBytes, testDir } from '../media/support.ts';

const qemuImg = (dir: string, ...args: string[]) =>
  execFileSync('qemu-img', args, { cwd: dir, stdio: 'pipe' });

/** A raw disk of 64 MiB with 3 MB of content and holes. */
function rawDisk(dir: string): string {
  const file = path.join(dir, 'disk.raw');
  writeFileSync(file, someBytes(1_500_000));
  truncateSync(file, 64 << 20);
  const fd = openSync(file, 'r+');
  writeSync(fd, someBytes(1_500_000, 5), 0, 1_500_000, 40 << 20);
  closeSync(fd);
  return file;
}

describe('convertImage', () => {
  it.each(['raw', 'qcow2', 'vmdk', 'vdi', 'vpc', 'vhd', 'vhdx', 'qed'])(
    'writes %s with the same content',
    async (format) => {
      const dir = testDir();
      const source = rawDisk(dir);
      const target = path.join(dir, `out${imageExtension(format)}`);
      const seen: [number, number | null][] = [];
      await convertImage(source, target, {
        format,
        sourceFormat: 'raw',
        onProgress: (done, total) => seen.push([done, total]),
      });
      const driver = format === 'vhd' ? 'vpc' : format;
      qemuImg(dir, 'compare', '-q', '-f', 'raw', '-F', driver, source, target);
      const info = await imageInfo(target, { format: driver });
      expect(info.virtualSize).toBe(64 << 20);
      expect(info.actualSize, 'holes stay holes').toBeLessThan(12 << 20);
      expect(seen.at(-1)).toEqual([64 << 20, 64 << 20]);
      expect(readdirSync(dir).sort()).toEqual(['disk.raw', path.basename(target)].sort());
    },
  );

  it.each(['qcow2', 'vmdk'])('compresses %s', async (format) => {
    const dir = testDir();
    const source = path.join(dir, 'disk.raw');
    writeFileSync(source, 'the same again and again\n'.repeat(200_000));
    truncateSync(source, 8 << 20);
    const target = path.join(dir, 'out');
    await convertImage(source, target, { format, sourceFormat: 'raw', compress: true });
    expect(statSync(target).size).toBeLessThan(1 << 20);
    qemuImg(dir, 'compare', '-q', '-f', 'raw', '-F', format, source, target);
  });

  it('gives back the room of zeroed blocks', async () => {
    const dir = testDir();
    qemuImg(dir, 'create', '-q', '-f', 'qcow2', 'fat.qcow2', '64M');
    qemuImg(
      dir,
      'bench',
      '-q',
      '-w',
      '-c',
      '256',
      '-s',
      '65536',
      '-S',
      '65536',
      '--pattern=0',
      'fat.qcow2',
    );
    const fat = path.join(dir, 'fat.qcow2');
    expect(statSync(fat).size).toBeGreaterThan(16 << 20);
    await convertImage(fat, path.join(dir, 'thin'), { format: 'qcow2', sourceFormat: 'qcow2' });
    expect(statSync(path.join(dir, 'thin')).size).toBeLessThan(1 << 20);
  });

  it('writes qcow2 of version 1.1', async () => {
    const dir = testDir();
    const target = path.join(dir, 'out.qcow2');
    await convertImage(rawDisk(dir), target, { format: 'qcow2', sourceFormat: 'raw' });
    expect(readFileSync(target).readUInt32BE(4)).toBe(3);
  });

  it('leaves the target as it was when aborted, or when the source is missing', async () => {
    const dir = testDir();
    const source = path.join(dir, 'disk.raw');
    writeFileSync(source, someBytes(8 << 20));
    const target = path.join(dir, 'out');
    writeFileSync(target, 'old');
    const stop = new AbortController();
    const promise = convertImage(source, target, {
      format: 'qcow2',
      sourceFormat: 'raw',
      compress: true,
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    });
    await expect(promise).rejects.toThrow('enough');
    const missing = convertImage(path.join(dir, 'none'), target, { format: 'raw' });
    await expect(missing).rejects.toMatchObject({ code: 'OZ_IMAGE' });
    expect(readFileSync(target, 'utf8')).toBe('old');
    expect(readdirSync(dir).sort()).toEqual(['disk.raw', 'out']);
  });

  it('refuses unknown formats, and compression where there is none', async () => {
    const dir = testDir();
    const source = rawDisk(dir);
    const target = path.join(dir, 'x');
    const fails = (options: { format: string; compress?: boolean }) =>
      expect(
        convertImage(source, target, { sourceFormat: 'raw', ...options }),
      ).rejects.toMatchObject({
        code: 'OZ_IMAGE_FORMAT',
      });
    await fails({ format: 'nbd' });
    await fails({ format: 'constructor' });
    await fails({ format: 'raw', compress: true });
    expect(existsSync(target)).toBe(false);
  });
});

describe('imageInfo', () => {
  it('refuses images that would make qemu open other files', async () => {
    const dir = testDir();
    qemuImg(
      dir,
      'create',
      '-q',
      '-f',
      'qcow2',
      '-F',
      'raw',
      '-u',
      '-b',
      '/etc/passwd',
      'backed.qcow2',
      '1M',
    );
    qemuImg(dir, 'create', '-q', '-f', 'qcow2', '-o', 'data_file=data.raw', 'split.qcow2', '1M');
    qemuImg(dir, 'create', '-q', '-f', 'vmdk', '-o', 'subformat=monolithicFlat', 'flat.vmdk', '1M');
    qemuImg(
      dir,
      'create',
      '-q',
      '-f',
      'qed',
      '-F',
      'raw',
      '-u',
      '-b',
      '/etc/passwd',
      'backed.qed',
      '1M',
    );
    const info = (name: string) => imageInfo(path.join(dir, name));
    await expect(info('backed.qcow2')).rejects.toThrow(/backing file/);
    await expect(info('backed.qed')).rejects.toThrow(/backing file/);
    await expect(info('split.qcow2')).rejects.toThrow(/data file/);
    await expect(info('flat.vmdk')).rejects.toThrow(/description of other files/);
    const stolen = convertImage(path.join(dir, 'backed.qcow2'), path.join(dir, 'x'), {
      format: 'raw',
    });
    await expect(stolen).rejects.toThrow(/backing file/);
  });

  it('takes a raw disk as raw, whatever a guest has written on it', async () => {
    const dir = testDir();
    qemuImg(
      dir,
      'create',
      '-q',
      '-f',
      'qcow2',
      '-F',
      'raw',
      '-u',
      '-b',
      '/etc/passwd',
      'disk',
      '1M',
    );
    const disk = path.join(dir, 'disk');
    expect((await imageInfo(disk, { format: 'raw' })).format).toBe('raw');
    const target = path.join(dir, 'copy');
    await convertImage(disk, target, { format: 'raw', sourceFormat: 'raw' });
    const content = readFileSync(disk); // qemu-img fills up the last sector
    expect(readFileSync(target).subarray(0, content.length).equals(content)).toBe(true);
  });

  it('words what is not there, no file, or another format', async () => {
    const dir = testDir();
    writeFileSync(path.join(dir, 'text'), 'x'.repeat(1000));
    await expect(imageInfo(path.join(dir, 'none'))).rejects.toThrow(/no such file/);
    await expect(imageInfo(dir)).rejects.toThrow(/not a regular file/);
    const wrong = imageInfo(path.join(dir, 'text'), { format: 'qcow2' });
    await expect(wrong).rejects.toMatchObject({ code: 'OZ_IMAGE' });
  });
});

describe('checkImage', () => {
  it('passes sound images and finds a damaged one', async () => {
    const dir = testDir();
    const target = path.join(dir, 'x.qcow2');
    await convertImage(rawDisk(dir), target, { format: 'qcow2', sourceFormat: 'raw' });
    await checkImage(target, 'qcow2');
    await checkImage(path.join(dir, 'disk.raw'), 'raw');
    const fd = openSync(target, 'r+');
    writeSync(fd, Buffer.alloc(8), 0, 8, 65536); // the refcount table's first entry
    closeSync(fd);
    await expect(checkImage(target, 'qcow2')).rejects.toMatchObject({ code: 'OZ_IMAGE_CORRUPT' });
  });
});

it('names images as Oz does', () => {
  expect(['raw', 'qcow2', 'vmdk'].map(imageExtension)).toEqual(['.dsk', '.qcow2', '.vmdk']);
});
