import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfigFile } from '../../src/cli/os/script-config.ts';
import { main } from '../../src/cli/oz.ts';
import { fakeIo } from './fake-io.ts';

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'ozma-os-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function os(...argv: string[]) {
  const io = fakeIo({ cwd: dir });
  const code = await main(['os', ...argv], io);
  return { code, out: io.out(), err: io.err() };
}

const json = async (...argv: string[]) => {
  const { code, out, err } = await os(...argv, '--json');
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out);
};

/** An ISO's descriptors; nothing else of it is read. */
function iso(name: string, volume: string): string {
  const image = Buffer.alloc(0x8000 + 3 * 2048);
  const primary = image.subarray(0x8000);
  primary.write('\u0001CD001\u0001', 0, 'latin1');
  primary.fill(' ', 8, 72);
  primary.write(volume, 40);
  primary.writeUInt32LE(1000, 80);
  primary.writeUInt16LE(2048, 128);
  primary.fill(' ', 318, 446);
  primary.fill(' ', 574, 702);
  image.write('EL TORITO SPECIFICATION', 0x8000 + 2048 + 7);
  const file = path.join(dir, name);
  writeFileSync(file, image);
  return file;
}

describe('oz os', () => {
  it.each([[[]], [['-h']], [['--help']]])('%j lists its commands', async (argv) => {
    const { code, out } = await os(...argv);
    expect(code).toBe(0);
    expect(out).toMatch(/^Usage: oz os \[OPTIONS\] <command>\n/);
    expect(out).toMatch(/^ {2}detect +tell which/m);
  });

  it.each([
    [['lst'], "there is no command 'os lst'", "Hint: did you mean 'os list'?\n"],
    [['zz'], "there is no command 'os zz'", ''],
  ])('%j is wrong usage', async (argv, message, hint) => {
    const err = `Error: ${message}\n${hint}Try 'oz os --help'.\n`;
    expect(await os(...argv)).toEqual({ code: 2, out: '', err });
  });
});

describe('oz os list', () => {
  it('prints the table of osinfo-query', async () => {
    const { code, out, err } = await os(
      'list',
      '--distro',
      'debian',
      '-f',
      'version,codename',
      'version=11',
    );
    expect([code, err]).toEqual([0, '']);
    expect(out).toBe(
      [' Version  | Code name ', '----------+-----------', ' 11       | bullseye  ', ''].join('\n'),
    );
  });

  it('filters by family and sorts', async () => {
    const rows: { id: string; family: string }[] = await json(
      'list',
      '--family=freebsd',
      '-s',
      'id',
      '-f',
      'id,family',
      'distro=freebsd',
    );
    const all: { family: string }[] = await json('list', '-f', 'family');
    const ids = rows.map((row) => row.id);
    expect(ids.length).toBeGreaterThan(10);
    expect(ids).toEqual([...ids].sort());
    expect(all.length).toBeGreaterThan(500);
  });

  it('lists platforms', async () => {
    const rows = await json('list', '--of', 'platform', 'short-id=qemu-2.0.0');
    expect(rows).toMatchObject([{ id: 'http://qemu.org/qemu/2.0.0' }]);
  });

  it.each([
    [['-f', 'colour'], 'Cannot list colour: it is no property of os'],
    [['-s', 'colour'], 'Cannot list colour: it is no property of os'],
    [['colour'], "'colour' is not of the form name=value"],
    [['--family', 'linux', 'family=bsd'], 'there are two conditions on family'],
    [['--of', 'cheese'], "'cheese' is not a kind of entity"],
    [['--family='], 'the family is empty'],
  ])('%j is refused', async (argv, message) => {
    const { code, out, err } = await os('list', ...argv);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(`Error: ${message}\nHint: `.replace(/\nHint: $/, ''));
  });
});

describe('oz os show', () => {
  it('tells all, in text and in JSON', async () => {
    const { code, out, err } = await os('show', 'debian13');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^Debian 13\n {2}id +http:\/\/debian.org\/debian\/13\n/);
    for (const title of ['Resources', 'Devices', 'Media', 'Trees', 'Install scripts'])
      expect(out).toMatch(new RegExp(`^${title}$`, 'm'));
    expect(out).toMatch(/^ {2}minimum +all +1 +(?:1000000000 +)?1\.0 GiB/m);
    const document = await json('show', 'http://debian.org/debian/13');
    expect(document).toMatchObject({ values: { codename: 'trixie' } });
  });

  it('names the nearest of an unknown one', async () => {
    expect(await os('show', 'debain13')).toEqual({
      code: 1,
      out: '',
      err: 'Error: Cannot find the operating system debain13\nHint: did you mean debian13?\n',
    });
  });
});

