import { describe, expect, it } from 'vitest';
import { loadOsinfo } from '../../osinfo/index.ts';
import { chooseHardware, type HardwareInput, hardwareWarnings } from '../../src/plan/hardware.ts';
import { testConfig, testInput } from '../fakes/inputs.ts';
import { osinfoEnv } from '../fakes/osinfo-env.ts';

const osinfo = loadOsinfo({ env: osinfoEnv });

function hardware(shortId: string, change: Partial<HardwareInput> = {}) {
  const os = osinfo.os(shortId);
  if (!os) throw new Error(`${shortId} is not in the database`);
  return chooseHardware({
    os,
    arch: 'x86_64',
    osinfo,
    config: testConfig(),
    options: testInput().options,
    host: { cpus: 4, memory: 8192 },
    platform: undefined,
    ...change,
  });
}

describe('chooseHardware()', () => {
  it.each([
    // proven to work: not to be changed without a reason
    [
      'debian13',
      {
        diskBus: 'virtio',
        nicModel: 'virtio',
        video: 'vga',
        firmware: 'bios',
        memory: 2048,
        cpus: 2,
      },
    ],
    // the database recommends more than Oz gives
    ['ubuntu22.04', { diskBus: 'virtio', nicModel: 'virtio', memory: 4096 }],
    // no BIOS, hence q35, which has no IDE; 4 GiB and two CPUs at least
    [
      'win11',
      {
        firmware: 'efi',
        machine: 'q35',
        diskBus: 'sata',
        cdromBus: 'sata',
        memory: 4096,
        clock: 'localtime',
      },
    ],
    // no virtio without drivers
    // they have no driver for the e1000 that the database names
    ['winxp', { diskBus: 'ide', nicModel: 'rtl8139', rng: undefined }],
    ['win2k3', { diskBus: 'ide', nicModel: 'rtl8139', rng: undefined }],
    ['win2k8', { diskBus: 'ide', nicModel: 'e1000', rng: undefined }],
    // the database is silent
    ['rhel4.0', { diskBus: 'ide', nicModel: 'rtl8139', memory: 2048 }],
  ])('%s', (shortId, expected) => {
    expect(hardware(shortId)).toMatchObject(expected);
  });

  it.each([
    [
      'aarch64',
      { firmware: 'efi', video: 'virtio', input: { type: 'tablet', bus: 'usb' }, cdromBus: 'scsi' },
    ],
    ['ppc64le', { firmware: 'bios', diskBus: 'virtio' }],
  ] as const)('on %s', (arch, expected) => {
    expect(hardware('debian13', { arch })).toMatchObject(expected);
  });

  it('recommended memory only where the host has it to spare, minimum in any case', () => {
    const host = { cpus: 1, memory: 4096 };
    expect(hardware('ubuntu22.04', { host }).memory).toBe(2048);
    expect(hardware('win11', { host })).toMatchObject({ memory: 4096, cpus: 2 });
  });

  it('what guests elsewhere can have, whatever this machine has', () => {
    const elsewhere = (largest: HardwareInput['largest'], host: HardwareInput['host']) => {
      const { memory, cpus } = hardware('ubuntu22.04', { largest, host });
      return [memory, cpus];
    };
    const [laptop, server] = [
      { cpus: 1, memory: 1024 },
      { cpus: 64, memory: 262_144 },
    ];
    expect(elsewhere({ memory: 16_384, cpus: 8 }, laptop)).toEqual([4096, 2]);
    expect(elsewhere({ memory: 2048, cpus: 1 }, server)).toEqual([2048, 1]);
  });

  it('more memory for an installer that comes over the network', () => {
    const host = { cpus: 1, memory: 2048 };
    expect(hardware('rhel8.0', { host }).memory).toBe(2048);
    expect(hardware('rhel8.0', { host, network: true }).memory).toBe(3072);
    expect(hardware('debian13', { host, network: true }).memory).toBe(2048);
  });

  it('only what the hypervisor has as well', () => {
    // QEMU 1.0 has virtio, but its random number generator not yet
    const platform = 'http://qemu.org/qemu/1.0';
    expect(hardware('debian13', { platform })).toMatchObject({ diskBus: 'virtio', rng: undefined });
    const unknown = { platform: 'http://qemu.org/qemu/99.0' };
    expect(hardware('debian13', unknown)).toMatchObject({ rng: { model: 'virtio' } });
  });

  it.each(['debian13', 'ubuntu24.04', 'fedora40', 'rhel9.4', 'win11', 'win2k22', 'freebsd14.0'])(
    'a hypervisor of today takes nothing from %s',
    (shortId) => {
      const platform = 'http://qemu.org/qemu/7.2.22';
      expect(hardware(shortId, { platform })).toEqual(hardware(shortId));
      const arm = { arch: 'aarch64', platform } as const;
      expect(hardware(shortId, arm)).toEqual(hardware(shortId, { arch: 'aarch64' }));
    },
  );

  it('a version between two that are known counts as the older', () => {
    const old = { arch: 'aarch64', platform: 'http://qemu.org/qemu/2.3.50' } as const;
    // virtio 1.0, and its screens with it, came with 2.4
    expect(hardware('debian13', old)).toMatchObject({ rng: { model: 'virtio' } });
    const older = { platform: 'http://qemu.org/qemu/1.2.9' };
    expect(hardware('debian13', older)).toMatchObject({ diskBus: 'virtio', rng: undefined });
    expect(hardware('debian13', { platform: 'http://example.com/vmm/1.0' })).toEqual(
      hardware('debian13'),
    );
  });

  it.each([
    ['debian13', 'x86_64', 'efi', { firmware: 'efi', machine: 'q35', cdromBus: 'sata' }],
    ['debian13', 'x86_64', 'bios', { firmware: 'bios', cdromBus: 'ide' }],
    ['debian13', 'x86_64', undefined, { firmware: 'bios' }],
    ['debian13', 'aarch64', 'efi', { firmware: 'efi' }],
    ['win11', 'x86_64', undefined, { firmware: 'efi' }],
  ] as const)('%s on %s with [libvirt] firmware = %s', (shortId, arch, firmware, expected) => {
    const config = testConfig({ libvirt: { imageType: 'raw', firmware } });
    expect(hardware(shortId, { arch, config })).toMatchObject(expected);
  });

  it.each([
    ['debian13', 'aarch64', 'bios'],
    ['debian13', 's390x', 'efi'],
    ['win11', 'x86_64', 'bios'],
  ] as const)('%s on %s does not start by %s', (shortId, arch, firmware) => {
    const config = testConfig({ libvirt: { imageType: 'raw', firmware } });
    expect(() => hardware(shortId, { arch, config })).toThrow(
      expect.objectContaining({ code: 'OZ_PLAN_FIRMWARE' }),
    );
  });

  it('what the user says goes before all', () => {
    const config = testConfig({ libvirt: { imageType: 'raw', memory: 512, cpus: 1 } });
    const options = { ...testInput().options, diskBus: 'usb', nicModel: 'e1000' };
    const made = hardware('win11', { config, options });
    expect(made).toMatchObject({ memory: 512, cpus: 1, diskBus: 'usb', nicModel: 'e1000' });
    const os = osinfo.os('win11');
    const needs = os ? osinfo.resources(os, 'x86_64') : {};
    expect(hardwareWarnings(needs, made, 1024 ** 3)).toEqual([
      'the guest gets 512 MiB of memory; it needs 4096 MiB',
      'the guest gets 1 CPUs; it needs 2',
      'the guest gets a disk of 1024 MiB; it needs 65536 MiB',
    ]);
    expect(hardwareWarnings(needs, hardware('win11'), 64 * 1024 ** 3)).toEqual([]);
  });
});
