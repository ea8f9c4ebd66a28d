/** Files that others have written, or whose path the user gives: each is read up to a limit. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAuthority, readClient } from '../../backends/openstack/http/tls-files.ts';
import { loadOsinfo, openOsinfo } from '../../osinfo/index.ts';
import { scriptCommandLine, scriptText } from '../../osinfo/script/generate.ts';
import { inWords, limits } from '../../src/base/limits.ts';
import { trustedAuthorities } from '../../src/base/tls-trust.ts';
import { readGuest } from '../../src/compose/run-existing.ts';
import { download } from '../../src/media/download.ts';
import { extractFromFat } from '../../src/media/fat-image.ts';
import { appendToInitrd } from '../../src/media/initrd.ts';
import { extractFromIso } from '../../src/media/iso.ts';
import { readTdl, readTdlFrom } from '../../src/tdl/read.ts';
import { osinfoEnv } from '../fakes/osinfo-env.ts';
import { serve, someBytes, testDir } from '../media/support.ts';
import { template } from '../tdl/templates.ts';

const within = (bytes: number) => expect.stringContaining(`is larger than ${inWords(bytes)}`);

/** A sparse file, one byte longer than what is read. */
function long(file: string, limit: number): string {
  writeFileSync(file, '');
  truncateSync(file, limit + 1);
  return file;
}

describe('the osinfo database', () => {
  const where = (dir: string) => ({ env: {}, systemDir: dir, localDir: '/none', userDir: '/none' });

  it('leaves out a file that is too large, and names it with the limit', () => {
    const dir = testDir();
    mkdirSync(path.join(dir, 'os/example.org'), { recursive: true });
    const id = 'http://example.org/thing/1';
    const file = path.join(dir, 'os/example.org/thing-1.xml');
    const text = `<libosinfo><os id="${id}"><short-id>thing1</short-id><name>Thing</name></os></libosinfo>`;
    const asked = (size: number) => {
      writeFileSync(file, text.padEnd(size));
      const warnings: string[] = [];
      const osinfo = loadOsinfo({ ...where(dir), onWarning: (message) => warnings.push(message) });
      return { found: osinfo.os(id)?.shortId, warnings };
    };
    expect(asked(limits.database)).toEqual({ found: 'thing1', warnings: [] });
    expect(asked(limits.database + 1)).toEqual({
      found: undefined,
      warnings: [expect.stringContaining(`${file}:1: it is larger than 2 MiB`)],
    });
    expect(loadOsinfo(where(dir)).os('thing1')).toBeUndefined();
  });

  it("refuses a stylesheet of a script's that is too large", () => {
    const dir = testDir();
    const file = long(path.join(dir, 'a.xsl'), limits.database);
    const database = openOsinfo({ env: osinfoEnv });
    const [os] = database.oses('debian.org');
    if (!os) throw new Error('no Debian');
    const script = {
      ...{ id: 'http://example.org/script', params: new Map(), parameters: [] },
      ...{ injectionMethods: [], template: undefined, templateUri: `file://${file}` },
    };
    const input = { os, config: {}, installationSource: 'media' as const };
    for (const work of [scriptText, scriptCommandLine]) {
      expect(() => work(database, script, input)).toThrow(
        expect.objectContaining({ code: 'OZ_OSINFO_BAD_SCRIPT', message: within(limits.database) }),
      );
    }
  });
});

describe('certificates', () => {
  it('of a bundle that a variable names', () => {
    const file = long(path.join(testDir(), 'ca.pem'), limits.certificates);
    for (const [name, why] of [
      [file, `Cannot read the CA bundle ${file}: it is larger than 16 MiB`],
      ['/nowhere/ca.pem', 'Cannot read the CA bundle /nowhere/ca.pem: it is not there'],
    ] as const) {
      expect(() => trustedAuthorities({ SSL_CERT_FILE: name })).toThrow(
        expect.objectContaining({ code: 'OZ_DOWNLOAD_UNTRUSTED', message: why }),
      );
    }
  });

  it("of a cloud, the user's own and its key", () => {
    const refused = expect.objectContaining({
      code: 'OZ_CLOUD_CONFIG',
      message: expect.stringMatching(/\/dev\/zero: it is larger than 16 MiB$/),
    });
    expect(() => readAuthority('/dev/zero')).toThrow(refused);
    expect(() => readClient('/dev/zero', '/dev/null')).toThrow(refused);
    expect(() => readClient('/dev/null', '/dev/zero')).toThrow(refused);
  });
});