describe('oz os devices', () => {
  it('lists what the platform offers too', async () => {
    const all: { id: string }[] = await json('devices', 'debian11');
    const some: { id: string }[] = await json('devices', 'debian11', '--platform', 'qemu-2.0.0');
    expect(some.length).toBeGreaterThan(0);
    expect(some.length).toBeLessThan(all.length);
    const { out } = await os('devices', 'debian11');
    expect(out.split('\n')).toHaveLength(all.length + 2);
    expect(out).toMatch(/^virtio1\.0-net +net +pci /m);
  });

  it('refuses an unknown platform', async () => {
    const { code, err } = await os('devices', 'debian11', '--platform', 'x');
    expect(code).toBe(1);
    expect(err).toContain('Cannot find the platform x\nHint: see oz os list --of platform');
  });
});

describe('oz os detect', () => {
  it.each(['plain', 'URL'])('knows an ISO by its descriptors: %s', async (form) => {
    const file = iso('d 13.iso', 'Debian 13.1.0 amd64 n');
    const place = form === 'URL' ? pathToFileURL(file).href : 'd 13.iso';
    const { code, out, err } = await os('detect', place);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(
      /^Media is an installer for OS 'Debian 13.* \(x86_64\)'\n {2}debian13 {2}http:\/\/debian.org\/debian\/13\n$/,
    );
    expect(await json('detect', place)).toMatchObject({
      place: file,
      type: 'media',
      says: { volumeId: 'Debian 13.1.0 amd64 n', bootable: true },
      matches: [{ shortId: 'debian13', arch: 'x86_64', installer: true, live: false }],
    });
  });

  it('knows a tree by its .treeinfo', async () => {
    const tree = path.join(dir, 'tree');
    mkdirSync(tree);
    const lines = [
      '[general]',
      'family = Fedora',
      'version = 36',
      'arch = x86_64',
      'variant = Server',
      '',
    ];
    writeFileSync(path.join(tree, '.treeinfo'), lines.join('\n'));
    const { code, out } = await os('detect', 'tree');
    expect(code).toBe(0);
    expect(out).toContain("Tree is an installer for OS 'Fedora");
    expect(await json('detect', 'tree', '--all')).toMatchObject({
      type: 'tree',
      says: { family: 'Fedora' },
    });
  });

  it('fails when it is none that is known, and says what it says', async () => {
    iso('x.iso', 'NOTHING OF NOTE');
    const { code, out, err } = await os('detect', 'x.iso', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out).matches).toEqual([]);
    expect(err).toContain(
      'Cannot tell what x.iso is: the database has no medium with volumeId NOTHING',
    );
  });

  it.each([
    ['none.iso', 1, 'there is no such file'],
    ['.', 1, 'it has no .treeinfo'],
    ['ftp://h/x.iso', 2, 'cannot read ftp URLs'],
    ['http://[', 2, 'is not a URL'],
    ['http://u:geheim@127.0.0.1:9/x.iso', 1, 'Cannot read http://127.0.0.1:9/x.iso'],
  ])('%s fails with exit code %i', async (place, code, message) => {
    const result = await os('detect', place);
    expect([result.code, result.out]).toEqual([code, '']);
    expect(result.err).toContain(message);
    expect(result.err).not.toContain('geheim');
    expect(result.err).not.toContain('not foreseen');
  });
});

