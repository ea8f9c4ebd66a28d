import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { remoteIso } from '../../src/media/remote-stream.ts';
import { type ServedFile, sendFile, serve, someBytes, testDir } from './support.ts';

const content = someBytes(3 << 20);
content.write('CD001', 32_769, 'latin1');
const sha512 = createHash('sha512').update(content).digest('hex');

/** A server of one ISO and its checksum; `file` is asked for each request. */
async function isoServer(file: (request: number) => ServedFile, digest = sha512) {
  let count = 0;
  const { url, requests } = await serve((request, response) => {
    if (request.url === '/SUMS') response.end(`${digest}  x.iso\n`);
    else sendFile(request, response, file(request.method === 'GET' ? ++count : 0));
  });
  const checksum = { type: 'sha512' as const, url: `${url}/SUMS` };
  const medium = { url: `${url}/x.iso`, cachePath: `${testDir()}/x.iso`, checksum };
  return { medium, requests };
}

const quick = { backoffMs: 1 };

async function read(stream: Readable | undefined): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream ?? []) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe('remoteIso()', () => {
  test('gives all of it, as often as it is asked, and what is known of it', async () => {
    const { medium } = await isoServer(() => ({ content, etag: '"a"' }));
    const iso = await remoteIso(medium, quick);
    expect(iso).toMatchObject({
      ...{ url: medium.url, size: content.length },
      expect: { type: 'sha512', digest: sha512 },
    });
    for (let time = 0; time < 2; time++) {
      expect((await read(iso?.open())).equals(content)).toBe(true);
    }
  });

  test.each([
    ['by a range', { etag: '"a"' }, /^GET \/x\.iso bytes=/],
    ['from the begin again, where the server knows no ranges', { etag: 'W/"a"' }, /^GET \/x\.iso$/],
  ])('goes on after a break: %s', async (_, mark, again) => {
    const file = { content, ...mark };
    const { medium, requests } = await isoServer((request) =>
      request === 2 ? { ...file, breakAfter: 1 << 20 } : file,
    );
    const iso = await remoteIso(medium, quick);
    expect((await read(iso?.open())).equals(content)).toBe(true);
    expect(requests.at(-1)).toMatch(again);
  });

  test('mixes no two versions', async () => {
    const { medium } = await isoServer((request) =>
      request <= 2
        ? { content, etag: 'W/"a"', ...(request === 2 && { breakAfter: 1 << 20 }) }
        : { content, etag: 'W/"b"' },
    );
    const iso = await remoteIso(medium, quick);
    await expect(read(iso?.open())).rejects.toThrow('it has changed meanwhile');
  });

  test('ends with an error where the checksum is another', async () => {
    const { medium } = await isoServer(() => ({ content, etag: '"a"' }), '00'.repeat(64));
    const iso = await remoteIso(medium, quick);
    await expect(read(iso?.open())).rejects.toMatchObject({ code: 'OZ_DOWNLOAD_CHECKSUM' });
  });

  test('takes nothing else for an ISO', async () => {
    const sorry = Buffer.from('a page that says sorry');
    const { medium } = await isoServer(
      () => ({ content: sorry }),
      createHash('sha512').update(sorry).digest('hex'),
    );
    expect(await remoteIso(medium, quick)).toBeNull();
  });

  test('ends by its signal, also when nobody reads', async () => {
    const stop = new AbortController();
    const { medium } = await isoServer(() => ({ content, etag: '"a"' }));
    const iso = await remoteIso(medium, { ...quick, signal: stop.signal });
    const stream = iso?.open();
    stop.abort(new Error('stopped by the user'));
    await expect(read(stream)).rejects.toThrow();
  });
});
