/** Which disks libguestfs need not inspect. */
import { describe, expect, it } from 'vitest';
import type { Guestfish } from '../../src/customize/guestfish.ts';
import { mountSystem, onlyRoot, wholeOnRoot } from '../../src/customize/mount-system.ts';

describe('the file system of the system', () => {
  it.each([
    ['/dev/sda1: ext4\n', '/dev/sda1'],
    ['/dev/sda1: vfat\n/dev/sda2: xfs\n/dev/sda3: swap\n/dev/sda4: unknown\n', '/dev/sda2'],
    ['/dev/sda1: ext4\n/dev/sda2: ext4\n', undefined],
    ['/dev/sda1: ext4\n/dev/sda2: ntfs\n', undefined],
    ['btrfsvol:/dev/sda3/root: btrfs\n/dev/sda2: ext4\n', undefined],
    ['/dev/sda1: ntfs\n', undefined],
    ['', undefined],
  ])('of %j is %s', (filesystems, root) => {
    expect(onlyRoot(filesystems)).toBe(root);
  });

  it.each([
    ['# a comment\nUUID=1 / ext4 defaults 0 1\n/dev/sr0 /media/cdrom0 udf noauto 0 0\n', true],
    ['UUID=1 / ext4 defaults 0 1\nUUID=2 none swap sw 0 0\nUUID=3 /boot/efi vfat x 0 1', true],
    ['UUID=1 / ext4 defaults 0 1\nUUID=2 /var ext4 defaults 0 2\n', false],
    ['UUID=1 / ext4 defaults 0 1\nUUID=2 /usr ext4 defaults 0 2\n', false],
    ['', false],
  ])('with fstab %j is whole: %s', (fstab, whole) => {
    expect(wholeOnRoot(fstab)).toBe(whole);
  });
});

/** A guestfish with these answers, which notes what it is asked. */
function fish(answers: Record<string, string>) {
  const asked: string[] = [];
  const command = async (...words: string[]) => {
    asked.push(words.join(' '));
    return answers[words.join(' ')] ?? '';
  };
  const is = async (...words: string[]) => (await command(...words)) === 'true';
  return { asked, fish: { command, is } satisfies Pick<Guestfish, 'command' | 'is'> };
}

const plain = {
  'list-filesystems': '/dev/sda1: ext4\n',
  '-mountpoints': '/dev/sda1: /\n',
  'is-file /etc/fstab': 'true',
};

describe('mounting a system', () => {
  it('does not inspect a plain one', async () => {
    const { asked, fish: it } = fish({ ...plain, 'cat /etc/fstab': 'UUID=1 / ext4 x 0 1\n' });
    expect(await mountSystem(it)).toBe(true);
    expect(asked).not.toContain('inspect-os');
  });

  it('inspects one with more file systems, and mounts the upper ones first', async () => {
    const { asked, fish: it } = fish({
      ...plain,
      'cat /etc/fstab': 'UUID=1 / ext4 x 0 1\nUUID=2 /var ext4 x 0 2\n',
      'inspect-os': '/dev/sda1\n',
      'inspect-get-mountpoints /dev/sda1': '/var/log: /dev/sda3\n/var: /dev/sda2\n/: /dev/sda1\n',
    });
    expect(await mountSystem(it)).toBe(true);
    expect(asked.slice(asked.indexOf('umount-all'))).toEqual([
      'umount-all',
      'inspect-os',
      'inspect-get-mountpoints /dev/sda1',
      'mount /dev/sda1 /',
      '-mount /dev/sda2 /var',
      '-mount /dev/sda3 /var/log',
    ]);
  });

  it('finds nothing on an empty disk, and does not choose between two systems', async () => {
    expect(await mountSystem(fish({}).fish)).toBe(false);
    expect(await mountSystem(fish({ 'inspect-os': '/dev/sda1\n/dev/sda2\n' }).fish)).toBe(false);
  });
});
