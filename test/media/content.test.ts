import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fetchContent } from '../../src/media/content.ts';
import { sendFile, serve, someBytes, testDir } from './support.ts';

describe('fetchContent', () => {
  const content = someBytes(200_000);

  it('reads http and file URLs, also an empty one', async () => {
    const { url } = await serve((q, r) =>
      q.url === '/empty' ? r.end() : sendFile(q, r, { content }),
    );
    expect((await fetchContent(`${url}/f`)).equals(content)).toBe(true);
    expect(await fetchContent(`${url}/empty`)).toHaveLength(0);
    const file = path.join(testDir(), 'a b');
    writeFileSync(file, 'local');
    expect((await fetchContent(pathToFileURL(file).href)).toString()).toBe('local');
    expect((await fetchContent(`file://localhost${encodeURI(file)}`)).toString()).toBe('local');
  });

  it('tries again after a dropped connection, from the begin', async () => {
    let first = true;
    const { url } = await serve((q, r) => {
      sendFile(q, r, { content, ...(first ? { breakAfter: 1000 } : {}) });
      first = false;
    });
    expect((await fetchContent(`${url}/f`, { backoffMs: 1 })).equals(content)).toBe(true);
  });

  it.each([
    ['endless headers', `HTTP/1.1 200 OK\r\n${'X: yyyyyyyy\r\n'.repeat(9000)}`, 'too long'],
    ['one endless header', `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(90_000)}`, 'too long'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n', 'what answers does not speak HTTP'],
  ])('words an answer that can’t be read: %s', async (_, answer, why) => {
    const { url } = await serve((_request, { socket }) => socket?.end(answer));
    const error = await fetchContent(`${url}/f`, { retries: 0 }).catch((thrown) => thrown);
    expect(error.message).toContain(why);
    expect(error.message).not.toMatch(/HPE_|Parse Error/);
  });

  it('stops at the largest size', async () => {
    const { url } = await serve((q, r) => sendFile(q, r, { content }));
    const promise = fetchContent(`${url}/f?t=tok3n`, { maxBytes: 100_000 });
    await expect(promise).rejects.toMatchObject({ code: 'OZ_DOWNLOAD_TOO_LARGE' });
    await expect(promise).rejects.toThrow(/larger than 97\.7 KiB/);
    await expect(promise).rejects.not.toThrow(/tok3n/);
  });

  it('ends when aborted', async () => {
    const { url } = await serve(() => {});
    await expect(fetchContent(`${url}/f`, { signal: AbortSignal.timeout(50) })).rejects.toThrow(
      /timeout/i,
    );
  });

  it('refuses a file of another host', async () => {
    await expect(fetchContent('file://host/etc/passwd')).rejects.toMatchObject({
      code: 'OZ_DOWNLOAD_URL',
    });
  });
});
