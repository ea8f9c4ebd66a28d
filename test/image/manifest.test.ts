import { createHash } from 'node:crypto';
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { convertImage } from '../../src/image/convert.ts';
import { writeManifest } from '../../src/image/manifest.ts';
import { fetchMedium } from '../../src/media/cache.ts';
import { sendFile, serve, someBytes, testDir } from '../media/support.ts';

const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest('hex');

it('records inputs, tools and the image, and no secret', async () => {
  const dir = testDir();
  const at = (name: string) => path.join(dir, name);
  const kernel = someBytes(5000);
  const { url } = await serve((q, r) => sendFile(q, r, { content: kernel, etag: '"1"' }));
  const medium = {
    role: 'kernel',
    url: `${url.replace('://', '://me:s3cret@')}/linux?t=tok3n`,
  };
  const { size, digests } = await fetchMedium({ ...medium, cachePath: at('kernel') });
  writeFileSync(at('x.tdl'), '<template><rootpw>hunter2</rootpw></template>');
  writeFileSync(at('x.icicle'), '<icicle/>');
  writeFileSync(at('raw'), 'content');
  truncateSync(at('raw'), 4 << 20);
  await convertImage(at('raw'), at('x.qcow2'), { format: 'qcow2', sourceFormat: 'raw' });
  await writeManifest(at('m.json'), {
    name: 'x',
    os: { id: 'http://debian.org/debian/13' },
    tdl: { source: at('x.tdl'), distro: 'Debian', version: '13', arch: 'x86_64' },
    image: { path: at('x.qcow2'), format: 'qcow2' },
    media: [
      { ...medium, bytes: size, sha256: digests.sha256, digests },
      { role: 'installer', url: 'http://example.org/x.iso' },
    ],
    jeos: { path: '/jeos/x' },
    delivery: 'initrd',
    answer: { filename: 'preseed.cfg', origin: 'script' },
    domainXml: at('x.xml'),
    icicle: at('x.icicle'),
    startedAt: new Date(0),
  });
  const text = readFileSync(at('m.json'), 'utf8');
  const manifest = JSON.parse(text) as Record<string, unknown>;
  const image = readFileSync(at('x.qcow2'));
  expect(manifest).toMatchObject({
    schema: 1,
    startedAt: '1970-01-01T00:00:00.000Z',
    tdl: { distro: 'Debian', sha256: sha256(readFileSync(at('x.tdl'))) },
    media: [
      { role: 'kernel', url: `${url}/linux?…`, bytes: 5000, sha256: sha256(kernel) },
      { role: 'installer', url: 'http://example.org/x.iso' },
    ],
    jeos: { path: '/jeos/x' },
    image: { format: 'qcow2', virtualSize: 4 << 20, bytes: image.length, sha256: sha256(image) },
    icicle: { sha256: sha256('<icicle/>') },
    tools: {
      node: process.versions.node,
      'qemu-img': expect.stringMatching(/^\d+\.\d+/),
      xorriso: expect.stringMatching(/^1\.\d/),
    },
  });
  expect(text).not.toMatch(/s3cret|tok3n|hunter2/);
  expect(statSync(at('m.json')).mode & 0o777).toBe(0o644);
});

it('records what the files themselves tell where there is no qemu-img', async () => {
  const dir = testDir();
  const at = (name: string) => path.join(dir, name);
  writeFileSync(at('x.tdl'), '<template/>');
  writeFileSync(at('raw'), 'content');
  truncateSync(at('raw'), 4 << 20);
  await convertImage(at('raw'), at('x.qcow2'), { format: 'qcow2', sourceFormat: 'raw' });
  const said: string[] = [];
  const record = async (format: string, file: string) => {
    await writeManifest(
      at('m.json'),
      {
        name: 'x',
        os: {},
        tdl: { source: at('x.tdl') },
        image: { path: at(file), format },
        published: { id: 'some-id', name: 'x', at: 'dev/demo', size: 5 },
        media: [],
        delivery: 'initrd',
        answer: { filename: 'preseed.cfg', origin: 'script' },
      },
      { log: (text) => said.push(text) },
    );
    return JSON.parse(readFileSync(at('m.json'), 'utf8')) as Record<string, unknown>;
  };
  const { PATH } = process.env;
  process.env.PATH = dir;
  try {
    const image = { virtualSize: 4 << 20, bytes: statSync(at('x.qcow2')).size };
    const published = { id: 'some-id', at: 'dev/demo' };
    expect(await record('qcow2', 'x.qcow2')).toMatchObject({ image, published });
    expect(await record('raw', 'raw')).toMatchObject({ image: { virtualSize: 4 << 20 } });
  } finally {
    process.env.PATH = PATH;
  }
  expect(said[0]).toContain('qemu-img is not installed');
});
