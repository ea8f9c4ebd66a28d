/** The names of architectures: Oz's, Debian's and others' to libosinfo's. */
const names: Record<string, string> = {
  i386: 'i686',
  i486: 'i686',
  i586: 'i686',
  amd64: 'x86_64',
  arm64: 'aarch64',
  arm: 'armv7l',
  armhf: 'armv7l',
  ppc64el: 'ppc64le',
};

export function osinfoArch(arch: string): string {
  return Object.hasOwn(names, arch) ? (names[arch] as string) : arch;
}
