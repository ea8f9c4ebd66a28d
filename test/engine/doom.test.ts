/** Which console lines are the end, and which only look like it. */
import { describe, expect, it } from 'vitest';
import { doomWatch } from '../../src/engine/doom.ts';
import { testClock } from '../fakes/memory-backend.ts';

/** What is found in `text`, which stands there for `ms`. */
async function found(on: 'install' | 'boot', text: string, ms = 60_000) {
  const clock = testClock();
  const look = doomWatch(on, clock);
  const shown = { size: text.length, tail: text };
  look(shown);
  await clock.advance(ms);
  return look(shown)?.line;
}

const standing = [
  'BdsDxe: No bootable option or device was found.\r\nBdsDxe: Press any key to enter the Boot Manager Menu.\r\n',
  'Press \u001b[1mESC\u001b[0m in 1 seconds to skip startup.nsh.\r\n\u001b[1m\u001b[33m\u001b[40mShell> \u001b[0m',
  'Booting from Hard Disk...\r\nBoot failed: not a bootable disk\r\n\r\nNo bootable device.\r\n',
  'Entering rescue mode...\r\ngrub rescue> ',
  'ALERT!  UUID=1 does not exist.  Dropping to a shell!\n\nBusyBox v1.35.0\n\n(initramfs) ',
  'Entering emergency mode. Exit the shell to continue.\nType "journalctl" to view system logs.\n\n\ndracut:/# ',
  'You are in emergency mode. After logging in, type "journalctl -xb" to view\nsystem logs, "systemctl reboot" to reboot, or "exit"\nto continue bootup.\nGive root password for maintenance\n(or press Control-D to continue): ',
  'Cannot open access to console, the root account is locked.\nSee sulogin(8) man page for more details.\n\nPress Enter to continue.\n',
  '[   12.311] systemd[1]: Freezing execution.\n',
  'GNU GRUB  version 2.06\r\n\r\n   Minimal BASH-like line editing is supported. For the first word, TAB\r\n   lists possible command completions.\r\n\r\n\r\ngrub> ',
  "Trying to load:  from: /pci@800000020000000/scsi@3 ...\r\nE3404: Not a bootable device!\r\n\r\nE3407: Load failed\r\n\r\n  Type 'boot' and press return to continue booting the system.\r\n\r\nReady!\r\n0 > ",
  'Booting from Hard Disk...\r\nMissing operating system.\r\n',
  'Booting from Hard Disk...\r\nMBR FA: ',
  "Mounting root: failed.\ninitramfs emergency recovery shell launched. Type 'exit' to continue boot\nsh: can't access tty; job control turned off\n/ # ",
  ":: running hook [udev]\nERROR: device 'UUID=1' not found. Skipping fsck.\n:: mounting 'UUID=1' on real root\nYou are now being dropped into an emergency shell.\nsh: can't access tty; job control turned off\n[rootfs ~]# ",
  'Mounting from ufs:/dev/vtbd0p2 failed with error 19.\n\nLoader variables:\n  vfs.root.mountfrom=ufs:/dev/vtbd0p2\n\nmountroot> ',
  'Automatic file system check failed; help!\nEnter full pathname of shell or RETURN for /bin/sh: ',
  '\u001b[2J\u001b[01;01H\u001b[0m\u001b[35m\u001b[40mBdsDxe: No bootable option or device was found.\r\n',
];

