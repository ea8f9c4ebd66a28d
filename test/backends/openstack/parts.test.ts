/** The parts of the OpenStack backend that need no cloud. */
import { execFileSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, describe, expect, it } from 'vitest';
import type { Hardware } from '../../../backends/backend.ts';
import { blankDisk, wrapFile } from '../../../backends/openstack/blank-disk.ts';
import { consoleLog, growth } from '../../../backends/openstack/console-growth.ts';
import { socketUrl } from '../../../backends/openstack/console-pipe.ts';
import { diskRef, inGib, parseDiskRef } from '../../../backends/openstack/disk-ref.ts';
import { chooseFlavor } from '../../../backends/openstack/flavor.ts';
import {
  cdromBusOf,
  checkHardware,
  hardwareProperties,
} from '../../../backends/openstack/hardware-properties.ts';
import { isAlive, thisMaker } from '../../../backends/openstack/maker.ts';
import { mediumKind } from '../../../backends/openstack/medium-kind.ts';
import { chooseNetwork, findNetwork, sshWay } from '../../../backends/openstack/network.ts';
import { resultProperties, withoutTraces } from '../../../backends/openstack/result.ts';
import type {
  Flavor,
  Network,
  Neutron,
  SecurityGroup,
} from '../../../backends/openstack/services/types.ts';
import { readOpenstackSettings } from '../../../backends/openstack/settings.ts';
import { hardware } from '../../fakes/specs.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'ozma-parts-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const gib = 1024 ** 3;

