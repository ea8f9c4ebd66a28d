import { describe, expect, it } from 'vitest';
import { describeKernel } from '../../../compat/rigs/debian/kernel-udebs.ts';

const entry = (kernel: string) => {
  const name = `ext4-modules-${kernel}-di`;
  return [name, `Package: ${name}\nDepends: kernel-image-${kernel}-di\nVersion: 1`] as const;
};
const kernelEntry = (kernel: string) =>
  [`kernel-image-${kernel}-di`, `Package: kernel-image-${kernel}-di`] as const;

describe('udebs of a kernel that the index does not have yet', () => {
  it('are described as those of the newest kernel', () => {
    const old = ['6.12.94+deb13-amd64', '6.12.107+deb13-amd64'];
    const udebs = new Map<string, string>(old.flatMap((k) => [entry(k), kernelEntry(k)]));
    describeKernel(udebs, '6.12.117+deb13-amd64');
    expect(udebs.get('ext4-modules-6.12.117+deb13-amd64-di')).toBe(
      'Package: ext4-modules-6.12.117+deb13-amd64-di\n' +
        'Depends: kernel-image-6.12.117+deb13-amd64-di\nVersion: 1',
    );
    expect(udebs.size).toBe(6);
  });

  it('are left alone when the index has them', () => {
    const udebs = new Map<string, string>([entry('6.1'), kernelEntry('6.1')]);
    describeKernel(udebs, '6.1');
    expect(udebs.size).toBe(2);
  });

  it('cannot be described without any kernel', () => {
    expect(() => describeKernel(new Map(), '6.1')).toThrow('any kernel');
  });
});
