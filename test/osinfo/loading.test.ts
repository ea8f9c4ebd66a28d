import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadOsinfo, type OsinfoOptions, openOsinfo } from '../../osinfo/index.ts';
import { listEntities } from '../../osinfo/query/list.ts';

let dir = '';
const warnings: string[] = [];

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'ozma-osinfo-'));
  warnings.length = 0;
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function put(place: string, file: string, body: string): void {
  const name = path.join(dir, place, file);
  mkdirSync(path.dirname(name), { recursive: true });
  writeFileSync(name, `<libosinfo version="0.0.1">\n${body}\n</libosinfo>\n`);
}

const os = (version: string, body = ''): string =>
  `<os id="http://x.org/x/${version}"><short-id>x${version}</short-id><name>X ${version}</name>${body}</os>`;

const open = (options: OsinfoOptions = {}) =>
  loadOsinfo({
    env: {
      OSINFO_SYSTEM_DIR: path.join(dir, 'system'),
      OSINFO_LOCAL_DIR: path.join(dir, 'local'),
      OSINFO_USER_DIR: path.join(dir, 'user'),
    },
    ownData: false,
    onWarning: (message) => warnings.push(message.replace(dir, '')),
    ...options,
  });

describe('loadOsinfo', () => {
  it('lets later directories replace an entity, and extensions add to it', () => {
    put('system', 'os/x.org/x-1.xml', os('1', '<vendor>system</vendor><codename>c</codename>'));
    put('system', 'os/x.org/x-1.d/a.xml', os('1', '<family>gone</family>'));
    put('local', 'os/x.org/x-1.xml', os('1', '<vendor>local</vendor>'));
    put('user', 'os/x.org/x-1.d/b.xml', os('1', '<distro>added</distro>'));
    const found = open().os('http://x.org/x/1');
    expect(found).toMatchObject({ vendor: 'local', distro: 'added', family: '' });
    expect(found).not.toHaveProperty('codename');
    expect(warnings).toEqual([]);
  });

  it('adds up short ids, in lists too', () => {
    put('system', 'os/x.org/x-1.xml', os('1'));
    put('user', 'os/x.org/x-1.d/b.xml', '<os id="http://x.org/x/1"><short-id>mine</short-id></os>');
    expect(open().os('mine')?.shortIds).toEqual(['x1', 'mine']);
    const env = {
      OSINFO_SYSTEM_DIR: path.join(dir, 'system'),
      OSINFO_USER_DIR: path.join(dir, 'user'),
      OSINFO_LOCAL_DIR: path.join(dir, 'local'),
    };
    const database = openOsinfo({ env, ownData: false });
    expect(listEntities(database, 'os')).toMatchObject([{ 'short-id': 'x1' }]);
    expect(listEntities(database, 'os', { filter: { 'short-id': 'mine' } })).toHaveLength(1);
  });

  it('takes what is well-formed of a file whose media are not', () => {
    put('system', 'os/x.org/x-1.xml', os('1', '\n<media arch="all"><iso></media>'));
    const osinfo = open();
    const found = osinfo.os('http://x.org/x/1');
    expect(found?.name).toBe('X 1');
    expect(found && osinfo.media(found, 'x86_64')).toEqual([]);
    expect(warnings).toEqual([
      '/system/os/x.org/x-1.xml:3: </media> closes <iso>; the file is ignored',
    ]);
  });

  it('finds short ids wherever they are', () => {
    put('system', 'os/x.org/x-1.xml', os('1', '<short-id>other</short-id>'));
    expect(open().os('x1')?.id).toBe('http://x.org/x/1');
    expect(open().os('other')?.shortIds).toEqual(['x1', 'other']);
    expect(open().os('nothing')).toBeUndefined();
  });

  it('tells broken and misplaced files with file and line, and goes on', () => {
    put('system', 'os/x.org/x-1.xml', os('1'));
    put('system', 'os/x.org/x-2.xml', '<os>\n<broken');
    put('system', 'os/x.org/x-3.xml', os('1'));
    put('user', 'os/x.org/x-1.d/b.xml', '<a></b>');
    const osinfo = open();
    expect(osinfo.os('x1')?.name).toBe('X 1');
    expect(osinfo.os('http://x.org/x/2')).toBeUndefined();
    expect(osinfo.os('http://x.org/x/3')).toBeUndefined();
    expect(warnings).toEqual([
      '/user/os/x.org/x-1.d/b.xml:2: </b> closes <a>; the file is ignored',
      '/system/os/x.org/x-2.xml:3: the tag <broken> is not well formed; the file is ignored',
      expect.stringContaining('x-3.xml:1: http://x.org/x/1 belongs into os/x.org/x-1.xml'),
    ]);
  });

  it('inherits devices, resources and firmware as libosinfo does', () => {
    const device = (id: string, more = '') => `<device id="http://d.org/${id}"${more}/>`;
    const of = (version: string, body: string) =>
      put('system', `os/x.org/x-${version}.xml`, os(version, body));
    of(
      '1',
      `<devices>${device('a')}${device('b')}</devices>
      <resources arch="all"><minimum><ram>100</ram><storage>7</storage></minimum></resources>
      <firmware arch="x86_64" type="bios"/><firmware arch="x86_64" type="efi"/>`,
    );
    of(
      '2',
      `<derives-from id="http://x.org/x/1"/><devices>${device('b', ' supported="false"')}${device('c')}</devices>
      <firmware arch="x86_64" type="bios" supported="false"/>`,
    );
    of(
      '3',
      `<clones id="http://x.org/x/2"/><derives-from id="http://x.org/x/9"/>
      <resources arch="all" inherit="true"><minimum><ram>200</ram></minimum></resources>
      <resources arch="x86_64"><minimum><n-cpus>2</n-cpus></minimum></resources>`,
    );
    put(
      'system',
      'device/d.org/c.xml',
      '<device id="http://d.org/c"><name>c</name><class>net</class></device>',
    );
    const osinfo = open();
    const three = osinfo.os('x3');
    if (!three) throw new Error('x3 was not found');
    expect(osinfo.devices(three)).toEqual([
      { id: 'http://d.org/c', name: 'c', class: 'net' },
      { id: 'http://d.org/a' },
    ]);
    expect(osinfo.resources(three, 'x86_64')).toEqual({
      minimum: { arch: 'x86_64', cpus: 2, ram: 200, storage: 7 },
    });
    expect(osinfo.resources(three, 'aarch64').minimum).toEqual({
      arch: 'aarch64',
      ram: 200,
      storage: 7,
    });
    expect(osinfo.firmware(three, 'x86_64', 'bios')).toBe(false);
    expect(osinfo.firmware(three, 'x86_64', 'efi')).toBe(true);
    expect(osinfo.firmware(three, 'aarch64', 'efi')).toBeNull();
    expect(warnings).toEqual([
      'http://x.org/x/3 derives from http://x.org/x/9, which is not defined',
    ]);
  });

  it('knows how systems run on platforms', () => {
    put(
      'system',
      'deployment/x.org/x-1-on-y.xml',
      `<deployment id="http://x.org/x/1/on/y"><os id="http://x.org/x/1"/><platform id="http://y.org/y"/>
      <devices><device id="http://d.org/a"><driver>fast</driver></device></devices></deployment>`,
    );
    const database = openOsinfo({
      env: { OSINFO_SYSTEM_DIR: path.join(dir, 'system') },
      ownData: false,
    });
    expect(database.deployments()).toEqual([database.deployment('http://x.org/x/1/on/y')]);
    expect(database.deployment('http://x.org/x/1/on/y')).toMatchObject({
      os: 'http://x.org/x/1',
      platform: 'http://y.org/y',
      devices: [{ deviceId: 'http://d.org/a', supported: true, driver: 'fast' }],
    });
    expect(database.deployment('http://x.org/x/2/on/y')).toBeUndefined();
  });

  it('does not run in circles', () => {
    put('system', 'os/x.org/x-1.xml', os('1', '<derives-from id="http://x.org/x/2"/>'));
    put('system', 'os/x.org/x-2.xml', os('2', '<derives-from id="http://x.org/x/1"/>'));
    const osinfo = open();
    const one = osinfo.os('x1');
    expect(one && osinfo.devices(one)).toEqual([]);
  });

  it('takes texts in the language of the environment', () => {
    put('system', 'os/x.org/x-1.xml', os('1', '<name xml:lang="de">Das X</name>'));
    const name = (env: Record<string, string>) =>
      open({ env, systemDir: path.join(dir, 'system') }).os('x1')?.name;
    expect(name({})).toBe('X 1');
    expect(name({ LANG: 'de_AT.UTF-8' })).toBe('Das X');
    expect(name({ LANG: 'fr_FR.UTF-8', LANGUAGE: 'nl:de' })).toBe('Das X');
    expect(name({ LC_ALL: 'C', LANG: 'de_DE', LANGUAGE: 'de' })).toBe('X 1');
  });

  it('says what to do when there is no database, and does without it for Debian', () => {
    expect(() => open()).toThrow(
      expect.objectContaining({
        code: 'OZ_OSINFO_MISSING',
        hint: expect.stringContaining('apt-get install osinfo-db'),
      }),
    );
    const osinfo = open({ ownData: true });
    for (const version of ['12', '13']) {
      const debian = osinfo.findForTdl('Debian', version)?.os;
      if (!debian) throw new Error('our own data has no Debian');
      expect(osinfo.devices(debian).map((d) => d.id)).toContain('http://pcisig.com/pci/1af4/1042');
      expect(osinfo.resources(debian, 'x86_64').minimum?.ram).toBe(1024 ** 3);
      expect(osinfo.trees(debian, 'x86_64')[0]?.kernel).toBe(
        'current/images/netboot/debian-installer/amd64/linux',
      );
      expect(osinfo.media(debian, 'i386').length).toBe(version === '12' ? 2 : 0);
      const request = {
        profile: 'jeos',
        source: 'tree',
        config: { 'admin-password': 'x' },
      } as const;
      expect(osinfo.script(debian, request).expectedFilename).toBe('preseed.cfg');
    }
  });
});
