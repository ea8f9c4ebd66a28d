import { describe, expect, it } from 'vitest';
import type { GuestSpec, Published } from '../../backends/backend.ts';
import { finishedXml } from '../../backends/libvirt/domain-xml.ts';
import { namePublished, readDomainXml } from '../../src/plan/existing-guest.ts';
import { planExisting } from '../../src/plan/plan-existing.ts';
import { testCapabilities, testConfig, testInput, testTdl } from '../fakes/inputs.ts';

const published: Published = {
  id: '9b1f2c1e-0000-4000-8000-000000000001',
  name: 'web & <co>',
  at: 'dev/demo',
  size: 5,
  digest: { algorithm: 'sha512', value: 'abc' },
  userData: true,
};

const spec = (change: Partial<GuestSpec> = {}): GuestSpec => ({
  name: 'web',
  uuid: '00000000-0000-4000-8000-000000000001',
  hardware: {
    arch: 'x86_64',
    firmware: 'bios',
    memory: 512,
    cpus: 1,
    diskBus: 'virtio',
    cdromBus: 'ide',
    nicModel: 'virtio',
    video: 'vga',
    input: { type: 'mouse', bus: 'ps2' },
    clock: 'utc',
  },
  boot: { kind: 'disk' },
  disk: { ref: '', format: 'qcow2', size: 10 },
  media: [],
  purpose: 'run',
  consoleLog: '',
  published,
  ...change,
});

const xmlOf = (change?: Partial<GuestSpec>) => finishedXml(spec(change), { uri: 'qemu:///system' });
const read = (xml: string) => readDomainXml(xml, 'x.xml', 'x86_64');

/** What matters here of the XML that Oz writes: its machine, and what stands in <os> besides. */
const ofOz = (type: string, more = '') => `<domain type='kvm'><name>web</name>
  <memory>1048576</memory><vcpu>1</vcpu><clock offset='utc'/>
  <os>${type}<boot dev='hd'/>${more}</os>
  <devices><interface type='bridge'><source bridge='virbr0'/><model type='virtio'/></interface>
  <disk device='disk' type='file'><target dev='vda' bus='virtio'/><source file='/out/web.dsk'/>
  <driver name='qemu' type='raw'/></disk></devices></domain>`;

describe('the XML of Oz', () => {
  const plain = '<type>hvm</type>';

  it.each(['i386', 'ppc64', 'ppc64le', 's390x'] as const)(
    'names no architecture and means that of the TDL, such as %s',
    (arch) => {
      expect(readDomainXml(ofOz(plain), 'x.xml', arch).hardware.arch).toBe(arch);
    },
  );

  it('is believed where it does name one', () => {
    const type = "<type arch='aarch64' machine='virt'>hvm</type>";
    const loader = "<loader readonly='yes' type='pflash'>/firmware/CODE.fd</loader>";
    const { hardware } = readDomainXml(ofOz(type, loader), 'x.xml', 'x86_64');
    expect(hardware).toMatchObject({ arch: 'aarch64', machine: 'virt', firmware: 'efi' });
  });

  it.each(['aarch64', 'ppc64le'] as const)('becomes no %s machine with PS/2', (arch) => {
    const { hardware } = readDomainXml(ofOz(plain), 'x.xml', arch);
    const { name, disk } = readDomainXml(ofOz(plain), 'x.xml', arch);
    const made = spec({
      ...{ name, hardware, published: undefined },
      disk: { ref: disk.path ?? '', format: disk.format, size: 0 },
    });
    const xml = finishedXml(made, { uri: 'qemu:///system' });
    expect(xml).toContain('<input type="tablet" bus="usb"/>');
    expect(xml).not.toContain('ps2');
  });

  it.each([
    ['<memory>1048576</memory>', '<memory>lots</memory>', /<memory> is no amount/],
    ['<memory>1048576</memory>', '', /<memory> is no amount/],
    ['<memory>', "<memory unit='cans'>", /<memory> is no amount/],
    ['<vcpu>1<', '<vcpu>-1<', /<vcpu> is no number/],
  ])('is refused with another machine than a guest has (%s, %s)', (from, to, why) => {
    expect(() => read(ofOz(plain).replace(from, to))).toThrow(why);
  });

  it('has units of memory in virsh dumpxml', () => {
    const xml = ofOz(plain).replace('<memory>1048576', "<memory unit='GiB'>3");
    expect(read(xml).hardware.memory).toBe(3072);
  });

  it('is a BIOS where its loader is one', () => {
    const loader = "<loader type='rom'>/usr/share/seabios/bios.bin</loader>";
    expect(read(ofOz(plain, loader)).hardware.firmware).toBe('bios');
  });

  it('has its CD on SATA on a machine without IDE', () => {
    const q35 = "<type arch='x86_64' machine='pc-q35-7.2'>hvm</type>";
    expect(read(ofOz(q35)).hardware.cdromBus).toBe('sata');
    expect(read(ofOz(plain)).hardware.cdromBus).toBe('ide');
  });
});

