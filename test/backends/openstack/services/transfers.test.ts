import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { putImage } from '../../../../backends/openstack/services/put-image.ts';
import type { Image } from '../../../../backends/openstack/services/types.ts';
import { fileSource } from '../../../../backends/openstack/services/upload-source.ts';
import type { FakeCloud, FakeHandler } from '../../../fakes/fake-cloud.ts';
import { testDir } from '../../../media/support.ts';
import { failureOf, opened } from './open.ts';
import { streamSource } from './stream-source.ts';

const content = randomBytes(3 << 20);
const sha512 = (data: Buffer) => createHash('sha512').update(data).digest('hex');
const file = '/image/v2/images/:id/file';
const show = '/image/v2/images/:id';

function contentFile(): string {
  const name = path.join(testDir(), 'disk.qcow2');
  writeFileSync(name, content);
  return name;
}

/** Glance's state of one image, as far as uploads change it. */
function imageStore(fake: FakeCloud) {
  const state = { status: 'queued', size: null as number | null, digest: null as string | null };
  fake.on('GET', show, ({ params }) => ({
    json: {
      id: params.id,
      name: 'disk',
      status: state.status,
      size: state.size,
      os_hash_algo: state.digest && 'sha512',
      os_hash_value: state.digest,
    },
  }));
  const take: FakeHandler = ({ body }) => {
    Object.assign(state, { status: 'active', size: body.length, digest: sha512(body) });
    return { status: 204 };
  };
  return { state, take };
}

