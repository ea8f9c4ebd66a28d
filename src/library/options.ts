/** What programs say to plan(), build(), customize() and generateIcicle(). */
import type { OzConfig } from '../config/types.ts';
import type { BuildEvent } from '../engine/events.ts';

export interface CommonOptions {
  /**
   * A configuration from parseConfig() or loadConfig(), or the path of an oz.cfg.
   * Absent: ~/.oz/oz.cfg, else for root /etc/oz/oz.cfg, else the defaults.
   */
  config?: OzConfig | string | undefined;
  /** Absent: as [backend] type of the configuration says. */
  backend?: 'libvirt' | 'openstack' | undefined;
  /** Environment and directory to work in; the process's own unless told. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Absolute. Relative paths start here, and the domain XML goes here. */
  cwd?: string | undefined;
}

export interface PlanOptions extends CommonOptions {
  /** Do what the TDL says about repositories, packages, files and commands (-u). */
  customize?: boolean | undefined;
  /** List the packages (-g): true, or the file to write the ICICLE to. */
  icicle?: boolean | string | undefined;
  /** The domain XML's file (-x); absent: the guest's name and the time, in `cwd`. */
  xmlFile?: string | undefined;
  /** The image's file (-s); absent: the guest's name in the output directory. */
  disk?: string | undefined;
  /** virtio, ide, sata, scsi or usb (-b). */
  diskBus?: string | undefined;
  /** virtio, e1000, … (-n) */
  nicModel?: string | undefined;
  /** MAC address (-m). */
  mac?: string | undefined;
  /** Seconds that the installation may take (-t). */
  timeout?: number | undefined;
  /** The user's own answer file, such as a kickstart (-a). */
  answerFile?: string | undefined;
  /** Ends the work; what it is ended with is thrown. */
  signal?: AbortSignal | undefined;
}

export interface WorkingOptions {
  /** Called with each event, in order; must not throw. */
  onEvent?: ((event: BuildEvent) => void) | undefined;
  /** Ends the work in good order: nothing is left behind, and its reason is thrown. */
  signal?: AbortSignal | undefined;
  /** After a failure: remove guest, disk and work files (`cleanup`, unless told), or keep them. */
  onError?: 'cleanup' | 'keep' | undefined;
}

export interface BuildOptions extends PlanOptions, WorkingOptions {
  /** Download media again even when they are cached (-f). */
  forceDownload?: boolean | undefined;
  /** First remove a guest and a disk of the same name (-p). */
  replace?: boolean | undefined;
}

export interface ExistingOptions extends CommonOptions, WorkingOptions {
  /** MAC address (-m). */
  mac?: string | undefined;
}

export interface IcicleOptions extends ExistingOptions {
  /** A file for the ICICLE document, besides the result (-i). */
  file?: string | undefined;
}
