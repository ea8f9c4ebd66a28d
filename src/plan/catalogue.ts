/** How a catalogue of images (Glance) calls an operating system. */
import type { CatalogueEntry } from '../../backends/backend.ts';
import type { OsEntity } from '../../osinfo/types.ts';

const types: Record<string, CatalogueEntry['os']['type']> = {
  winnt: 'windows',
  win9x: 'windows',
  freebsd: 'freebsd',
};

export function catalogueOs({ distro, version, family }: OsEntity): CatalogueEntry['os'] {
  return { distro, version, type: types[family] ?? 'linux' };
}
