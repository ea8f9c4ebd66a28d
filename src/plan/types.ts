/**
 * A BuildPlan: everything that is decided before anything is touched. Plain
 * data; `secrets` lists the texts that must be masked before it is shown.
 */
import type {
  Arch,
  BootStrategy,
  CatalogueEntry,
  DeliveryKind,
  Hardware,
  MediumDevice,
} from '../../backends/backend.ts';
import type { PlannedCustomise } from '../customize/types.ts';
import type { ChecksumType } from '../tdl/types.ts';

/** A file the installer needs, from its URL to its place in the cache. */
export interface PlannedMedium {
  role: 'kernel' | 'initrd' | 'installer' | 'drivers';
  url: string;
  /** Where it is kept between builds. */
  cachePath: string;
  /** Whether it stays there after the build ([cache] original_media). */
  keep: boolean;
  checksum?: { type: ChecksumType; url: string } | undefined;
}

/**
 * Where the kernel and the initrd of the installer come from. `inside`: what is
 * there is a boot floppy's image, and the file of this name in it is meant.
 */
export type BootFile =
  | { from: 'medium'; role: 'kernel' | 'initrd'; inside?: string | undefined }
  | { from: 'iso'; paths: string[]; inside?: string | undefined };

/**
 * Where the installer finds its answer file: in its initrd, on a medium of its
 * own, as the guest's user data (config drive, metadata service), or on a copy of the ISO.
 */
export type AnswerCarrier = 'initrd' | 'medium' | 'user-data' | 'remaster';

/** A path on a medium and its content, which may hold secrets. */
export type AnswerFile = { path: string; text: string } | { path: string; bytes: Buffer };

/** A small medium that holds the answer file and what belongs to it. */
export interface AnswerMedium {
  device: MediumDevice;
  /** Volume label that the installer looks for. */
  label: string;
  files: AnswerFile[];
}

/** What is added to a copy of the installer's ISO. */
export interface PlannedRemaster {
  /** The answer file, where nothing else carries it. */
  files: AnswerFile[];
  /** The TDL's <extras>: from anywhere, to a path on the ISO. */
  extras: { kind: 'file' | 'directory'; source: string; destination: string }[];
}

/** Pressed over and over again after the first start, for who asks before it starts from a CD. */
export interface KeyPresses {
  /** Linux key codes, pressed together. */
  codes: number[];
  /** Milliseconds. */
  every: number;
  /** Milliseconds after the start. */
  until: number;
}

/** What the installer prints when it comes to a part of its work. */
export interface ConsoleStep {
  /** For people: `base system`. Empty: the step before goes on. */
  title: string;
  /** A regular expression for a line; a percentage in that line, or `(12/347)`, is how far it is. */
  pattern: string;
}

export interface PlannedInstall {
  delivery: {
    kind: DeliveryKind;
    reason: string;
    rejected: { kind: DeliveryKind; reason: string }[];
  };
  answer: {
    /** Name the installer expects, such as preseed.cfg. */
    filename: string;
    /** Holds secrets. */
    text: string;
    /** A character of the text is a byte of the file; absent: it is UTF-8. */
    encoding?: 'latin1' | undefined;
    /** The script's id, or the user's file. */
    origin: string;
  };
  boot:
    | {
        kind: 'kernel';
        kernel: BootFile;
        initrd: BootFile;
        /** `{installer-label}` in it stands for the ISO's volume label, known once that is here. */
        cmdline: string;
      }
    | { kind: 'cdrom' };
  /** How the answer file travels. */
  carrier: AnswerCarrier;
  /** Carrier `medium`: what is made, and attached with role `answer`. */
  medium?: AnswerMedium | undefined;
  /** The guest sees a copy of the ISO with these files; absent: the ISO as it is. */
  remaster?: PlannedRemaster | undefined;
  /** Where the place has a choice: how the installer is started, and why. */
  strategy?:
    | { name: BootStrategy; reason: string; rejected: { name: BootStrategy; reason: string }[] }
    | undefined;
  /** Installer media that the guest sees, besides its disk. */
  attach: { role: 'installer' | 'answer' | 'drivers'; device: MediumDevice }[];
  /**
   * The installer speaks on its screen alone (an ISO started as it is), so that a
   * console that does not grow says nothing.
   */
  silentConsole?: true | undefined;
  /** Restarts to expect before the power-off that means success. */
  reboots: number;
  /** Keys to press; absent: none, or the place can't. */
  keyPresses?: KeyPresses | undefined;
  /** Console lines (regular expressions) that mean the installer has failed. */
  failurePatterns: string[];
  /** Console lines that tell what the installer is at. */
  consoleSteps: ConsoleStep[];
}

