/** What the rig must make because a mirror of ordinary packages lacks it. */

/** Code name of the release that the rig installs. */
export const suite = 'trixie';

/**
 * SHA-256 of main/debian-installer/binary-amd64/Packages.xz in signed Release files of this
 * suite. After a point release a caching mirror may serve a new Release beside an old one of
 * these for days; the rig makes what differs, the kernel's udebs, by itself.
 */
export const knownUdebIndexes: readonly string[] = [
  '8a62f92d62717509394f7b918c68594ae53d873628481defd3f2127cc8659f6e', // 13.7, 2026-09-12
  '5cbbc5d9b4d1adba65a133099178cc08eb21eb919fa4f2a22bf71a10e233779e', // 13.8, 2026-11-21
];

const lib = 'usr/lib/x86_64-linux-gnu/';

/** A udeb that is made of files of ordinary packages; `files` are matched from the start. */
export interface Rebuilt {
  packages: readonly string[];
  files: readonly RegExp[];
}

const sbin = (names: string) => new RegExp(`^usr/sbin/(${names})$`);
const library = (name: string) => new RegExp(`^${lib}${name}\\.so\\.\\d`);

/** Those of the graphical installer are left out. */
export const rebuilt: Readonly<Record<string, Rebuilt>> = {
  'e2fsprogs-udeb': {
    packages: ['e2fsprogs', 'libext2fs2t64', 'libcom-err2'],
    files: [
      sbin('mke2fs|mkfs\\.ext.|e2fsck|fsck\\.ext.|tune2fs|resize2fs|badblocks'),
      /^etc\/mke2fs\.conf$/,
      library('libext2fs'),
      library('libe2p'),
      library('libcom_err'),
    ],
  },
  'xfsprogs-udeb': { packages: ['xfsprogs'], files: [sbin('mkfs\\.xfs|fsck\\.xfs|xfs_repair')] },
  'ntfs-3g-udeb': {
    packages: ['ntfs-3g', 'libntfs-3g89t64'],
    files: [/^usr\/bin\/ntfs-3g$/, sbin('mk.*ntfs|ntfsresize'), library('libntfs-3g')],
  },
  'eject-udeb': { packages: ['eject'], files: [/^usr\/bin\/eject$/] },
  'fdisk-udeb': { packages: ['fdisk'], files: [sbin('.*fdisk')] },
  'libfdisk1-udeb': { packages: ['libfdisk1'], files: [library('libfdisk')] },
  'libmount1-udeb': { packages: ['libmount1'], files: [library('libmount')] },
  'libsmartcols1-udeb': { packages: ['libsmartcols1'], files: [library('libsmartcols')] },
};

/** What the ISO's initrd needs beyond the netboot one, to read its own CD. */
export const cdUdebs: readonly string[] = [
  'cdrom-core-modules',
  'isofs-modules',
  'ata-modules',
  'pata-modules',
  'sata-modules',
];

/** Runs when the ISO's installer starts. */
export const cdHook = `#!/bin/sh
# Mount the installation CD, as cdrom-detect does on a real netinst, so that an
# answer file on it (file=/cdrom/...) can be read.
mkdir -p /cdrom
for i in 1 2 3 4 5 6 7 8 9 10; do
	for dev in /dev/sr[0-9]; do
		[ -b "$dev" ] && mount -t iso9660 -o ro "$dev" /cdrom && exit 0
	done
	sleep 1
done
exit 0
`;