describe('upload()', () => {
  test('sends a file with its length and checks what arrived', async () => {
    const { fake, cloud } = await opened();
    const { take } = imageStore(fake);
    const lengths: (string | undefined)[] = [];
    fake.on('PUT', file, (request) => {
      lengths.push(request.headers['content-length']);
      return (take as (r: typeof request) => { status: number })(request);
    });
    const progress: number[] = [];
    const image = await cloud.glance.upload('i', await fileSource(contentFile()), {
      onProgress: (done) => progress.push(done),
    });
    expect(image).toMatchObject({ status: 'active', size: content.length });
    expect(lengths).toEqual([String(content.length)]);
    expect(progress.at(-1)).toBe(content.length);
    const put = fake.requests.find((request) => request.method === 'PUT');
    expect(put).toMatchObject({ contentType: 'application/octet-stream', bytes: content.length });
  });

  test('takes any stream, also of unknown length', async () => {
    const { fake, cloud } = await opened();
    const { state, take } = imageStore(fake);
    fake.on('PUT', file, take);
    const pieces = [content.subarray(0, 1000), content.subarray(1000)];
    await cloud.glance.upload('i', streamSource(Readable.from(pieces), null));
    expect(state.digest).toBe(sha512(content));
  });

  test.each([
    ['a dropped connection', { drop: true as const }],
    ['503', { status: 503 }],
  ])('sends a file again after %s', async (_, failure) => {
    const { fake, cloud } = await opened();
    const { take } = imageStore(fake);
    fake.on('PUT', file, failure, take);
    const image = await cloud.glance.upload('i', await fileSource(contentFile()));
    expect(image.size).toBe(content.length);
  });

  test('renews the token and sends a file again', async () => {
    const { fake, cloud } = await opened();
    const { take } = imageStore(fake);
    fake.on('PUT', file, take);
    fake.revokeTokens();
    const image = await cloud.glance.upload('i', await fileSource(contentFile()));
    expect(image.status).toBe('active');
    expect(fake.tokens()).toBe(2);
  });

  test('does not send a stream twice', async () => {
    const { fake, cloud } = await opened();
    const { take } = imageStore(fake);
    fake.on('PUT', file, { drop: true }, take);
    const source = streamSource(Readable.from([content]), content.length);
    expect((await failureOf(cloud.glance.upload('i', source))).code).toBe('OZ_CLOUD_UNREACHABLE');
  });

  test('does not blame the source for a connection dropped in the middle', async () => {
    const { fake, cloud } = await opened();
    imageStore(fake);
    fake.refuse('PUT', file, { drop: true });
    // More than fits into sockets, so that it waits to be sent when the connection ends.
    const pieces = Array.from({ length: 8 }, () => content);
    const source = streamSource(Readable.from(pieces), 8 * content.length);
    expect((await failureOf(cloud.glance.upload('i', source))).code).toBe('OZ_CLOUD_UNREACHABLE');
  });

  test('notices bytes that changed on their way', async () => {
    const { fake, cloud } = await opened();
    const { state } = imageStore(fake);
    fake.on('PUT', file, ({ body }) => {
      Object.assign(state, { status: 'active', size: body.length, digest: 'other' });
      return { status: 204 };
    });
    const failure = await failureOf(cloud.glance.upload('i', await fileSource(contentFile())));
    expect(failure.code).toBe('OZ_CLOUD_CORRUPT');
  });

  test.each(['sha256', 'md5'])('notices them in a Glance that has %s', async (algorithm) => {
    const { fake, cloud } = await opened();
    const { state } = imageStore(fake);
    let kept = content;
    fake.on('PUT', file, ({ body }) => {
      Object.assign(state, { status: 'active', size: body.length });
      return { status: 204 };
    });
    fake.on('GET', show, ({ params }) => ({
      json: {
        ...{ id: params.id, name: 'disk', status: state.status, size: state.size },
        ...{ os_hash_algo: algorithm },
        os_hash_value: createHash(algorithm).update(kept).digest('hex'),
      },
    }));
    const image = await cloud.glance.upload('i', await fileSource(contentFile()));
    expect(image.status).toBe('active');
    kept = randomBytes(content.length);
    const failure = await failureOf(cloud.glance.upload('i', await fileSource(contentFile())));
    expect(failure.code).toBe('OZ_CLOUD_CORRUPT');
  });

  test('tells of a source that breaks off or has another length', async () => {
    const { fake, cloud } = await opened();
    imageStore(fake);
    fake.on('PUT', file, { status: 204 });
    async function* broken() {
      yield content.subarray(0, 1000);
      throw new Error('the disk is gone');
    }
    const failure = await failureOf(
      cloud.glance.upload('i', streamSource(Readable.from(broken()), content.length)),
    );
    expect(failure.message).toContain('the disk is gone');
    const short = streamSource(Readable.from([content.subarray(0, 10)]), 20);
    const second = await failureOf(cloud.glance.upload('i', short));
    expect(second.message).toContain('10 bytes instead of 20');
  });

  test('words a refusal that comes before all is sent', async () => {
    const { fake, cloud } = await opened();
    imageStore(fake);
    fake.refuse('PUT', file, {
      status: 413,
      text: '<html><head><title>413 Request Entity Too Large</title></head><body><h1>413 Request Entity Too Large</h1>quota of image_size_total<br/></body></html>',
      headers: { connection: 'close' },
    });
    const big = streamSource(Readable.from(Array.from({ length: 40 }, () => content)), null);
    const failure = await failureOf(cloud.glance.upload('i', big));
    expect(failure).toMatchObject({ code: 'OZ_CLOUD_QUOTA' });
    expect(failure.message).toContain('quota of image_size_total');
  });

  test('ends at once by its signal', async () => {
    const { fake, cloud } = await opened();
    imageStore(fake);
    fake.on('PUT', file, { status: 204 });
    async function* slow() {
      yield content;
      await new Promise((resolve) => setTimeout(resolve, 3000));
    }
    const source = streamSource(Readable.from(slow()), null);
    const began = performance.now();
    const signal = AbortSignal.timeout(100);
    await expect(cloud.glance.upload('i', source, { signal })).rejects.toThrow(/aborted/);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe('putImage()', () => {
  test('makes an image anew that Glance lost half-way', async () => {
    const { fake, cloud } = await opened();
    const { state, take } = imageStore(fake);
    fake.on('POST', '/image/v2/images', ({ json }) => {
      Object.assign(state, { status: 'queued' });
      return { status: 201, json: { ...(json as object), status: 'queued' } };
    });
    const deleted: (string | undefined)[] = [];
    fake.on('DELETE', show, ({ params }) => {
      deleted.push(params.id);
      return { status: 204 };
    });
    fake.on(
      'PUT',
      file,
      () => {
        state.status = 'saving'; // as a killed glance-api leaves it
        return { drop: true };
      },
      take,
    );
    const made: string[] = [];
    const image = await putImage(
      cloud.glance,
      { name: 'disk', diskFormat: 'qcow2', containerFormat: 'bare' },
      await fileSource(contentFile()),
      { beforeCreate: (id) => made.push(id) },
    );
    expect(made).toHaveLength(2);
    expect(image.id).toBe(made[1]);
    expect(deleted).toEqual([made[0]]);
  });

  test('leaves nothing when it is refused', async () => {
    const { fake, cloud } = await opened();
    imageStore(fake);
    fake.on('POST', '/image/v2/images', { status: 201, json: { status: 'queued' } });
    fake.on('DELETE', show, { status: 204 });
    fake.on('PUT', file, { status: 403, text: 'no' });
    const image = { id: 'mine', name: 'disk', diskFormat: 'raw', containerFormat: 'bare' };
    const failure = putImage(cloud.glance, image, await fileSource(contentFile()));
    expect((await failureOf(failure)).code).toBe('OZ_CLOUD_POLICY');
    expect(fake.requests.at(-1)).toEqual({ method: 'DELETE', path: '/image/v2/images/mine' });
  });
});

test('createImage() takes what its own lost request has made', async () => {
  const { fake, cloud } = await opened();
  imageStore(fake);
  fake.on('POST', '/image/v2/images', { drop: true }, { status: 409, text: 'exists' });
  const image = { id: 'mine', name: 'disk', diskFormat: 'raw', containerFormat: 'bare' };
  expect((await cloud.glance.createImage(image)).id).toBe('mine');
  fake.on('POST', '/image/v2/images', { status: 409, text: 'exists' });
  expect((await failureOf(cloud.glance.createImage(image))).code).toBe('OZ_CLOUD_BUSY');
});

describe('download()', () => {
  const image = (extra: Partial<Image> = {}): Image => ({
    id: 'i',
    name: 'disk',
    status: 'active',
    visibility: 'private',
    size: content.length,
    virtualSize: null,
    diskFormat: 'qcow2',
    containerFormat: 'bare',
    minDisk: 0,
    minRam: 0,
    digest: { algorithm: 'sha512', value: sha512(content) },
    protected: false,
    owner: null,
    tags: [],
    createdAt: '',
    updatedAt: '',
    properties: {},
    ...extra,
  });

  const rest: FakeHandler = ({ headers }) => {
    const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    return {
      status: start ? 206 : 200,
      body: content.subarray(start),
      headers: { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` },
    };
  };

  async function collect(batches: AsyncIterable<readonly Buffer[]>): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const batch of batches) pieces.push(Buffer.concat(batch));
    return Buffer.concat(pieces);
  }

  test('goes on where the connection was dropped', async () => {
    const { fake, cloud, log } = await opened();
    fake.on('GET', file, { body: content, drop: 1_000_000 }, { status: 503 }, rest);
    expect((await collect(cloud.glance.download(image()))).equals(content)).toBe(true);
    expect(log.some((line) => /broke off at \d+ bytes/.test(line))).toBe(true);
  });

  test('goes on where the server ignores ranges', async () => {
    const { fake, cloud } = await opened();
    fake.on('GET', file, { body: content, drop: 1_000_000 }, { body: content });
    expect((await collect(cloud.glance.download(image()))).equals(content)).toBe(true);
  });

  test('notices a body that ends early without being dropped', async () => {
    const { fake, cloud } = await opened();
    const half = content.subarray(0, 500_000);
    fake.on('GET', file, { body: half }, rest);
    expect((await collect(cloud.glance.download(image()))).equals(content)).toBe(true);
  });

  test('notices more bytes than the image has', async () => {
    const { fake, cloud } = await opened();
    fake.on('GET', file, { body: Buffer.alloc(content.length + 1) });
    const failure = await failureOf(collect(cloud.glance.download(image())));
    expect(failure.code).toBe('OZ_CLOUD_CORRUPT');
  });

  test('gives up where nothing more comes', async () => {
    const { fake, cloud } = await opened();
    fake.on('GET', file, { body: content, drop: 0 });
    const failure = await failureOf(collect(cloud.glance.download(image())));
    expect(failure.code).toBe('OZ_CLOUD_UNREACHABLE');
  });

  test('words an image that is deactivated', async () => {
    const { fake, cloud } = await opened();
    fake.on('GET', file, { status: 403, text: '403 Forbidden\n\nThe image is deactivated\n' });
    const failure = await failureOf(collect(cloud.glance.download(image())));
    expect(failure.code).toBe('OZ_CLOUD_POLICY');
    expect(failure.message).toContain('deactivated');
  });

  test('ends with its reader', async () => {
    const { fake, cloud } = await opened();
    fake.on('GET', file, { body: content });
    for await (const chunk of cloud.glance.download(image())) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
  });
});

describe('waitForImage()', () => {
  const states = (fake: FakeCloud, ...list: object[]) =>
    fake.on('GET', show, ...list.map((json) => ({ json: { id: 'i', name: 'disk', ...json } })));

  test('waits for active', async () => {
    const { fake, cloud } = await opened();
    states(fake, { status: 'queued' }, { status: 'saving' }, { status: 'active' });
    fake.on('GET', '/image/v2/images/:id/tasks', { json: { tasks: [] } });
    const seen: string[] = [];
    await cloud.glance.waitForImage('i', { pollMs: 1, onPoll: ({ status }) => seen.push(status) });
    expect(seen).toEqual(['queued', 'saving', 'active']);
  });

  test("tells a failed import in Glance's words", async () => {
    const { fake, cloud } = await opened();
    states(fake, { status: 'queued', os_glance_failed_import: 'file' });
    fake.on('GET', '/image/v2/images/:id/tasks', {
      json: { tasks: [{ id: 't', status: 'failure', message: 'URI is not allowed' }] },
    });
    const failure = await failureOf(cloud.glance.waitForImage('i'));
    expect(failure).toMatchObject({ code: 'OZ_CLOUD_REFUSED' });
    expect(failure.message).toContain('URI is not allowed');
  });

  test.each<[string, string[], number | undefined, number]>([
    ['is queued again', ['queued', 'importing', 'queued'], 60_000, 3],
    ['never begins', ['queued'], 0, 1],
  ])(
    'notices an import that %s in a Glance without tasks',
    async (_, statuses, importMs, looks) => {
      const { fake, cloud } = await opened();
      states(fake, ...statuses.map((status) => ({ status })));
      fake.on('GET', '/image/v2/images/:id/tasks', { status: 404 });
      const failure = await failureOf(cloud.glance.waitForImage('i', { pollMs: 1, importMs }));
      expect(failure.message).toContain('Glance could not fetch it');
      expect(fake.requests.filter((request) => !request.path.endsWith('tasks'))).toHaveLength(
        looks,
      );
    },
  );

  test.each([
    ['killed', 'OZ_CLOUD_REFUSED'],
    ['deactivated', 'OZ_CLOUD_REFUSED'],
    ['deleted', 'OZ_CLOUD_GONE'],
  ])('ends for an image that is %s', async (status, code) => {
    const { fake, cloud } = await opened();
    states(fake, { status });
    expect((await failureOf(cloud.glance.waitForImage('i'))).code).toBe(code);
  });
});