describe('documents', () => {
  const refused = (code: string, limit: number) => ({ code, message: within(limit) });

  it('a TDL on standard input, and what one includes', async () => {
    const dir = testDir();
    const tooLong = refused('OZ_TDL_FILE', limits.document);
    async function* endless() {
      for (;;) yield Buffer.alloc(1 << 20, 32);
    }
    await expect(readTdlFrom(endless(), { source: 'standard input' })).rejects.toMatchObject(
      tooLong,
    );
    long(path.join(dir, 'more.xml'), limits.document);
    const xi = "xmlns:xi='http://www.w3.org/2001/XInclude'";
    const file = path.join(dir, 'a.tdl');
    writeFileSync(file, template({ rest: `<xi:include ${xi} href='more.xml'/>` }));
    await expect(readTdl(file)).rejects.toMatchObject(refused('OZ_TDL_INCLUDE', limits.document));
  });

  it("a guest's XML, also where it says that it has no bytes", async () => {
    await expect(readGuest('/dev/zero', 'a.xml', { arch: 'x86_64' })).rejects.toMatchObject(
      refused('OZ_DOMAIN_XML', limits.document),
    );
  });
});

describe('files inside of media', () => {
  const content = someBytes(3 << 20);
  const most = 1 << 20;

  it('out of an ISO', async () => {
    const dir = testDir();
    const tree = path.join(dir, 'tree');
    mkdirSync(tree);
    writeFileSync(path.join(tree, 'vmlinuz'), content);
    const iso = path.join(dir, 'a.iso');
    execFileSync('xorriso', ['-as', 'mkisofs', '-quiet', '-r', '-o', iso, tree], { stdio: 'pipe' });
    const to = path.join(dir, 'kernel');
    const files = [{ from: ['/vmlinuz'], to }];
    await expect(extractFromIso(iso, files, { most })).rejects.toMatchObject({
      code: 'OZ_ISO',
      message: `Cannot read the ISO ${iso}: /vmlinuz is larger than 1 MiB`,
    });
    await extractFromIso(iso, files, { most: content.length });
  });

  it('out of a floppy', async () => {
    const dir = testDir();
    const image = path.join(dir, 'a.img');
    const from = path.join(dir, 'vmlinuz');
    writeFileSync(from, content);
    const env = { ...process.env, MTOOLSRC: '/dev/null' };
    execFileSync('mformat', ['-C', '-i', image, '-T', '16384', '-h', '16', '-s', '32', '::'], {
      env,
    });
    execFileSync('mcopy', ['-i', image, from, '::'], { env });
    const to = path.join(dir, 'kernel');
    await expect(extractFromFat(image, 'vmlinuz', to, { most })).rejects.toMatchObject({
      code: 'OZ_FAT_IMAGE',
      message: `Cannot read vmlinuz in ${image}: it is larger than 1 MiB`,
    });
    await extractFromFat(image, 'vmlinuz', to, { most: content.length });
  });

  it('an initrd that says that a file in it leads back to its beginning', async () => {
    const field = (value: number) => value.toString(16).padStart(8, '0');
    const header = `070701${field(1)}${field(0).repeat(5)}${field(2 ** 32 - 116)}${field(0).repeat(4)}${field(4)}${field(0)}abc\0`;
    const initrd = path.join(testDir(), 'initrd');
    writeFileSync(initrd, header.padEnd(4096, '\0'));
    await expect(appendToInitrd(initrd, `${initrd}.new`, [])).rejects.toMatchObject({
      code: 'OZ_INITRD',
      message: expect.stringContaining('its cpio archive is damaged'),
    });
  });

  it('a download, by what the server says and by what it sends', async () => {
    const dir = testDir();
    for (const length of [content.length, undefined]) {
      const server = await serve((_, response) => {
        if (length !== undefined) response.setHeader('content-length', length);
        response.end(content);
      });
      const url = `${server.url}/linux`;
      const to = path.join(dir, `linux-${length}`);
      await expect(download(url, to, { most })).rejects.toMatchObject({
        code: 'OZ_DOWNLOAD_TOO_LARGE',
        message: `Cannot download ${url}: it is larger than 1 MiB`,
      });
      expect((await download(url, to, { most: content.length })).bytes).toBe(content.length);
    }
  });
});
