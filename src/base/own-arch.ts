/** The architecture of this machine, by the name that a TDL has for it. */

const archs = {
  x64: 'x86_64',
  ia32: 'i386',
  arm64: 'aarch64',
  arm: 'armv7l',
  ppc64: 'ppc64le',
  s390x: 's390x',
} as const;

export type OwnArch = (typeof archs)[keyof typeof archs];

export function ownArch(arch: string = process.arch): OwnArch {
  return (archs as Readonly<Record<string, OwnArch>>)[arch] ?? 'x86_64';
}
