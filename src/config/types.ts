/** oz.cfg with every default filled in. */

export interface OzConfig {
  /** The file it came from, or null when there is none. */
  source: string | null;
  backend: { type: 'libvirt' | 'openstack' };
  paths: {
    outputDir: string;
    dataDir: string;
    screenshotDir: string;
    sshPrivKey: string;
    /** An ISO for Windows' Setup. */
    windowsDrivers?: string | undefined;
  };
  libvirt: {
    /** Absent: the embedded default is found out when a connection is needed. */
    uri?: string | undefined;
    /** `kvm`, `qemu`, …; absent: the best that works. */
    type?: string | undefined;
    bridgeName?: string | undefined;
    cpus?: number | undefined;
    /** MiB. */
    memory?: number | undefined;
    imageType: string;
    /** `none` for no device; absent: the default one. */
    /** Unset: what the system needs. */
    firmware?: 'bios' | 'efi' | undefined;
    rngModel?: string | undefined;
    rngDevice?: string | undefined;
    rngRateBytes?: number | undefined;
    rngRatePeriod?: number | undefined;
  };
  cache: { originalMedia: boolean; modifiedMedia: boolean; jeos: boolean };
  icicle: { safeGeneration: boolean };
  /** Seconds. */
  timeouts: {
    install: number;
    inactivity: number;
    boot: number;
    shutdown: number;
    /** Which of them the user has set; absent: none. */
    set?: readonly ('install' | 'inactivity' | 'boot' | 'shutdown')[] | undefined;
  };
  /**
   * The [openstack] section as checked texts by key, defaults filled in where there are
   * some. May hold secrets, so it is not enumerable.
   */
  openstack?: Record<string, string> | undefined;
  /** Unknown sections and keys, with a suggestion; to be shown, not fatal. */
  warnings: string[];
}
