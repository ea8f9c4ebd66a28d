/** Records that a crash, a full disk or another program has left: none costs more than itself. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { clearCache, fetchMedium, readMediumRecord } from '../../src/media/cache.ts';
import { download } from '../../src/media/download.ts';
import { sendFile, serve, someBytes, testDir } from './support.ts';

const good = { url: 'http://x/', size: 1, mtimeMs: 1, fetchedAt: '2026-01-01', digests: {} };

const damaged: [string, string][] = [
  ['nothing', ''],
  ['half a record', '{"url": "http://x/", "size": 5'],
  ['null', 'null'],
  ['a number', '5'],
  ['a list', '[1, 2]'],
  ['text', '"x"'],
  ['other fields', '{"a": 1}'],
  ['no digests', JSON.stringify({ ...good, digests: undefined })],
  ['null for digests', JSON.stringify({ ...good, digests: null })],
  ['a number for a digest', JSON.stringify({ ...good, digests: { sha256: 5 } })],
  ['a digest of another length', JSON.stringify({ ...good, digests: { sha256: 'ab' } })],
  ['an unknown digest', JSON.stringify({ ...good, digests: { constructor: 'ab' } })],
  ['an object for the tag', JSON.stringify({ ...good, etag: { toString: 1 } })],
  ['text for the size', JSON.stringify({ ...good, size: 'large' })],
  ['null for what was checked', JSON.stringify({ ...good, checked: null })],
  ['too much', `"${'x'.repeat(100_000)}"`],
  ['bytes', '\u0000\ufffd'],
];

async function kept() {
  const content = someBytes(20_000);
  const { url, requests } = await serve((q, r) => sendFile(q, r, { content, etag: '"1"' }));
  const dir = testDir();
  const medium = { url: `${url}/x.iso`, cachePath: path.join(dir, 'isos', 'x.iso') };
  return { dir, medium, content, requests, record: `${medium.cachePath}.ozma.json` };
}

it.each(damaged)('a record that is %s: the file is taken over as one of Oz', async (_, text) => {
  const { medium, record, dir } = await kept();
  await fetchMedium(medium);
  writeFileSync(record, text);
  expect(await readMediumRecord(medium.cachePath)).toBeNull();
  expect((await fetchMedium(medium)).cached).toBe(true);
  expect((await readMediumRecord(medium.cachePath))?.digests.sha256).toHaveLength(64);
  writeFileSync(record, text);
  await clearCache(dir);
});

it.each(damaged)(
  'the record of an unfinished download that is %s: it starts over',
  async (_, text) => {
    const { medium, content, dir } = await kept();
    const target = path.join(dir, 'file');
    writeFileSync(`${target}.part`, 'what came so far');
    writeFileSync(`${target}.part.json`, text);
    await download(medium.url, target);
    expect(readFileSync(target).equals(content)).toBe(true);
  },
);
