/** What the steps of `prepare` share: where they build, and what they have found out. */
import path from 'node:path';
import type { Archive } from '../lib/archive.ts';

export interface Build {
  archive: Archive;
  /** Root of what is served: debian/…, iso/…. */
  out: string;
  /** Scratch directory, removed in the end. */
  scratch: string;
  /** Stanzas of the udebs; those that are made here are changed to fit. */
  udebs: Map<string, string>;
  say: (text: string) => void;
  signal?: AbortSignal | undefined;
}

/** The installer's tree once it is laid out. */
export interface InstallerTree {
  /** dists/<suite>/main/installer-amd64/current/images */
  images: string;
  kernel: string;
  initrd: string;
  /** Kernel version, such as 6.12.48+deb13-amd64. */
  kernelVersion: string;
  /** Names of the udebs that the initrd holds. */
  inside: ReadonlySet<string>;
  /** The initrd's kernel modules, unpacked; the directory named after the version. */
  modules: string;
}

/** Directory of the archive in what is served. */
export function served(build: Build, ...parts: string[]): string {
  return path.join(build.out, 'debian', ...parts);
}
