import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { saveImage } from '../../../../backends/openstack/services/save-image.ts';
import type { Glance, Image } from '../../../../backends/openstack/services/types.ts';
import { testDir } from '../../../media/support.ts';

const content = randomBytes(20 << 20);
const digest = {
  algorithm: 'sha512',
  value: createHash('sha512').update(content).digest('hex').toUpperCase(),
};
const image = (extra: Partial<Image> = {}) =>
  ({ id: 'i', name: 'disk', digest, ...extra }) as Image;

const glance = (data: Buffer): Pick<Glance, 'download'> => ({
  async *download() {
    for (let at = 0; at < data.length; at += 300_000) yield [data.subarray(at, at + 300_000)];
  },
});

test('writes a file that its owner alone reads, and checks it', async () => {
  const target = path.join(testDir(), 'copy');
  const saved = await saveImage(glance(content), image(), target);
  expect(readFileSync(target).equals(content)).toBe(true);
  expect(statSync(target).mode & 0o777).toBe(0o600);
  await saved.check();
});

test('leaves out the zeros of a raw disk, also at its end', async () => {
  const disk = Buffer.concat([content, Buffer.alloc(40 << 20), content, Buffer.alloc(40 << 20)]);
  const value = createHash('sha256').update(disk).digest('hex');
  const target = path.join(testDir(), 'copy');
  const raw = image({ digest: { algorithm: 'sha256', value } });
  await (await saveImage(glance(disk), raw, target)).check();
  expect(readFileSync(target).equals(disk)).toBe(true);
  expect(statSync(target).blocks * 512).toBeLessThan(2.1 * content.length);
});

test('notices one other byte', async () => {
  const other = Buffer.from(content);
  other.writeUInt8(255 - other.readUInt8(5), 5);
  const saved = await saveImage(glance(other), image(), path.join(testDir(), 'copy'));
  await expect(saved.check()).rejects.toMatchObject({ code: 'OZ_CLOUD_CORRUPT' });
});

test.each([
  ['no digest', null],
  ['one that nobody knows here', { algorithm: 'blake9', value: '00' }],
])('takes an image with %s', async (_, known) => {
  const target = path.join(testDir(), 'copy');
  const saved = await saveImage(glance(content), image({ digest: known }), target);
  await saved.check();
  expect(statSync(target).size).toBe(content.length);
});

test('a check ends by the signal, with its reason', async () => {
  const stop = new AbortController();
  const call = { signal: stop.signal };
  const saved = await saveImage(glance(content), image(), path.join(testDir(), 'copy'), call);
  const reason = new Error('stopped by the user');
  stop.abort(reason);
  await expect(saved.check()).rejects.toBe(reason);
});

test('a failing transfer is told as it is', async () => {
  const failing: Pick<Glance, 'download'> = {
    async *download() {
      yield [content];
      throw new Error('gone');
    },
  };
  await expect(saveImage(failing, image(), path.join(testDir(), 'copy'))).rejects.toThrow('gone');
});
