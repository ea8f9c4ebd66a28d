import { describe, expect, it } from 'vitest';
import { domainXml } from '../../../backends/libvirt/domain-xml.ts';
import { checkEmulation, emulatesCx16 } from '../../../backends/libvirt/emulation.ts';
import { kernelSpec, pcHardware } from './specs.ts';

const uri = 'qemu:///session';
const needy = { ...pcHardware, cx16: true };

describe('cmpxchg16b', () => {
  it.each([
    [undefined, false],
    [7_002_022, false],
    [7_999_999, false],
    [8_000_000, true],
    [10_001_000, true],
  ])('is emulated rightly by %s: %s', (version, right) => {
    expect(emulatesCx16(version)).toBe(right);
  });

  it('is refused to a system that needs it where QEMU gets it wrong', () => {
    expect(() => checkEmulation(needy, 'qemu', 7_002_022, uri)).toThrow(
      expect.objectContaining({
        code: 'OZ_HARDWARE_UNSUPPORTED',
        message:
          'Cannot run this system without KVM on qemu:///session: it needs the instruction cmpxchg16b (x86-64-v2), which QEMU 7.2 emulates wrongly',
      }),
    );
    checkEmulation(needy, 'kvm', 7_002_022, uri);
    checkEmulation(needy, 'qemu', 8_000_000, uri);
    checkEmulation(needy, 'qemu', undefined, uri);
    checkEmulation(pcHardware, 'qemu', 7_002_022, uri);
  });

  it.each([
    [undefined, 'qemu', true],
    [false, 'qemu', true],
    [true, 'qemu', false],
    [false, 'kvm', false],
  ])('is hidden from a guest: cx16 %s, type %s', (cx16, type, hidden) => {
    const xml = domainXml(kernelSpec, { uri, type, ...(cx16 === undefined ? {} : { cx16 }) });
    expect(xml.includes('<feature policy="disable" name="cx16"/>')).toBe(hidden);
    expect(xml).toContain(type === 'kvm' ? 'mode="host-passthrough"' : 'mode="maximum"');
  });
});