describe('oz os script', () => {
  it('prints the file, and how it reaches the installer', async () => {
    const { code, out, err } = await os(
      'script',
      'debian13',
      '-c',
      'admin-password=g=heim',
      '-c',
      'hostname=web',
    );
    expect(code).toBe(0);
    expect(out).toContain('g=heim');
    expect(out).toMatch(/^d-i netcfg\/(get_hostname|hostname) string web$/m);
    expect(err).toMatch(/^preseed\.cfg: reaches the installer by [a-z, ]+(; .*)?\n$/);
    expect(err).not.toContain('g=heim');
  });

  it('makes up a password that is needed, another one each time', async () => {
    const made = await Promise.all([1, 2].map(() => os('script', 'debian13')));
    const passwords = made.map(
      ({ err }) => /^admin-password was not given; made up: (\w{16})$/m.exec(err)?.[1],
    );
    expect(passwords[0]).toBeDefined();
    expect(passwords[0]).not.toBe(passwords[1]);
    expect(made[0]?.out).toContain(passwords[0]);
  });

  it('tells of a parameter that nothing asks for', async () => {
    const { err } = await os('script', 'debian13', '-c', 'hostnam=x', '-c', 'admin-password=p');
    expect(err).toContain('has no parameter hostnam; did you mean hostname?\n');
    expect(err).not.toContain('no parameter admin-password');
  });

  it('takes a file of parameters, which the command line overrides', async () => {
    writeFileSync(
      path.join(dir, 'c.conf'),
      '# mine\n[install-script]\nhostname = a\nadmin-password=p\n',
    );
    const { out } = await os('script', 'debian13', '-f', 'c.conf');
    expect(out).toMatch(/hostname string a$/m);
    const { out: other } = await os('script', 'debian13', '-f', 'c.conf', '-c', 'hostname=b');
    expect(other).toMatch(/hostname string b$/m);
  });

  it('writes into a directory, for nobody else to read', async () => {
    const { code, out } = await os(
      'script',
      'debian13',
      '-c',
      'admin-password=p',
      '-d',
      'out',
      '-P',
      'web',
      '-s',
      'tree',
    );
    const file = path.join(dir, 'out', 'web-preseed.cfg');
    expect([code, out]).toEqual([0, `${file}\n`]);
    expect(readdirSync(path.dirname(file))).toEqual(['web-preseed.cfg']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toContain('d-i ');
  });

  it('gives all of it as JSON', async () => {
    const [file] = await json('script', 'ubuntu24.04', '-c', 'admin-password=p');
    expect(file).toMatchObject({
      expectedFilename: 'user-data',
      needsInternet: expect.any(Boolean),
    });
    expect(file.text).toMatch(/^#cloud-config\n/);
  });

  it('lists parameters, profiles and ways to the installer', async () => {
    expect((await os('script', 'debian13', '--list-config')).out).toMatch(
      /^admin-password: required$/m,
    );
    expect((await os('script', 'debian11', '--list-profiles')).out).toMatch(
      /^jeos: preseed\.cfg$/m,
    );
    expect((await os('script', 'debian11', '--list-injection-methods')).out).toMatch(
      /^jeos: .*initrd/m,
    );
    expect(await json('script', 'debian13', '--list-config')).toContainEqual({
      name: 'admin-password',
      policy: 'required',
    });
  });

  it.each([
    [['debian13', '-p', 'x'], 1, 'there is no x install script for it'],
    [['debian13', '-c', 'hostname=a b'], 1, 'Cannot put hostname into the answer file'],
    [
      ['debian13', '-c', 'admin-password=a\nb'],
      1,
      'Cannot put admin-password into the answer file',
    ],
    [['debian13', '-c', '=b'], 2, "'=b' is not of the form name=value"],
    [['debian13', '-f', 'none.conf'], 1, 'there is no such file'],
    [['debian13', '-d', '/dev/null/none'], 1, 'Cannot write '],
    [['debian13', '-s', 'moon'], 2, "'moon' is not a source"],
    [['debian13', '-P', '../x'], 2, 'is not a file name'],
    [['nonesuch-9'], 1, 'Cannot find the operating system nonesuch-9'],
  ])('%j fails with exit code %i', async (argv, code, message) => {
    const result = await os('script', ...argv);
    expect([result.code, result.out]).toEqual([code, '']);
    expect(result.err).toContain(message);
  });
});

describe('parseConfigFile', () => {
  it('takes only what is below its heading', () => {
    const text = '[other]\na=1\n[install-script]\r\n # c\nb = x = y \n';
    expect(parseConfigFile(text, 'f')).toEqual({ b: 'x = y' });
  });

  it.each(['a=1', '[install-script]\nnonsense', '[install-script]\n=1'])('refuses %j', (text) => {
    expect(() => parseConfigFile(text, 'f')).toThrow(
      expect.objectContaining({ code: 'OZ_OSINFO_CONFIG_FILE' }),
    );
  });
});
