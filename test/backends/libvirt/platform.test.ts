import { describe, expect, it } from 'vitest';
import { platformOf } from '../../../backends/libvirt/platform.ts';

describe('platformOf()', () => {
  it.each([
    ['qemu', 7_002_022, 'http://qemu.org/qemu/7.2.22'],
    ['qemu', 10_000_000, 'http://qemu.org/qemu/10.0.0'],
    ['xen', 4_017_001, 'http://xen.org/xen/4.17.1'],
    ['test', 2, undefined],
    ['qemu', 0, undefined],
    ['constructor', 1_000_000, undefined],
  ])('%s %i', (driver, version, expected) => {
    expect(platformOf(driver, version)).toBe(expected);
  });
});
