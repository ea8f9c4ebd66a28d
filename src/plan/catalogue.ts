/** What a catalogue of images (Glance) is told of an operating system. */
import type { Arch, CatalogueEntry } from '../../backends/backend.ts';
import type { OsEntity, Osinfo } from '../../osinfo/types.ts';

const types: Record<string, CatalogueEntry['os']['type']> = {
  winnt: 'windows',
  win9x: 'windows',
  freebsd: 'freebsd',
};

export function plannedCatalogue(
  os: OsEntity,
  osinfo: Osinfo,
  arch: Arch,
): Pick<CatalogueEntry, 'os' | 'minRam'> {
  const { distro, version, family } = os;
  const ram = osinfo.resources(os, arch).minimum?.ram ?? 0;
  return {
    os: { distro, version, type: types[family] ?? 'linux' },
    minRam: Math.ceil(ram / 1024 ** 2),
  };
}
