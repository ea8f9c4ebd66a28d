import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { describeMatch, detectMedia } from '../../osinfo/detect/detect.ts';
import { type ByteReader, identifyIso } from '../../osinfo/detect/iso.ts';
import { httpReader } from '../../osinfo/detect/readers.ts';
import { parseTreeinfo } from '../../osinfo/detect/treeinfo.ts';
import { openOsinfo } from '../../osinfo/index.ts';

/** The descriptors of an ISO; the rest is of no interest here. */
function iso(volume: string, options: { system?: string; bootable?: boolean } = {}): Buffer {
  const image = Buffer.alloc(0x8000 + 3 * 2048);
  const primary = image.subarray(0x8000);
  primary.write('\u0001CD001\u0001', 0, 'latin1');
  primary.fill(' ', 8, 72);
  primary.write(options.system ?? '', 8);
  primary.write(volume, 40);
  primary.writeUInt32LE(1000, 80);
  primary.writeUInt16LE(2048, 128);
  primary.write(' '.repeat(128), 318);
  primary.write(' '.repeat(128), 574);
  if (options.bootable ?? true) image.write('EL TORITO SPECIFICATION', 0x8000 + 2048 + 7);
  return image;
}

const readerOf = (image: Buffer): ByteReader => ({
  read: async (offset, length) => image.subarray(offset, offset + length),
});

describe('identifyIso', () => {
  it('reads what the volume descriptor says', async () => {
    expect(await identifyIso(readerOf(iso('A B', { system: 'LINUX' })))).toEqual({
      volumeId: 'A B',
      systemId: 'LINUX',
      volumeSize: 2048000,
      bootable: true,
    });
    expect((await identifyIso(readerOf(iso('A', { bootable: false })))).bootable).toBe(false);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['half a descriptor', iso('A').subarray(0, 0x8000 + 2500)],
    ['something else', Buffer.alloc(0x10000, 7)],
    ['a volume without a name', iso('')],
  ])('refuses %s', async (_, image) => {
    await expect(identifyIso(readerOf(image))).rejects.toMatchObject({ code: 'OZ_OSINFO_NO_ISO' });
  });
});

describe('detectMedia', () => {
  const database = openOsinfo({ env: {} });

  it.each([
    [
      'Debian 13.1.0 amd64 n',
      "Media is an installer for OS 'Debian 13, network installer (x86_64)'",
    ],
    ['Debian 12.5.0 amd64 1', "Media is an installer for OS 'Debian 12 (x86_64)'"],
  ])('knows %s', async (volume, line) => {
    const { matches } = await detectMedia(database, readerOf(iso(volume)));
    const best = matches[0];
    expect(best && describeMatch(database, best, 'media')).toEqual([line]);
  });

  it('knows no others', async () => {
    expect((await detectMedia(database, readerOf(iso('NOTHING OF NOTE')))).matches).toEqual([]);
  });
});

describe('httpReader', () => {
  it.each([true, false])('reads a piece of a medium, ranges %s', async (ranges) => {
    const image = iso('OVER HTTP');
    let sent = 0;
    const server = createServer((request, response) => {
      const m = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
      const body = ranges && m ? image.subarray(Number(m[1]), Number(m[2]) + 1) : image;
      sent += body.length;
      response.writeHead(ranges ? 206 : 200).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.iso`;
      expect((await identifyIso(httpReader(url))).volumeId).toBe('OVER HTTP');
      expect(sent).toBeLessThan(200_000);
    } finally {
      server.close();
    }
  });

  it('says what failed, without the password', async () => {
    // nothing listens on the discard port
    const failure: unknown = await httpReader('http://u:secret@127.0.0.1:9/x.iso')
      .read(0, 10)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'OZ_OSINFO_NO_MEDIUM' });
    expect(String(failure)).toMatch(/^OzError: Cannot read http:\/\/127\.0\.0\.1:9\/x\.iso: /);
    expect(String((failure as Error).cause)).not.toContain('secret');
  });
});

describe('parseTreeinfo', () => {
  it('reads a key file', () => {
    const text =
      '# tree\n[general]\nfamily = Fedora\nversion=40\narch = x86_64\n[images-x86_64]\nkernel = images/pxeboot/vmlinuz\nboot.iso = images/boot.iso\n';
    expect(parseTreeinfo(text)).toEqual({
      family: 'Fedora',
      version: '40',
      arch: 'x86_64',
      kernel: 'images/pxeboot/vmlinuz',
      bootIso: 'images/boot.iso',
    });
    expect(parseTreeinfo('<html>not found</html>')).toBeUndefined();
  });
});
