import { describe, expect, it } from 'vitest';
import { needsCx16, processorWarnings } from '../../src/plan/processor.ts';

describe('needsCx16()', () => {
  it.each([
    ...['rhel9.0', 'rhel9-unknown', 'rhel10.2', 'centos-stream9', 'centos-stream10', 'ol10.1'],
    ...['almalinux9', 'rocky9.0', 'rocky10', 'opensuse16.0', 'sles16.0', 'sle16.0'],
    ...['win8.1', 'win10', 'win11', 'win2k12r2', 'win2k16', 'win2k19', 'win2k22', 'win2k25'],
  ])('%s', (shortId) => {
    expect(needsCx16(shortId, 'x86_64')).toBe(true);
    expect(needsCx16(shortId, 'i386')).toBe(false);
    expect(needsCx16(shortId, 'aarch64')).toBe(false);
  });

  it.each([
    ...['rhel8.10', 'rhel5.9', 'centos6.9', 'centos-stream8', 'ol8.9', 'rocky8.4', 'almalinux8'],
    ...['opensuse15.6', 'sle15sp7', 'sles12', 'sled11', 'debian13', 'fedora43', 'ubuntu26.04'],
    ...['win2k', 'win2k3', 'win2k8r2', 'win2k12', 'win7', 'win8', 'winxp'],
  ])('not %s', (shortId) => {
    expect(needsCx16(shortId, 'x86_64')).toBe(false);
  });
});

it('tells of it where the guest is emulated, before QEMU is asked', () => {
  expect(processorWarnings('EL 9', true, false)).toEqual([
    'EL 9 is built for newer processors: without KVM it needs QEMU 8.0 or later',
  ]);
  expect(processorWarnings('EL 9', true, undefined)).toEqual([]);
  expect(processorWarnings('EL 9', true, true)).toEqual([]);
  expect(processorWarnings('EL 8', undefined, false)).toEqual([]);
});
