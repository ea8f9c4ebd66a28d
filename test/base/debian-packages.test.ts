import { describe, expect, it } from 'vitest';
import {
  installHint,
  missingHint,
  packageGroups,
  packageOf,
} from '../../src/base/debian-packages.ts';
import { runTool } from '../../src/base/run-tool.ts';

describe('the table of packages', () => {
  it.each([
    ['qemu-img', 'qemu-utils'],
    ['depmod', 'kmod'],
    ['mcopy', 'mtools'],
    ['libvirt.so.0', 'libvirt0'],
    ['prlimit', 'util-linux'],
  ])('knows where %s is', (name, holder) => {
    expect(packageOf(name)).toBe(holder);
  });

  it('hints at one command, whatever is missing', () => {
    expect(missingHint('sfdisk')).toBe('install it (Debian: apt-get install fdisk)');
    expect(missingHint('unheard-of')).toBe('install it (Debian: apt-get install unheard-of)');
    expect(installHint('a', 'b')).toBe('install it (Debian: apt-get install a b)');
  });

  it('names each package once in a group, in order', () => {
    for (const [group, names] of Object.entries(packageGroups)) {
      expect(names, group).toEqual([...new Set(names)].sort());
    }
  });

  it.each([
    ['cpio', 'cpio'],
    ['debugfs', 'e2fsprogs'],
    ['/nowhere/qemu-img', 'qemu-utils'],
  ])('words the error of a missing %s', async (tool, holder) => {
    const nowhere = { env: { PATH: '/nowhere' } };
    await expect(runTool(tool, [], nowhere)).rejects.toMatchObject({
      code: 'OZ_TOOL_MISSING',
      hint: `install it (Debian: apt-get install ${holder})`,
    });
  });
});
