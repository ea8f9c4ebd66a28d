import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { followFile } from '../../src/media/file-digest.ts';
import { testDir } from './support.ts';

const content = randomBytes(3_000_001);
const sha512 = (data: Buffer) => createHash('sha512').update(data).digest('hex');

describe('followFile()', () => {
  const emptyFile = () => {
    const file = path.join(testDir(), 'growing');
    writeFileSync(file, '');
    return file;
  };

  test('gives the digest of a file that grows meanwhile', async () => {
    const file = emptyFile();
    const running = followFile('sha512', file);
    for (let at = 0; at < content.length; ) {
      const piece = content.subarray(at, at + 700_001);
      appendFileSync(file, piece);
      at += piece.length;
      running.grown(at);
    }
    expect(await running.digest()).toBe(sha512(content));
  });

  test('reads no further than it was told', async () => {
    const file = emptyFile();
    writeFileSync(file, content);
    const running = followFile('sha512', file);
    running.grown(1_000_000);
    expect(await running.digest()).toBe(sha512(content.subarray(0, 1_000_000)));
  });

  test('gives that of an empty file', async () => {
    expect(await followFile('sha512', emptyFile()).digest()).toBe(sha512(Buffer.alloc(0)));
  });

  test('fails where the file becomes shorter', async () => {
    const file = emptyFile();
    writeFileSync(file, content);
    truncateSync(file, 1000);
    const running = followFile('sha512', file);
    running.grown(content.length);
    await expect(running.digest()).rejects.toThrow('shorter');
  });

  test('fails where the file is not there', async () => {
    const running = followFile('sha512', path.join(testDir(), 'none'));
    await expect(running.digest()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('says that it was given up', async () => {
    const running = followFile('sha512', emptyFile());
    running.close();
    await expect(running.digest()).rejects.toMatchObject({ code: 'OZ_INTERNAL' });
  });
});
