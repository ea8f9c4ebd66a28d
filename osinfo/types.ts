/** The libosinfo entities as the rest of the project sees them. */

/** One size of machine for one architecture; absent fields are not stated. */
export interface Resources {
  arch: string;
  cpus?: number;
  /** Hertz. */
  cpuSpeed?: number;
  /** Bytes. */
  ram?: number;
  /** Bytes. */
  storage?: number;
}

/** What is stated of a system's sizes; absent parts are not stated. */
export interface OsResources {
  minimum?: Resources;
  recommended?: Resources;
  maximum?: Resources;
  /** The least for an installer that fetches itself over the network. */
  networkInstall?: Resources;
}

export interface Device {
  id: string;
  name?: string;
  product?: string;
  productId?: string;
  vendor?: string;
  vendorId?: string;
  /** `net`, `block`, `rng`, … */
  class?: string;
  /** `pci`, `usb`, … */
  busType?: string;
  subsystem?: string;
}

/** An installer's medium or tree, as the database describes it. */
export interface InstallSource {
  id: string;
  arch: string;
  url?: string;
  kernel?: string;
  initrd?: string;
  /** Paths within the tree or on the ISO, as for kernel. */
  bootIso?: string;
  variant?: string;
  live: boolean;
  installer: boolean;
  /** Restarts the installer makes before it is done. */
  installerReboots: number;
}

export interface OsEntity {
  /** Such as http://debian.org/debian/13. */
  id: string;
  shortId: string;
  shortIds: string[];
  name: string;
  version: string;
  distro: string;
  family: string;
  vendor?: string;
  codename?: string;
  /** The kernel argument that names the answer file's URL, such as `ks`. */
  kernelUrlArgument?: string;
}

/** What generateScript() is asked for. */
export interface ScriptRequest {
  profile: 'jeos' | 'desktop' | string;
  source: 'media' | 'network' | 'tree';
  /** libosinfo's parameter names (admin-password, installation-url, …) and values. */
  config: Record<string, string>;
  /** Id of the script to take for a system that names none of this profile. */
  orElse?: string | undefined;
  /** Id of the script to take, whatever the system names. */
  script?: string | undefined;
}

export interface GeneratedScript {
  id: string;
  expectedFilename: string;
  injectionMethods: string[];
  needsInternet: boolean;
  text: string;
}

export interface OsMatch {
  os: OsEntity;
  /** `exact`, or `newest-known` when the version is newer than any that is known. */
  match: 'exact' | 'newest-known';
}

/** What a medium or tree is, as plain data. */
export interface DetectedOs {
  id: string;
  shortId: string;
  name: string;
  version: string;
  distro: string;
  /** Empty where the database does not say. */
  arch: string;
  /** Names of the variants on it. */
  variants: string[];
  live: boolean;
  installer: boolean;
  /** Paths on the medium or in the tree. */
  kernel?: string;
  initrd?: string;
}

/** One loaded database. All methods are pure after loading, and lazy. */
export interface Osinfo {
  /** By id or short id. */
  os(idOrShortId: string): OsEntity | undefined;
  /** A TDL's (name, version) to an entity, aliases of Oz included. */
  findForTdl(distro: string, version: string): OsMatch | undefined;
  /** The version that a TDL of this name gives for an entity; undefined when that is none of its. */
  versionForTdl(distro: string, os: OsEntity): string | undefined;
  /**
   * All devices with what derives-from and clones bring, minus the unsupported;
   * with a platform's id (`http://qemu.org/qemu/2.0.0`) those that it has too. One
   * that is not known counts as the newest known before it; where there is none
   * either, nothing is taken away.
   */
  devices(os: OsEntity, platform?: string): Device[];
  resources(os: OsEntity, arch: string): OsResources;
  trees(os: OsEntity, arch: string): InstallSource[];
  media(os: OsEntity, arch: string): InstallSource[];
  /** Whether firmware of this type is supported; null when the database is silent. */
  firmware(os: OsEntity, arch: string, type: 'bios' | 'efi'): boolean | null;
  /** Throws OzError OZ_OSINFO_NO_SCRIPT when there is none for the profile. */
  script(os: OsEntity, request: ScriptRequest): GeneratedScript;
}
