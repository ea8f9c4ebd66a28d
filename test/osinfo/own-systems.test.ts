/** What our data says about systems: complete, and true to media as they are published. */
import { describe, expect, it } from 'vitest';
import { param } from '../../osinfo/database/entity.ts';
import { mediaOf, treesOf } from '../../osinfo/database/os-record.ts';
import { elements, textOf } from '../../osinfo/xml/parse.ts';
import { database, osinfo, recordParam, systems } from './answers/all.ts';

/** Older than virtio and than any EFI; the machine they get is checked in test/plan/oz-systems.test.ts. */
const isClassic = (shortId: string) =>
  /^(centos[34]|scientificlinux[34]|rhl7|rhl7\.2|rhel2\.1|rhel4\.8|rhel5\.4|opensuse11\.0|fedora9|ubuntu8\.(04|10))$/.test(
    shortId,
  );

/** We add devices to these alone; their families name the script. */
const devicesOnly = ['rhel4.8', 'rhel5.4', 'opensuse11.0'];

const date = /^\d{4}-\d{2}-\d{2}$/;

describe.each(systems.map((os) => [os.shortId, os] as const))('%s', (_, os) => {
  it('refers to systems that are known, and its scripts are', () => {
    const record = database.os(os.id);
    if (!record) throw new Error(os.id);
    const named = [...record.derivesFrom, ...record.clones, ...record.upgrades];
    for (const id of named) expect([id, database.os(id)?.id]).toEqual([id, id]);
    if (devicesOnly.includes(os.shortId)) return;
    expect(() =>
      osinfo.script(os, { profile: 'jeos', source: 'media', config: { 'admin-password': 'x' } }),
    ).not.toThrow();
  });

  it('is called the same in all its files', () => {
    for (const name of ['name', 'vendor']) {
      const texts = database
        .os(os.id)
        ?.parts.flatMap((part) => elements(part, name).map(textOf).slice(0, 1));
      expect([name, new Set(texts).size]).toEqual([name, 1]);
    }
  });

  it('can be given a machine', () => {
    if (isClassic(os.shortId)) {
      const nics = osinfo
        .devices(os)
        .filter(({ class: kind }) => kind === 'net' || kind === 'block');
      return expect(nics.length || osinfo.resources(os, 'i386').minimum?.ram).toBeGreaterThan(0);
    }
    const { minimum, recommended } = osinfo.resources(os, 'x86_64');
    const size = recommended ?? minimum;
    expect(minimum?.ram ?? 0).toBeGreaterThanOrEqual(128 * 1024 * 1024);
    expect(size?.ram ?? 2 ** 30).toBeGreaterThanOrEqual(minimum?.ram ?? 0);
    const names = osinfo.devices(os).map((device) => device.name ?? '');
    if (os.family === 'linux') expect(names.join(' ')).toMatch(/virtio(1\.0)?-block/);
    expect(names.length).toBeGreaterThan(os.family === 'winnt' ? 2 : 5);
    expect(osinfo.firmware(os, 'x86_64', 'efi') ?? os.shortId).not.toBe(false);
  });

  it('has dates, and media that are recognized', () => {
    for (const name of ['release-date', 'eol-date']) {
      const text = recordParam(os, name);
      if (text !== undefined) expect(text).toMatch(date);
    }
    const record = database.os(os.id);
    if (!record) throw new Error(os.id);
    for (const { params } of [...mediaOf(record, []), ...treesOf(record, [])]) {
      for (const name of [
        'volume-id',
        'system-id',
        'publisher-id',
        'application-id',
        'treeinfo-version',
        'treeinfo-family',
      ]) {
        expect(() => new RegExp(param(params, name) ?? '')).not.toThrow();
      }
    }
  });
});