/** How the build gets into the guest that it installed. */
export interface PlannedAccess {
  username: string;
  /** One line in OpenSSH's form. */
  publicKey: string;
  privateKeyPath: string;
  /** Logs in instead of the key. Secret. */
  password?: string | undefined;
  /**
   * `answer`: the answer file places the key; `offline`: it is put into the
   * disk before the second boot (own answer file, cached JEOS, safe ICICLE);
   * `user-data`: cloud-init in the guest places it (an image of a cloud's catalogue).
   */
  via: 'answer' | 'offline' | 'user-data';
  /**
   * `cloud-init`: nobody gets in; the steps travel as user data and the package
   * list comes back over the console. `disk`: the system is not started at all, its
   * packages are read from a copy of its disk. Absent: SSH.
   */
  method?: 'ssh' | 'cloud-init' | 'disk' | undefined;
  /** Why this one, where there was a choice. */
  reason?: string | undefined;
  /** There is a cloud-init, which would do to the system what its distribution likes: it is told not to. */
  tame?: boolean | undefined;
  /** Offline: the system is made to say its address on its console. */
  announce?: boolean | undefined;
  /** Offline: the helper guest must be emulated too, since KVM does not work here. */
  emulate: boolean;
  /**
   * The password that root should have by the answer file, to be checked over SSH
   * (secret); `mend`: another one is no failure but is changed, for a system from
   * the JEOS cache may have been installed by another TDL.
   */
  rootPassword?: { text: string; mend: boolean } | undefined;
}

export interface BuildPlan {
  schema: 1;
  name: string;
  description?: string | undefined;
  backend: 'libvirt' | 'openstack';
  tdl: { source: string; distro: string; version: string; arch: Arch };
  os: {
    id: string;
    shortId: string;
    name: string;
    family: string;
    match: 'exact' | 'newest-known';
    /** For the place's catalogue. */
    catalogue: Pick<CatalogueEntry, 'os' | 'minRam'>;
  };
  hardware: Hardware;
  guest: { name: string; user: string };
  disk: { path: string; format: string; size: number };
  media: PlannedMedium[];
  install: PlannedInstall;
  /** A finished installation of this OS that a former build left, or where to leave one. */
  jeos?: { path: string } | undefined;
  /** Null: not asked for, or nothing to do. */
  customise: PlannedCustomise | null;
  /** Null: not asked for. `file` null: to standard output. */
  icicle: {
    file: string | null;
    extraCommand?: string | undefined;
    /** How the packages are listed: `dpkg`, `rpm`, … */
    lister: string;
    /** Take it from a throw-away copy of the disk ([icicle] safe_generation). */
    safe: boolean;
  } | null;
  /** Whether the guest must let us in over SSH after the install. */
  access: PlannedAccess | null;
  /** `debian`, … which sealing applies. */
  seal: string;
  outputs: {
    image: string;
    imageType: string;
    domainXml: string;
    /** Where the place has a catalogue: the result stays there, comes here, or both. */
    result?: 'glance' | 'download' | 'both' | undefined;
    /** Whether guests of the image will do what user data say; absent: not known. */
    userData?: boolean | undefined;
  };
  evidenceDir: string;
  /** Milliseconds. */
  timeouts: { install: number; inactivity: number; boot: number; shutdown: number };
  warnings: string[];
  /** Texts to mask; never shown. */
  secrets: string[];
}

/** The part of a plan that concerns a system that is installed already. */
export type WorkPlan = Pick<
  BuildPlan,
  | 'name'
  | 'description'
  | 'hardware'
  | 'guest'
  | 'disk'
  | 'customise'
  | 'icicle'
  | 'access'
  | 'seal'
  | 'timeouts'
  | 'evidenceDir'
  | 'warnings'
  | 'secrets'
> & {
  os: Pick<BuildPlan['os'], 'name' | 'catalogue'>;
  /** Work in this entry of the place's catalogue rather than in the file disk.path. */
  published?: PlannedEntry | undefined;
};

/** An image in a place's catalogue that was built before. */
export interface PlannedEntry {
  id: string;
  name: string;
  /** The file here that holds the same image, to be renewed with it; null: there is none. */
  download: { path: string; format: string } | null;
}