describe('settings', () => {
  it('has a default for everything', () => {
    expect(readOpenstackSettings()).toMatchObject({
      flavor: null,
      strategy: 'auto',
      result: 'glance',
      webDownload: true,
      ...{ tpm: false, secureBoot: false },
      timeouts: { server: 900_000, volume: 900_000, image: 3_600_000 },
    });
  });

  it('reads what oz.cfg says', () => {
    const settings = readOpenstackSettings({
      security_groups: 'ssh, web servers,',
      bastion: 'me@jump.example:2222',
      image_properties: 'team=a b, url=http://x/?y=1',
      web_download: 'no',
      ...{ tpm: 'yes', secure_boot: 'yes' },
      image_timeout: '60',
    });
    expect(settings).toMatchObject({
      securityGroups: ['ssh', 'web servers'],
      bastion: { user: 'me', host: 'jump.example', port: 2222 },
      imageProperties: { team: 'a b', url: 'http://x/?y=1' },
      webDownload: false,
      ...{ tpm: true, secureBoot: true },
      timeouts: { image: 60_000 },
    });
    expect(readOpenstackSettings({ bastion: 'me@[2001:db8::1]' }).bastion).toEqual({
      user: 'me',
      host: '2001:db8::1',
      port: 22,
    });
  });

  it.each([
    ['min_ram', 'much', /Cannot use min_ram in section \[openstack\] of \/etc\/oz\.cfg/],
    ['strategy', 'magic', /"magic" is not known/],
    ['bastion', 'jump.example', /names no user and host/],
    ['image_properties', 'team=a, protected=true', /protected is a field of Glance's own/],
    ['image_properties', 'os_glance_x=1', /os_glance_x is a field of Glance's own/],
    ['image_properties', 'a', /"a" is no name=value/],
    ['web_download', 'maybe', /neither yes nor no/],
    ['tpm', '2.0', /"2\.0" is neither yes nor no/],
    ['secure_boot', 'required', /neither yes nor no/],
  ])('refuses %s = %s', (key, value, message) => {
    expect(() => readOpenstackSettings({ [key]: value }, '/etc/oz.cfg')).toThrow(message);
  });
});

describe('blank disks', () => {
  it.each([1, 10, 2000, 20_000])('of %i GiB are sound qcow2 images', (size) => {
    const file = path.join(dir, 'blank.qcow2');
    writeFileSync(file, blankDisk(size * gib));
    execFileSync('qemu-img', ['check', '-q', '-f', 'qcow2', file]);
    const info = JSON.parse(
      execFileSync('qemu-img', ['info', '--output=json', file], { encoding: 'utf8' }),
    ) as Record<string, unknown>;
    expect(info).toMatchObject({ format: 'qcow2', 'virtual-size': size * gib });
  });

  it.each([512, 65536, 1474560, 3 * 1024 * 1024 + 17])('wrap a file of %i bytes', async (size) => {
    const [plain, wrapped] = [path.join(dir, 'plain.img'), path.join(dir, 'wrapped.qcow2')];
    const bytes = Buffer.from(Array.from({ length: size }, (_, i) => (i * 7919) & 0xff));
    writeFileSync(plain, bytes);
    const file = await wrapFile(plain);
    await pipeline(file.open(), createWriteStream(wrapped));
    expect(readFileSync(wrapped)).toHaveLength(file.size);
    execFileSync('qemu-img', ['check', '-q', '-f', 'qcow2', wrapped]);
    writeFileSync(plain, Buffer.concat([bytes, Buffer.alloc((512 - (size % 512)) % 512)]));
    execFileSync('qemu-img', ['compare', '-q', '-f', 'raw', '-F', 'qcow2', plain, wrapped]);
  });
});

describe('media', () => {
  const kindOf = (bytes: Buffer, role: 'kernel' | 'initrd' | 'answer' = 'answer') => {
    const file = path.join(dir, 'medium');
    writeFileSync(file, bytes);
    return mediumKind({ role, path: file, label: 'x' });
  };
  const fat = (mediaByte: number) => {
    const bytes = Buffer.alloc(1474560);
    bytes.writeUInt16LE(0xaa55, 510);
    bytes[21] = mediaByte;
    return bytes;
  };
  const iso = Buffer.alloc(40_000);
  iso.write('CD001', 32769);

  it('are of the formats that a strict Glance takes', async () => {
    expect(await kindOf(fat(0), 'kernel')).toMatchObject({
      diskFormat: 'aki',
      containerFormat: 'aki',
    });
    expect(await kindOf(fat(0), 'initrd')).toMatchObject({
      diskFormat: 'ari',
      containerFormat: 'ari',
    });
    expect(await kindOf(iso)).toEqual({
      diskFormat: 'iso',
      containerFormat: 'bare',
      wrapped: false,
    });
    expect(await kindOf(fat(0xf0))).toMatchObject({ diskFormat: 'qcow2', wrapped: true });
    expect(await kindOf(fat(0xf8))).toMatchObject({ diskFormat: 'raw', wrapped: false });
    expect(await kindOf(Buffer.from('tiny'))).toMatchObject({ diskFormat: 'raw' });
  });
});

describe('the console', () => {
  it('tells what is new, whatever part of the log is shown', () => {
    const long = Array.from({ length: 900 }, (_, i) => `line ${i}\n`).join('');
    expect(growth('', 'a')).toBe('a');
    expect(growth('abc', 'abcdef')).toBe('def');
    expect(growth(long, long)).toBe('');
    expect(growth(long, `${long.slice(1000)}new\n`)).toBe('new\n');
    expect(growth(long, 'another log\n')).toBe('another log\n');
  });

  it('is written to its file as it grows', async () => {
    const file = path.join(dir, 'made', 'console.log');
    const log = consoleLog(file);
    expect(await log.take('one\n')).toBe(true);
    expect(await log.take('one\ntwo\n')).toBe(true);
    expect(await log.take('one\ntwo\n')).toBe(false);
    log.begin();
    await log.take('one\n');
    expect(readFileSync(file, 'utf8')).toBe('one\ntwo\none\n');
    expect(log.read(4)).toEqual({ size: 12, tail: 'one\n' });
    expect(log.read(0).tail).toBe('');
  });
});

const flavor = (name: string, ram: number, vcpus: number, disk: number): Flavor => ({
  ...{ id: `id-${name}`, name, ram, vcpus, disk, ephemeral: 0, swap: 0 },
  ...{ isPublic: true, disabled: false, extraSpecs: {} },
});
const flavors = [
  flavor('large', 8192, 8, 80),
  flavor('nodisk', 2048, 2, 0),
  flavor('small', 2048, 1, 20),
  flavor('tiny', 512, 1, 1),
];
const free = { flavor: null, minVcpus: null, minRam: null, minDisk: null };

describe('flavors', () => {
  const choose = (asked: Partial<typeof free> | { flavor: string }, disk = 10) =>
    chooseFlavor(flavors, { ...free, ...asked }, { memory: 1024, cpus: 2, disk }).name;

  it('are the smallest that fit', () => {
    expect(choose({})).toBe('large'); // the only one with two processors and a disk
    expect(choose({}, 0)).toBe('nodisk');
    const scratch = { ...flavor('scratch', 1024, 2, 10), ephemeral: 4 };
    const gpu = {
      ...flavor('gpu', 1024, 2, 10),
      extraSpecs: { 'pci_passthrough:alias': 'gpu:1' },
    };
    const needs = { memory: 1024, cpus: 2, disk: 10 };
    expect(chooseFlavor([scratch, gpu, ...flavors], free, needs).name).toBe('large');
    expect(chooseFlavor([scratch], free, needs).name).toBe('scratch');
    const trusted = { ...flavor('trusted', 1024, 2, 10), extraSpecs: { 'hw:tpm_version': '1.2' } };
    const signed = { ...trusted, extraSpecs: { 'os:secure_boot': 'disabled' } };
    expect(chooseFlavor([trusted, signed, ...flavors], free, needs).name).toBe('large');
    expect(chooseFlavor(flavors, free, { memory: 256, cpus: 16, disk: 1 }).name).toBe('tiny');
  });

  it('are what oz.cfg says', () => {
    expect(choose({ flavor: 'small' })).toBe('small');
    expect(choose({ flavor: 'id-small' })).toBe('small');
    expect(() => choose({ flavor: 'smal' })).toThrow(/Cannot use flavor smal: there is none/);
    expect(() => choose({ flavor: 'tiny' })).toThrow(/smaller than the 10 GiB/);
  });

  it('are refused when none fits', () => {
    expect(() => chooseFlavor(flavors, free, { memory: 99_999, cpus: 1, disk: 10 })).toThrow(
      /none has 99999 MiB of memory, 10 GiB of root disk/,
    );
  });
});

const network = (name: string, more: Partial<Network> = {}): Network => ({
  ...{ id: `id-${name}`, name, status: 'ACTIVE', adminStateUp: true, shared: false },
  ...{ external: false, projectId: 'ours', subnetIds: ['s'], mtu: null, portSecurity: true },
  ...more,
});
const group = (name: string, rules: Partial<SecurityGroup['rules'][0]>[]): SecurityGroup => ({
  ...{ id: `id-${name}`, name, projectId: 'ours' },
  rules: rules.map((rule) => ({
    ...{ direction: 'ingress', version: 4, protocol: 'tcp', portMin: null, portMax: null },
    ...{ remotePrefix: null, remoteGroupId: null },
    ...rule,
  })),
});

describe('networks', () => {
  const shared = network('net', { shared: true, projectId: 'theirs' });
  it('are chosen only when there is no doubt', () => {
    expect(chooseNetwork([shared], null, 'ours').name).toBe('net');
    expect(chooseNetwork([shared, network('mine')], null, 'ours').name).toBe('mine');
    expect(chooseNetwork([shared, network('mine')], 'net', 'ours').name).toBe('net');
    expect(() => chooseNetwork([network('a'), network('b')], null, 'ours')).toThrow(/there are 2/);
    expect(() => chooseNetwork([network('a')], 'c', 'ours')).toThrow(/none called c/);
    expect(() => chooseNetwork([], null, 'ours')).toThrow(/none with a subnet/);
    const theirs = network('theirs', { projectId: 'another' });
    expect(() => chooseNetwork([theirs], null, 'ours')).toThrow(/none with a subnet/);
    const outside = network('outside', { external: true, projectId: 'another' });
    expect(chooseNetwork([theirs, outside], null, 'ours').name).toBe('outside');
  });

  const found = { network: network('mine'), subnets: [], hostAddress: '192.0.2.1', hostGroups: [] };
  const open = [group('default', [{ portMin: 22, portMax: 22 }])];
  const none = { bastion: null, floatingIpPool: null, securityGroups: [] };
  it('know the groups of this machine where it is a server of the cloud', async () => {
    const subnets = [{ version: 4, cidr: '192.0.2.0/24', gateway: '192.0.2.254' }];
    const ports = [{ mac: 'FA:16:3E:00:00:01', securityGroupIds: ['itself'] }];
    const neutron = {
      networks: async () => [network('mine')],
      subnets: async () => subnets,
      ports: async () => ports,
    } as unknown as Neutron;
    const own = (mac: string) => [{ address: '192.0.2.1', mac }];
    const of = (mac: string) =>
      findNetwork({ neutron, projectId: 'ours' }, { network: null }, own(mac));
    expect(await of('fa:16:3e:00:00:01')).toMatchObject({
      hostAddress: '192.0.2.1',
      hostGroups: ['itself'],
    });
    expect(await of('fa:16:3e:00:00:02')).toMatchObject({ hostAddress: null, hostGroups: [] });
  });

  it('say how SSH gets in', () => {
    const way = (more: Partial<Parameters<typeof sshWay>[0]>) =>
      sshWay({
        ...{ found, groups: open, external: [], floatingIpsLeft: 1, settings: none },
        ...more,
      });
    expect(way({})).toMatchObject({ kind: 'fixed' });
    expect(way({ found: null })).toMatchObject({ kind: 'none' });
    expect(way({ groups: null })).toMatchObject({ kind: 'fixed' });
    expect(way({ found: { ...found, hostAddress: null } })).toMatchObject({ kind: 'none' });
    const closed = [group('default', [{ remoteGroupId: 'itself', protocol: null }])];
    expect(way({ groups: closed })).toMatchObject({
      kind: 'none',
      reason: 'security group default lets no SSH in',
    });
    const bastion = { user: 'me', host: 'jump', port: 22 };
    expect(way({ settings: { ...none, bastion } })).toMatchObject({ kind: 'bastion' });
    // The bastion may well be a server of that group.
    expect(way({ settings: { ...none, bastion }, groups: closed })).toMatchObject({
      kind: 'bastion',
    });
    expect(way({ settings: { ...none, bastion }, groups: [group('default', [])] })).toMatchObject({
      kind: 'none',
    });
    // So may this machine.
    const inside = { ...found, hostGroups: ['itself'] };
    expect(way({ found: inside, groups: closed })).toMatchObject({ kind: 'fixed' });
    const pool = network('public', { external: true });
    const settings = { ...none, floatingIpPool: 'public' };
    expect(way({ settings, external: [pool] })).toMatchObject({
      kind: 'floating',
      poolId: 'id-public',
    });
    expect(way({ found: inside, groups: closed, settings, external: [pool] })).toMatchObject({
      kind: 'none',
    });
    expect(way({ settings, external: [pool], floatingIpsLeft: 0 })).toEqual({
      ...{ kind: 'floating', poolId: 'id-public', full: true },
      reason: 'the quota has room for no more floating IPs',
    });
    expect(() => way({ settings })).toThrow(/no such external network/);
    expect(() => way({ settings: { ...none, securityGroups: ['web'] } })).toThrow(
      /Cannot use security group web/,
    );
  });
});

describe('hardware', () => {
  it('becomes image properties', () => {
    expect(hardwareProperties(hardware)).toEqual({
      hw_architecture: 'x86_64',
      hw_disk_bus: 'virtio',
      hw_vif_model: 'virtio',
      hw_video_model: 'vga',
    });
    expect(
      hardwareProperties({
        ...hardware,
        ...{ arch: 'i386', machine: 'q35', firmware: 'efi', secureBoot: true, tpm: true },
        ...{ diskBus: 'scsi', cdromBus: 'sata', clock: 'localtime' },
        input: { type: 'tablet', bus: 'usb' },
      }),
    ).toEqual({
      ...{ hw_architecture: 'i686', hw_machine_type: 'q35', hw_firmware_type: 'uefi' },
      ...{ os_secure_boot: 'required', hw_tpm_version: '2.0' },
      ...{ hw_disk_bus: 'scsi', hw_scsi_model: 'virtio-scsi', hw_cdrom_bus: 'sata' },
      ...{ hw_vif_model: 'virtio', hw_video_model: 'vga', hw_pointer_model: 'usbtablet' },
      os_type: 'windows',
    });
  });

  it('asks for no tablet where there is no USB', () => {
    const tablet = { ...hardware, input: { type: 'tablet', bus: 'usb' } } as const;
    const pointer = (arch: Hardware['arch']) =>
      hardwareProperties({ ...tablet, arch }).hw_pointer_model;
    expect([pointer('aarch64'), pointer('s390x')]).toEqual(['usbtablet', undefined]);
  });

  it('leaves the bus of a CD to Nova unless the machine is known to have IDE', () => {
    expect(cdromBusOf(hardware)).toBeUndefined();
    expect(cdromBusOf({ ...hardware, machine: 'pc' })).toBe('ide');
    expect(cdromBusOf({ ...hardware, diskBus: 'ide' })).toBe('ide');
    expect(cdromBusOf({ ...hardware, machine: 'q35' })).toBeUndefined();
    expect(cdromBusOf({ ...hardware, cdromBus: 'sata' })).toBe('sata');
  });

  it('is refused where Nova has no such thing', () => {
    expect(() => checkHardware({ ...hardware, nicModel: 'foo' })).toThrow(/network card foo/);
    expect(() => checkHardware({ ...hardware, video: 'foo' })).toThrow(/screen foo/);
    expect(() => checkHardware({ ...hardware, mac: '52:54:00:00:00:01' })).toThrow(/MAC address/);
    expect(() => checkHardware(hardware)).not.toThrow();
  });
});

it('scrubs what the making of an image left', () => {
  const changes = withoutTraces({
    ...{ kernel_id: 'k', hw_rescue_bus: 'ide', owner_user_name: 'u', ozma_tag: 't' },
    ...{ os_glance_importing_to_stores: '', hw_qemu_guest_agent: 'yes', team: 'a' },
  });
  expect(changes).toEqual({
    ...{ kernel_id: null, hw_rescue_bus: null, owner_user_name: null, ozma_tag: null },
  });
});

it('keeps what a result needs to start, and asks for it', () => {
  const kept = { os_secure_boot: 'required', hw_tpm_version: '2.0', hw_firmware_type: 'uefi' };
  expect(withoutTraces(kept)).toEqual({});
  const result = (change: Partial<Hardware>) =>
    resultProperties(
      {
        name: 'web',
        os: { distro: 'win', version: '11', type: 'windows' },
        hardware: { ...hardware, ...change },
        minDisk: gib,
        minRam: 4096,
      },
      {},
    );
  expect(result({ machine: 'q35', firmware: 'efi', secureBoot: true, tpm: true })).toMatchObject({
    ...kept,
    hw_machine_type: 'q35',
  });
  expect(Object.keys(result({})).filter((name) => /tpm|secure/.test(name))).toEqual([]);
});

it.each([
  ['debian', 'linux', { os_distro: 'debian', os_type: 'linux' }],
  ['archlinux', 'linux', { os_distro: 'arch', os_type: 'linux' }],
  ['win', 'windows', { os_distro: 'windows', os_type: 'windows' }],
  // Nova answers "Field value freebsd is invalid".
  ['freebsd', 'freebsd', { os_distro: 'freebsd' }],
] as const)('calls %s as Glance and Nova do', (distro, type, expected) => {
  const os = { distro, version: '1', type };
  const result = resultProperties({ name: 'web', os, hardware, minDisk: gib, minRam: 1 }, {});
  const { os_distro, os_type } = result;
  expect({ os_distro, ...(os_type === undefined ? {} : { os_type }) }).toEqual(expected);
});

it('names disks', () => {
  expect(parseDiskRef(diskRef({ kind: 'volume', id: 'a-1' }))).toEqual({
    kind: 'volume',
    id: 'a-1',
  });
  expect(() => parseDiskRef('/tmp/disk')).toThrow(/it is not in the cloud/);
  expect([inGib(1), inGib(gib), inGib(gib + 1)]).toEqual([1, 1, 2]);
});

it('knows whether the maker of an image lives', () => {
  expect(isAlive(thisMaker())).toBe(true);
  expect(isAlive(thisMaker().replace(/:\d*$/, ':1'))).toBe(false);
  expect(isAlive('elsewhere.example:1:1')).toBeNull();
  expect(isAlive(undefined)).toBeNull();
});

it.each([
  ['http://c:6080/vnc_auto.html?path=%3Ftoken%3Dabc', 'ws://c:6080/?token=abc'],
  ['https://c/vnc_lite.html?path=websockify%3Ftoken%3Dabc', 'wss://c/websockify?token=abc'],
  ['http://c:6080/vnc_auto.html?token=abc', 'ws://c:6080/websockify?token=abc'],
])('finds the socket of %s', (page, socket) => {
  expect(socketUrl(page).href).toBe(socket);
});