/** Volume ids of published media, and whose they are. */
const published: [volume: string, shortId: string, arch: string][] = [
  ['Fedora-S-dvd-x86_64-44', 'fedora44', 'x86_64'],
  ['Fedora-E-dvd-aarch64-42', 'fedora42', 'aarch64'],
  ['RHEL-9-4-0-BaseOS-x86_64', 'rhel9.4', 'x86_64'],
  ['RHEL-8-10-0-BaseOS-x86_64', 'rhel8.10', 'x86_64'],
  ['RHEL-10-0-BaseOS-x86_64', 'rhel10.0', 'x86_64'],
  ['RHEL-10-1-BaseOS-aarch64', 'rhel10.1', 'aarch64'],
  ['CentOS-Stream-10-BaseOS-x86_64', 'centos-stream10', 'x86_64'],
  ['AlmaLinux-10-0-x86_64-dvd', 'almalinux10', 'x86_64'],
  ['Rocky-10-0-x86_64-dvd', 'rocky10', 'x86_64'],
  ['OL-9-4-0-BaseOS-x86_64', 'ol9.4', 'x86_64'],
  ['OL-8-10-0-BaseOS-aarch64', 'ol8.10', 'aarch64'],
  ['Ubuntu-Server 24.04.1 LTS amd64', 'ubuntu24.04', 'x86_64'],
  ['Ubuntu-Server 24.04 LTS arm64', 'ubuntu24.04', 'aarch64'],
  ['Ubuntu 25.10 amd64', 'ubuntu25.10', 'x86_64'],
  ['Ubuntu-Server 26.04 amd64', 'ubuntu26.04', 'x86_64'],
  ['openSUSE-Leap-15.6-DVD-x86_64710', 'opensuse15.6', 'x86_64'],
  ['openSUSE-Leap-15.5-NET-x86_64491', 'opensuse15.5', 'x86_64'],
  ['Install-Leap-16.0-x86_64', 'opensuse16.0', 'x86_64'],
  ['SLE-15-SP6-Full-x86_64144.1.1', 'sle15sp6', 'x86_64'],
  ['Install-SUSE-SLE-16-x86_64', 'sles16.0', 'x86_64'],
  ['SSS_X64FREE_EN-US_DV9', 'win2k25', 'x86_64'],
  ['14_3_RELEASE_AMD64_DVD', 'freebsd14.3', 'x86_64'],
  ['15_0_RELEASE_AARCH64_CD', 'freebsd15.0', 'aarch64'],
  ['alpine-virt 3.22.1 x86_64', 'alpinelinux3.22', 'x86_64'],
  ['alpine-std 3.20.3 aarch64', 'alpinelinux3.20', 'aarch64'],
];

describe('volume ids of published media', () => {
  const own = systems.filter((os) => !/^(win(10|11|2k16|2k19|2k22)|archlinux)$/.test(os.shortId));

  it.each(published)('%s is %s for %s', (volume, shortId, arch) => {
    const matches = own.flatMap((os) => {
      const record = database.os(os.id);
      const media = record ? mediaOf(record, []) : [];
      return media
        .filter(({ params }) => new RegExp(`^(?:${param(params, 'volume-id')})`).test(volume))
        .map(({ params }) => `${os.shortId} ${param(params, 'architecture')}`);
    });
    // a release that has no entry of its own is taken for one of its series
    const named = matches.filter((match) => !match.includes('unknown'));
    expect(new Set(named)).toEqual(new Set([`${shortId} ${arch}`]));
  });
});

describe('the names that TDLs give', () => {
  it.each([
    ['Fedora', '44', 'fedora44'],
    ['RHEL', '10', 'rhel10.0'],
    ['RHEL-10', '2', 'rhel10.2'],
    ['CentOS', '10', 'centos-stream10'],
    ['AlmaLinux', '10', 'almalinux10'],
    ['Rocky', '10', 'rocky10'],
    ['OracleLinux', '10', 'ol10.0'],
    ['Ubuntu', '24.04.2', 'ubuntu24.04'],
    ['OpenSUSE', '16.0', 'opensuse16.0'],
    ['OpenSUSE', '16', 'opensuse16.0'],
    ['SLES', '15', 'sle15'],
    ['SLES', '15SP7', 'sle15sp7'],
    ['SLES', '16', 'sles16.0'],
    ['Windows', '11', 'win11'],
    ['Windows', '2025', 'win2k25'],
    ['FreeBSD', '15', 'freebsd15.0'],
    ['Alpine', '3.24', 'alpinelinux3.24'],
    ['Arch', 'latest', 'archlinux'],
  ])('%s %s is %s', (distro, version, shortId) => {
    const found = osinfo.findForTdl(distro, version);
    expect([found?.os.shortId, found?.match]).toEqual([shortId, 'exact']);
  });

  it('takes the newest that is known for one to come', () => {
    const found = osinfo.findForTdl('Fedora', '60');
    expect([found?.os.shortId, found?.match]).toEqual(['fedora44', 'newest-known']);
  });
});
