/**
 * Mounts the system on a disk in libguestfs' appliance. Its inspection takes half
 * a minute where the appliance is emulated, so a disk that is plain to see
 * through, one Linux file system with all that matters, is mounted without it.
 */
import type { Guestfish } from './guestfish.ts';

type Fish = Pick<Guestfish, 'command' | 'is'>;

const linuxTypes = /^(ext[234]|xfs)$/;

/** Directories that may be elsewhere: nothing is looked up or changed there. */
const elsewhere = /^(none|swap|-|\/(boot|home|media|mnt|opt|srv|tmp|proc|sys|dev|run)(\/.*)?)$/;

/** Lines `DEVICE: WHAT`, as guestfish prints tables. */
function table(text: string): [device: string, what: string][] {
  return text
    .split('\n')
    .map((line) => /^(\S+): (.+)$/.exec(line.trim()))
    .flatMap((match): [string, string][] => (match ? [[match[1] ?? '', match[2] ?? '']] : []));
}

/** The only file system that can hold the system, or undefined. `filesystems`: of list-filesystems. */
export function onlyRoot(filesystems: string): string | undefined {
  const all = table(filesystems);
  const linux = all.filter(([, type]) => linuxTypes.test(type));
  const others = all.filter(([, type]) =>
    /^(btrfs|ntfs|crypto_LUKS|LVM2_member|ufs|zfs)/.test(type),
  );
  return linux.length === 1 && others.length === 0 ? linux[0]?.[0] : undefined;
}

/** Whether a system with this /etc/fstab has all that matters on its root file system. */
export function wholeOnRoot(fstab: string): boolean {
  const points = fstab
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/\s+/)[1] ?? '');
  return points.includes('/') && points.every((point) => point === '/' || elsewhere.test(point));
}

async function mountPlain(fish: Fish): Promise<boolean> {
  const root = onlyRoot(await fish.command('list-filesystems'));
  if (root === undefined) return false;
  // A dash before a command: its failure is none.
  await fish.command('-mount', root, '/');
  if (!(await fish.command('-mountpoints')).includes(root)) return false;
  const whole =
    (await fish.is('is-file', '/etc/fstab')) &&
    wholeOnRoot(await fish.command('cat', '/etc/fstab'));
  if (!whole) await fish.command('umount-all');
  return whole;
}

/** As guestfish -i does it. False when there is not exactly one system. */
async function mountInspected(fish: Fish): Promise<boolean> {
  const roots = (await fish.command('inspect-os')).split('\n').filter((line) => line.trim() !== '');
  const [root] = roots;
  if (root === undefined || roots.length > 1) return false;
  const points = table(await fish.command('inspect-get-mountpoints', root.trim()));
  for (const [point, device] of points.sort(([a], [b]) => a.length - b.length)) {
    await fish.command(point === '/' ? 'mount' : '-mount', device, point);
  }
  return points.length > 0;
}

/** After `run`. False when the disk holds no system, or several. */
export async function mountSystem(fish: Fish): Promise<boolean> {
  return (await mountPlain(fish)) || (await mountInspected(fish));
}