describe('a console that stands', () => {
  it.each(standing)('is the end of a start and of an installer: %j', async (text) => {
    expect(await found('boot', text)).toBeDefined();
    expect(await found('install', text)).toBeDefined();
    expect(await found('boot', text, 20_000)).toBeUndefined();
  });

  it.each(standing)('is none when it goes on: %j', async (text) => {
    expect(
      await found('boot', `${text}\n\nDebian GNU/Linux 13 host ttyS0\n\nhost login: `),
    ).toBeUndefined();
    const clock = testClock();
    const look = doomWatch('boot', clock);
    for (let second = 0; second < 300; second++) {
      await clock.advance(1000);
      const tail = `${text}\n${'line\n'.repeat(second)}`;
      expect(look({ size: tail.length, tail })).toBeUndefined();
    }
  });

  it('may be a boot loader’s, which goes on after some of its errors', async () => {
    const text = 'error: no such device: 8b3c6b9c.\r\n\r\nPress any key to continue...';
    expect(await found('boot', text, 100_000)).toBeUndefined();
    expect(await found('boot', text, 310_000)).toBe('error: no such device: 8b3c6b9c.');
    expect(await found('install', text, 310_000)).toBeUndefined();
  });

  it('is read where a menu was drawn before: what moves the cursor ends a line', async () => {
    const menu =
      '\u001b[1;34HGNU GRUB  version 2.06\u001b[21;5HThe highlighted entry will be executed automatically in 0s.';
    expect(
      await found('boot', `${menu}\u001b[H\u001b[Jerror: no such device: 8b3c6b9c.`, 310_000),
    ).toBe('error: no such device: 8b3c6b9c.');
    expect(await found('boot', `${menu}\u001b[23;1Hgrub rescue> `)).toBe('grub rescue>');
  });
});

describe('a kernel panic', () => {
  it.each([
    '[    0.048000] Kernel panic - not syncing: IO-APIC + timer doesn’t work!',
    '[    1.2][    T1] Kernel panic - not syncing: VFS: Unable to mount root fs',
    '<0>Kernel panic: Attempted to kill init!',
  ])('is the end at once: %s', async (line) => {
    const shown = line.replace(/ +/g, ' ');
    expect(await found('boot', `${line}\n[ 1.3] CPU: 0\n`, 0)).toBe(shown);
    expect(await found('install', `${line}\n[ 1.3] CPU: 0\n`, 0)).toBe(shown);
  });

  it.each([
    'cloud-init[512]: see "Kernel panic - not syncing" in the manual',
    'Jun 1 12:00:00 host app: Kernel panic - not syncing: quoted',
    'kernel.panic = 10',
  ])('is none of a system that starts where it is quoted: %s', async (line) => {
    expect(await found('boot', `${line}\n`, 600_000)).toBeUndefined();
  });

  it('is early by its kernel’s own clock', () => {
    const early = (tail: string) => doomWatch('boot', testClock())({ size: 1, tail })?.early;
    expect(early('[    0.048000] Kernel panic - not syncing: x')).toBe(true);
    expect(early('[   93.048000] Kernel panic - not syncing: x')).toBe(false);
    expect(early('Kernel panic - not syncing: x')).toBe(false);
  });
});

it.each([
  'GRUB loading.\r\nWelcome to GRUB!\r\nLoading Linux 6.1 ...\r\nLoading initial ramdisk ...\r\n',
  'BdsDxe: failed to load Boot0001 "UEFI QEMU DVD-ROM": Not Found\r\nBdsDxe: starting Boot0002 "debian"\r\n',
  '[  OK  ] Reached target emergency.target - Emergency Mode.\n',
  'Begin: Running /scripts/init-bottom ... done.\nsystemd[1]: Started Emergency Shell.\n',
  'dracut-initqueue[312]: Warning: dracut-initqueue timeout - starting timeout scripts\n',
  'log: You are in emergency mode. After logging in\n',
  'answer: (initramfs)\n',
  'apt-get: Missing operating system type\n',
  'for help type grub> help\n',
])('a healthy console is left alone, however long it is silent: %j', async (text) => {
  expect(await found('boot', text, 3_600_000)).toBeUndefined();
  expect(await found('install', text, 3_600_000)).toBeUndefined();
});

it('a long line is not cut within a word, which may be a secret', async () => {
  const line = `Kernel panic - not syncing: ${'x '.repeat(80)}correct-horse-battery ${'y'.repeat(20)}`;
  const shown = await found('install', `${line}\n`);
  expect(shown).toMatch(/^Kernel panic.* x …$/);
  expect(shown?.length).toBeLessThanOrEqual(201);
});
