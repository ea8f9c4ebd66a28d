/** A newer database that knows a system by less than our own data: nothing gets lost by it. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { imagesOf, variantsOf } from '../../osinfo/database/os-record.ts';
import { matchMedia, matchTrees } from '../../osinfo/detect/match.ts';
import { loadOsinfo, openOsinfo } from '../../osinfo/index.ts';
import { statedFirmware } from '../../osinfo/model/firmware.ts';
import { showOs } from '../../osinfo/query/show.ts';
import { packageFile } from '../../src/base/package-root.ts';
import { plan } from '../../src/plan/plan.ts';
import { testInput, testTdl } from '../fakes/inputs.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'ozma-fill-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
beforeEach(() => rmSync(dir, { recursive: true, force: true }));

const gib = 2 ** 30;
const mageia = 'http://mageia.org/mageia/9';
const oracle = 'http://oracle.com/ol/9.4';

function put(place: string, id: string, body: string, file = ''): void {
  const name = path.join(
    dir,
    place,
    'os',
    `${id.slice('http://'.length).replace(/\/([^/]+)\/([^/]+)$/, '/$1-$2')}${file || '.xml'}`,
  );
  mkdirSync(path.dirname(name), { recursive: true });
  writeFileSync(name, `<libosinfo version="0.0.1"><os id="${id}">${body}</os></libosinfo>`);
}

const options = {
  env: {},
  systemDir: path.join(dir, 'system'),
  localDir: path.join(dir, 'local'),
  userDir: path.join(dir, 'user'),
};
const open = () => loadOsinfo(options);

function found(id: string) {
  const osinfo = open();
  const os = osinfo.os(id);
  if (!os) throw new Error(`${id} is not found`);
  return { osinfo, os };
}

const isoOf = (volumeId: string) => ({
  volumeId,
  systemId: 'LINUX',
  publisherId: '',
  applicationId: '',
  volumeSize: 0,
  bootable: true,
});

describe('a system that a newer database knows by name only', () => {
  beforeEach(() => put('system', mageia, '<short-id>mageia9</short-id><name>Mageia Nine</name>'));

  it('keeps its script, its resources and its media', () => {
    const { osinfo, os } = found('mageia9');
    expect(os).toMatchObject({ id: mageia, name: 'Mageia Nine', version: '9', distro: 'mageia' });
    expect(osinfo.resources(os, 'x86_64').minimum?.ram).toBe(gib);
    expect(osinfo.media(os, 'x86_64')[0]?.kernel).toBe('isolinux/x86_64/vmlinuz');
    const config = { 'admin-password': 'x' };
    expect(osinfo.script(os, { profile: 'jeos', source: 'media', config }).id).toContain('drakx');
  });

  it('is recognized by its medium, whose pattern only our own file has', () => {
    const matches = matchMedia(openOsinfo(options), isoOf('Mageia-9-x86_64'));
    expect(matches.map(({ os }) => os.id)).toEqual([mageia]);
  });

  it('is planned as it was before', () => {
    const input = testInput({
      osinfo: open(),
      tdl: testTdl({
        distro: 'Mageia',
        version: '9',
        install: { type: 'iso', url: 'http://x/m.iso', extras: [] },
      }),
    });
    expect(plan(input).install.answer.text).not.toBe('');
  });
});

it('takes what the database states, kind by kind and value by value', () => {
  put(
    'system',
    mageia,
    `<name>Mageia 9</name><derives-from id="http://mageia.org/mageia/7"/>
    <media arch="x86_64"><iso><volume-id>Mageia-9(.1)?-x86_64</volume-id></iso>
      <kernel>boot/vmlinuz</kernel><initrd>boot/all.rdz</initrd></media>
    <resources arch="all"><minimum><ram>${gib / 2}</ram></minimum></resources>`,
  );
  const { osinfo, os } = found(mageia);
  expect(osinfo.resources(os, 'x86_64').minimum).toEqual({
    arch: 'x86_64',
    ram: gib / 2,
    storage: 5 * gib,
  });
  expect(osinfo.media(os, 'x86_64').map(({ kernel }) => kernel)).toEqual([
    'boot/vmlinuz',
    'isolinux/x86_64/vmlinuz',
  ]);
  expect(osinfo.media(os, 'i386').map(({ kernel }) => kernel)).toEqual(['isolinux/i586/vmlinuz']);
  const database = openOsinfo(options);
  expect(database.os(mageia)?.derivesFrom).toEqual(['http://mageia.org/mageia/7']);
  const matches = matchMedia(database, isoOf('Mageia-9-x86_64'));
  expect(matches.map(({ source }) => source.params.get('kernel'))).toEqual([['boot/vmlinuz']]);
});

it('does not let a size for one architecture undercut what the database says for all', () => {
  put(
    'system',
    oracle,
    `<resources arch="all"><minimum><ram>${4 * gib}</ram></minimum></resources>`,
  );
  const { osinfo, os } = found(oracle);
  expect(osinfo.resources(os, 'aarch64').minimum?.ram).toBe(4 * gib);
  expect(osinfo.resources(os, 'aarch64').minimum?.storage).toBeGreaterThan(gib);
  expect(osinfo.resources(os, 'x86_64').networkInstall?.ram).toBe(3 * gib);
});

it('tells what starts the installer of a tree that the database names without it', () => {
  put(
    'system',
    oracle,
    '<tree arch="x86_64"><treeinfo><family>Oracle Linux</family><version>^9.4$</version></treeinfo></tree>',
  );
  const { osinfo, os } = found(oracle);
  expect(osinfo.trees(os, 'x86_64')[0]).toMatchObject({
    kernel: 'images/pxeboot/vmlinuz',
    initrd: 'images/pxeboot/initrd.img',
  });
  const tree = { family: 'Oracle Linux', version: '9.4', arch: 'x86_64', variant: undefined };
  expect(matchTrees(openOsinfo(options), tree).map(({ os: one }) => one.id)).toEqual([oracle]);
});

it('leaves a script alone that the database has for the profile, and adds the other one', () => {
  const script = (id: string, profile: string) => {
    const name = path.join(dir, 'system', 'install-script', 'x.org', `${id}.xml`);
    mkdirSync(path.dirname(name), { recursive: true });
    writeFileSync(
      name,
      `<libosinfo version="0.0.1"><install-script id="http://x.org/${id}"><profile>${profile}</profile></install-script></libosinfo>`,
    );
  };
  script('jeos', 'jeos');
  script('desktop', 'desktop');
  const scripts = (id: string): unknown[] => {
    put('system', mageia, `<installer><script id="http://x.org/${id}"/></installer>`);
    const database = openOsinfo(options);
    const os = database.os(mageia);
    return os ? showOs(database, os).scripts.map((one) => one.id) : [];
  };
  expect(scripts('jeos')).toEqual(['http://x.org/jeos']);
  expect(scripts('desktop')).toEqual(['http://x.org/desktop', 'http://mandriva.com/drakx/jeos']);
});

it('adds no device that the database says is not supported, and no firmware', () => {
  const id = 'http://freebsd.org/freebsd/13.2';
  const ids = (): string[] => {
    const { osinfo, os } = found(id);
    return osinfo.devices(os).map((one) => one.id);
  };
  put('system', id, '<name>FreeBSD</name>');
  const before = ids();
  expect(before.length).toBeGreaterThan(1);
  put(
    'system',
    id,
    `<devices><device id="${before[0]}" supported="false"/></devices>
    <firmware arch="x86_64" type="bios" supported="false"/>`,
  );
  expect(ids()).toEqual(before.slice(1));
  const { osinfo, os } = found(id);
  expect(osinfo.firmware(os, 'x86_64', 'bios')).toBe(false);
  expect(osinfo.firmware(os, 'x86_64', 'efi')).toBe(true);
  // ours marks none, but the database may say of more than we do
  put('system', id, `<devices><device id="http://x.org/new"/></devices>`);
  expect(ids()).toEqual(['http://x.org/new', ...before]);
});

it("lets the administrator's and the user's files go before all of it", () => {
  put('system', mageia, '<name>System</name>');
  put(
    'local',
    mageia,
    '<name>Local</name><resources arch="all"><minimum><ram>7</ram></minimum></resources>',
  );
  put('user', mageia, '<codename>mine</codename>', '.d/x.xml');
  const { osinfo, os } = found(mageia);
  expect(os).toMatchObject({ name: 'Local', codename: 'mine' });
  expect(osinfo.resources(os, 'x86_64').minimum).toMatchObject({ ram: 7, storage: 5 * gib });
});

it('does without an entry of the database that is broken', () => {
  put('system', mageia, '<broken>');
  const { osinfo, os } = found('mageia9');
  expect([os.name, osinfo.media(os, 'x86_64').length]).toEqual(['Mageia 9', 1]);
});

it('every entry of ours is worth the same beside one that states nothing', () => {
  const own = loadOsinfo({ ...options, systemDir: '/nonexistent' });
  const ownDatabase = openOsinfo({ ...options, systemDir: '/nonexistent' });
  const ids = ownDatabase.oses().map(({ id }) => id);
  const plain = (sources: object[]) =>
    sources.map((source) => ({ ...source, id: '', filling: '' }));
  const files = readdirSync(packageFile('osinfo', 'data', 'os'), {
    recursive: true,
    encoding: 'utf8',
  });
  expect(ids.length).toBeGreaterThanOrEqual(files.filter((name) => name.endsWith('.xml')).length);
  for (const id of ids) put('system', id, '<vendor>X</vendor>');
  const filled = open();
  const filledDatabase = openOsinfo(options);
  for (const id of ids) {
    const [before, after] = [own.os(id), filled.os(id)];
    if (!before || !after) throw new Error(`${id} is not found`);
    expect({ ...after, vendor: '' }).toEqual({ ...before, vendor: '' });
    for (const arch of ['x86_64', 'aarch64', 'i386']) {
      expect(filled.resources(after, arch)).toEqual(own.resources(before, arch));
      expect(plain(filled.media(after, arch))).toEqual(plain(own.media(before, arch)));
      expect(plain(filled.trees(after, arch))).toEqual(plain(own.trees(before, arch)));
      expect(filled.firmware(after, arch, 'efi')).toBe(own.firmware(before, arch, 'efi'));
    }
    expect(filled.devices(after)).toEqual(own.devices(before));
    const [record, whole] = [filledDatabase.os(id), ownDatabase.os(id)];
    if (!record || !whole) throw new Error(`${id} is not found`);
    for (const [one, all] of [
      [variantsOf(record, []), variantsOf(whole, [])],
      [imagesOf(record, []), imagesOf(whole, [])],
      [statedFirmware([record]), statedFirmware([whole])],
    ]) {
      expect(plain(one ?? [])).toEqual(plain(all ?? []));
    }
  }
});