describe("a cloud's image in the domain XML", () => {
  it('is read back as it was written', () => {
    const { id, name, at: cloud, userData } = published;
    expect(read(xmlOf())).toMatchObject({
      name: 'web',
      disk: { path: null, format: 'qcow2' },
      published: { id, name, cloud, userData },
    });
    expect(xmlOf()).not.toContain('<source file');
  });

  it('stands beside the file that was downloaded', () => {
    const xml = xmlOf({ disk: { ref: '/out/web.qcow2', format: 'qcow2', size: 10 } });
    expect(read(xml)).toMatchObject({
      disk: { path: '/out/web.qcow2' },
      published: { id: published.id },
    });
  });

  it('says whether its guests have a TPM and secure boot', () => {
    const trusting = { machine: 'q35', firmware: 'efi', tpm: true, secureBoot: true } as const;
    const { hardware } = spec();
    const { tpm, secureBoot } = read(xmlOf({ hardware: { ...hardware, ...trusting } })).hardware;
    expect([tpm, secureBoot]).toEqual([true, true]);
    const plain = read(xmlOf()).hardware;
    expect([plain.tpm, plain.secureBoot]).toEqual([undefined, undefined]);
  });

  it.each([
    { type: 'tablet', bus: 'usb' },
    { type: 'tablet', bus: 'virtio' },
    { type: 'mouse', bus: 'usb' },
    { type: 'mouse', bus: 'ps2' },
  ] as const)('keeps its pointer: a $type on $bus', (input) => {
    const { hardware } = spec();
    expect(read(xmlOf({ hardware: { ...hardware, input } })).hardware.input).toEqual(input);
  });

  it('is not in what a build on this machine writes', () => {
    const xml = xmlOf({
      disk: { ref: '/out/web.dsk', format: 'raw', size: 10 },
      published: undefined,
    });
    expect(xml).not.toContain('metadata');
    expect(read(xml).published).toBeUndefined();
  });

  it('gives way to another image, and all else stays', () => {
    const before = xmlOf();
    const after = namePublished(before, 'x.xml', {
      ...published,
      id: 'new-id',
      digest: undefined,
      userData: false,
    });
    expect(read(after)).toMatchObject({ published: { id: 'new-id', userData: false } });
    expect(after).not.toContain('sha512');
    const rest = (xml: string) => xml.replace(/<ozma:published[^>]*>/, '');
    expect(rest(after)).toBe(rest(before));
  });

  it('must be named, and well', () => {
    const no = xmlOf().replace(/<metadata>.*<\/metadata>/s, '');
    expect(() => read(no)).toThrow('it names no disk file by an absolute path');
    expect(() => namePublished(no, 'x.xml', published)).toThrow('it names no image in a cloud');
    const strange = xmlOf().replace(published.id, '../../x?y=z');
    expect(() => read(strange)).toThrow('it names no disk file by an absolute path');
  });
});

describe('planExisting() in a cloud', () => {
  const userData = { maxBytes: 48_000, configDrive: true, url: null };
  const plan = (
    given: {
      xml?: string;
      capabilities?: Partial<typeof testCapabilities>;
      uri?: string;
      customize?: string;
      only?: 'icicle';
      type?: 'libvirt' | 'openstack';
    } = {},
  ) =>
    planExisting({
      ...testInput({
        tdl: testTdl({ packages: [{ name: 'less' }] }),
        config: testConfig({ openstack: { customize: given.customize ?? 'auto' } }),
        options: {
          customize: given.only === undefined,
          icicle: given.only === 'icicle',
          forceDownload: false,
          cleanup: false,
        },
        backend: {
          type: given.type ?? 'openstack',
          uri: given.uri ?? 'dev/demo',
          capabilities: { ...testCapabilities, userData, ...given.capabilities },
        },
      }),
      guest: read(given.xml ?? xmlOf()),
    });

  it('goes in by SSH, or leaves the work to cloud-init', () => {
    expect(plan()).toMatchObject({
      published: { id: published.id, name: published.name, download: null },
      access: { via: 'user-data', method: 'ssh' },
    });
    const unreachable = { sshReachable: { reachable: false, reason: 'no route' } };
    expect(plan({ capabilities: unreachable }).access?.method).toBe('cloud-init');
    expect(plan({ customize: 'cloud-init' }).access?.method).toBe('cloud-init');
  });

  it('renews the file that was downloaded', () => {
    const xml = xmlOf({ disk: { ref: '/out/web.qcow2', format: 'qcow2', size: 10 } });
    expect(plan({ xml }).published?.download).toEqual({ path: '/out/web.qcow2', format: 'qcow2' });
  });

  it('refuses an image without cloud-init, and a cloud without user data', () => {
    const xml = xmlOf({ published: { ...published, userData: false } });
    expect(() => plan({ xml })).toThrow('there is no cloud-init in its image');
    expect(() => plan({ capabilities: { userData: undefined } })).toThrow('hands no user data');
  });

  it('reads the packages of an image without cloud-init from its disk', () => {
    const xml = xmlOf({ published: { ...published, userData: false } });
    expect(plan({ xml, only: 'icicle' }).access).toMatchObject({ via: 'offline', method: 'disk' });
    expect(plan({ only: 'icicle' }).access).toMatchObject({ method: 'ssh' });
  });

  it('refuses another cloud, and what is not there', () => {
    expect(() => plan({ uri: 'prod/demo' })).toThrow('in the cloud dev/demo, not in prod/demo');
    const local = xmlOf({
      disk: { ref: '/out/web.dsk', format: 'raw', size: 10 },
      published: undefined,
    });
    expect(() => plan({ xml: local })).toThrow('its file names no image in a cloud');
    expect(() => plan({ type: 'libvirt' })).toThrow('is in the cloud dev/demo only');
  });

  it('on this machine says that the image in the cloud stays', () => {
    const xml = xmlOf({ disk: { ref: '/out/web.qcow2', format: 'qcow2', size: 10 } });
    const { warnings, published: entry } = plan({ xml, type: 'libvirt' });
    expect(warnings).toEqual(['the image web & <co> in dev/demo stays as it was']);
    expect(entry).toBeUndefined();
  });
});
