/**
 * The two interfaces every place where guests run implements: a Backend is the
 * place, a Guest is one virtual machine in it. Nothing else lives here.
 */
import type { Readable } from 'node:stream';
import type { LedgerEntry, LedgerWriter } from '../src/base/ledger-entry.ts';
import type { Splice } from '../src/media/splice.ts';

/** Architectures a TDL may name. */
export type Arch = 'i386' | 'x86_64' | 'ppc64' | 'ppc64le' | 'aarch64' | 'armv7l' | 's390x';

/** The role of a file the installer is started from. */
export type MediumRole = 'kernel' | 'initrd' | 'installer' | 'answer' | 'drivers';

export type MediumDevice = 'cdrom' | 'floppy' | 'usb';

export type DeliveryKind = 'initrd' | 'kernel-args' | 'medium' | 'remaster';

/**
 * How a place without files of its own starts an installer: `direct`: kernel and
 * initrd belong to the disk; `volumes`: blank volume first, installer and answer
 * media behind it; `rescue`: the installer as a rescue medium beside the disk.
 */
export type BootStrategy = 'direct' | 'volumes' | 'rescue';

/** One of them in a place, and how far it goes there. */
export interface OfferedStrategy {
  name: BootStrategy;
  possible: boolean;
  /** Why, or why not. */
  reason: string;
  /** Sizes of guests that have a disk of their own, where it is one: MiB and bytes at most. Absent: any. */
  sizes?: readonly { name: string; memory: number; disk: number }[] | undefined;
  /** Where disk or media are volumes: how many more there may be, and bytes of them. Absent: any. */
  volumes?: { count: number; bytes: number } | undefined;
}

/** Reports bytes done of bytes in total; `total` is null while it is unknown. */
export type ProgressListener = (done: number, total: number | null) => void;

export interface CallOptions {
  signal?: AbortSignal | undefined;
}

export interface TransferOptions extends CallOptions {
  onProgress?: ProgressListener | undefined;
}

/** What a place can do, known before anything is created in it. */
export interface Capabilities {
  /** Boot from kernel + initrd + command line. */
  kernelBoot: boolean;
  /** Media a guest may have besides its disk. */
  devices: readonly MediumDevice[];
  /** How it takes an installer's ISO with more in it, besides whole: LocalMedium.base or .splice. */
  remasters?: 'overlay' | 'splice' | undefined;
  /** How many media of all kinds at most (besides the disk). */
  maxMedia: number;
  /** Whether activity() can tell about disk and network. */
  activity: { disk: boolean; network: boolean };
  /** Whether key presses can be sent, as far as that is known before there is a guest. */
  sendKeys: boolean;
  /** What a guest calls the machine that runs the build, or null if it can't reach it. */
  hostAddress: string | null;
  /** Whether guests run at the processor's own speed; absent while nobody has looked. */
  accelerated?: boolean | undefined;
  /** The hypervisor in osinfo's words (`http://qemu.org/qemu/2.0.0`); absent while nobody has looked. */
  platform?: string | undefined;
  /** What PCs with EFI can be given; absent: neither. */
  trust?: { tpm: boolean; secureBoot: boolean } | undefined;
  /** Disk formats that guests run from. */
  diskFormats: readonly string[];
  /** Where there is a choice: every way to start an installer, the preferred one first. */
  strategies?: readonly OfferedStrategy[] | undefined;
  /** The most that a guest can have, memory in MiB; absent: it runs on this machine, and has of that. */
  largest?: { memory: number; cpus: number } | undefined;
  /** Text that a guest can fetch by itself; absent: this place has no such thing. */
  userData?:
    | {
        /** Of the text before it is encoded. */
        maxBytes: number;
        /** On a disk labelled config-2. */
        configDrive: boolean;
        /** Where it is over HTTP; null: the guest's network has no such service. */
        url: string | null;
      }
    | undefined;
  /** Whether a guest must say its address on its console, since nobody else here knows it. */
  announce?: boolean | undefined;
  /** What the user should know of how it is configured. */
  warnings?: readonly string[] | undefined;
  /** Whether the guest's SSH port can be reached from here; absent: yes. */
  sshReachable?: { reachable: boolean; reason: string } | undefined;
}

/** The virtual hardware of a guest, in libvirt's words. */
export interface Hardware {
  arch: Arch;
  /** `q35`, `pc`, `virt`, …; absent: the place's own default. */
  machine?: string | undefined;
  firmware: 'bios' | 'efi';
  secureBoot?: boolean | undefined;
  tpm?: boolean | undefined;
  /** MiB. */
  memory: number;
  cpus: number;
  /** It needs a processor with cmpxchg16b (x86-64-v2 and later); absent: not known to. */
  cx16?: boolean | undefined;
  diskBus: 'virtio' | 'ide' | 'sata' | 'scsi' | 'usb';
  cdromBus: 'ide' | 'sata' | 'scsi' | 'usb';
  /** libvirt's model name: virtio, e1000, rtl8139, ne2k_pci, … */
  nicModel: string;
  mac?: string | undefined;
  /** libvirt's model name, or `none`. */
  video: string;
  input: { type: 'tablet' | 'mouse'; bus: 'usb' | 'ps2' | 'virtio' };
  clock: 'utc' | 'localtime';
  rng?: RngDevice | undefined;
}

export interface RngDevice {
  model: string;
  /** A character device of the host, such as /dev/urandom. */
  device: string;
  /** Bytes each period. */
  rateBytes: number;
  /** Milliseconds. */
  ratePeriod: number;
}

/** A file on this machine that a guest needs. */
export interface LocalMedium {
  role: MediumRole;
  path: string;
  /** Name for humans and for the place's own catalogue. */
  label: string;
  /** Where it came from, unchanged: a place may fetch it from there by itself. */
  url?: string | undefined;
  /** Absolute path of the raw file that it is a qcow2 overlay of; absent: it is raw itself. */
  base?: string | undefined;
  /** The bytes of it that are not in `path`, whose holes they fill; absent: none. */
  splice?: Splice | undefined;
  /** It holds what is of this build alone (an answer file): it must not outlive the build there. */
  private?: boolean | undefined;
}

/** An ISO that is on no disk of this machine, for a place that takes it as it comes. */
export interface PassingMedium {
  role: MediumRole;
  label: string;
  url: string;
  /** Bytes; null: not told. */
  size: number | null;
  /** What all of it is known to digest to. */
  expect?: { type: string; digest: string } | undefined;
  /** All of it from the begin, at each call; ends with an error where it is not what is expected. */
  open(): Readable;
}

/** The same file, where the guest's place can use it. */
export interface StagedMedium {
  role: MediumRole;
  /** A path (libvirt) or an id (OpenStack). */
  ref: string;
  /** As LocalMedium.base. */
  base?: string | undefined;
  device?: MediumDevice | undefined;
  label: string;
}

/** The guest's hard disk: `path` is where the finished image is to be. */
export interface DiskSpec {
  path: string;
  format: string;
  /** Bytes. */
  size: number;
  /** Start from a copy of this file (a cached JEOS) or StagedDisk.ref instead of a blank disk. */
  from?: string | undefined;
  /** How the installer will be started on it, where there is a choice. */
  strategy?: BootStrategy | undefined;
  /** What the installer's guest will have beside it. */
  beside?: readonly MediumDevice[] | undefined;
}

export interface StagedDisk {
  /** A path (libvirt) or an id (OpenStack). */
  ref: string;
  /** It is not a file of this machine: only Guest.exportDisk() brings it here. */
  remote?: boolean | undefined;
  format: string;
  size: number;
}

export type Boot =
  | { kind: 'kernel'; kernel: StagedMedium; initrd: StagedMedium; cmdline: string }
  | { kind: 'cdrom' }
  | { kind: 'disk' };

export interface GuestSpec {
  /** The domain's or server's name. */
  name: string;
  uuid: string;
  title?: string | undefined;
  hardware: Hardware;
  boot: Boot;
  disk: StagedDisk;
  media: StagedMedium[];
  /**
   * `install`: the disk may lose data on a host crash for speed, and is made
   * durable before stop counts; `run`: an ordinary guest.
   */
  purpose: 'install' | 'run';
  /** A file that takes everything the guest writes on its first serial port. */
  consoleLog: string;
  /** One of Capabilities.strategies, where there is a choice. */
  strategy?: BootStrategy | undefined;
  /** Text that the guest can fetch by itself (Capabilities.userData). Secret. */
  userData?: string | undefined;
  /** The finished guest's entry in the place's catalogue, for describeFinished(). */
  published?: Published | undefined;
}

export type GuestState = 'running' | 'paused' | 'stopped' | 'crashed' | 'error' | 'gone';

/** How a guest's run ended. `reason` never holds a secret. */
export interface StopEvent {
  reason: 'shutdown' | 'destroyed' | 'crashed' | 'failed';
  detail?: string | undefined;
}

/** Counters since the guest's start; a null part is one this place does not tell. */
export interface Activity {
  diskRequests: number | null;
  networkBytes: number | null;
  /** Written to its disks; absent: not told. */
  bytesWritten?: number | null | undefined;
  /** They are looked at now and then only: what came last before the guest's end may be missing. */
  sampled?: boolean | undefined;
}

export interface Address {
  host: string;
  port: number;
  /** The host that connections must go through. */
  bastion?: { user: string; host: string; port: number } | undefined;
}

export interface StopOptions extends CallOptions {
  /** Milliseconds to wait for the guest's own shutdown; then it is cut off. */
  graceMs: number;
}

/** How people look at a guest. */
export interface Watching {
  /** The file on this machine that its console is written to; absent: none. */
  consoleLog?: string | undefined;
  /** Its screen's address; absent: it has none, or it takes a command to get one. */
  screen?: string | undefined;
  /** Commands that show its screen or its console. */
  commands: readonly string[];
}

/** One virtual machine. Made by Backend.createGuest, not yet running. */
export interface Guest {
  readonly name: string;
  /** Starts it; `boot` replaces the spec's boot for this run (after an installer's reboot). */
  start(options?: CallOptions & { boot?: Boot }): Promise<void>;
  state(options?: CallOptions): Promise<GuestState>;
  /** Calls back once for each end of a run; returns the function that ends listening. */
  onStop(listener: (event: StopEvent) => void): () => void;
  activity(options?: CallOptions): Promise<Activity | null>;
  /** Size in bytes of all console output so far, and its last `tailBytes`. Null: no console. */
  console(
    options?: CallOptions & { tailBytes?: number },
  ): Promise<{ size: number; tail: string } | null>;
  /** A PNG, or null where there is no screen. */
  screenshot(options?: CallOptions): Promise<Buffer | null>;
  /** Linux key codes, pressed together: down in their order, up in the reverse one. */
  sendKeys(codes: readonly number[], options?: CallOptions): Promise<void>;
  /** Where the guest's SSH port is reached, or null while that is unknown. */
  address(options?: CallOptions): Promise<Address | null>;
  /** How people look at it now; absent: they can't. */
  watch?(options?: CallOptions): Promise<Watching>;
  /** What the place knows of the guest, for the evidence folder: file name and text. */
  describe(options?: CallOptions): Promise<{ file: string; text: string }>;
  stop(options: StopOptions): Promise<void>;
  /**
   * The disk as the stopped guest leaves it, to outlive the guest: from now on
   * this is the disk, and the one the guest was made with may be gone.
   */
  takeDisk(options?: TransferOptions): Promise<StagedDisk>;
  /** Ends the guest and removes all of it but its disk. Never fails for what is already gone. */
  destroy(options?: CallOptions): Promise<void>;
  /** Writes the disk to a local file, which appears whole or not at all. */
  exportDisk(target: string, format: string, options?: TransferOptions): Promise<void>;
}

export interface Leftover {
  kind: 'guest' | 'disk';
  name: string;
}

/** A place where guests run. */
export interface Backend {
  readonly type: 'libvirt' | 'openstack' | 'memory';
  /** With `arch` also whether guests of that architecture run accelerated. */
  capabilities(options?: CallOptions & { arch?: Arch | undefined }): Promise<Capabilities>;
  /** Throws OzError when the place can't run guests of this kind; says what it will use. */
  check(hardware: Hardware, options?: CallOptions): Promise<{ summary: string }>;
  /** Guests and disks already there that a new build of this name and disk would collide with. */
  existing(name: string, disk: string, options?: CallOptions): Promise<Leftover[]>;
  /** Removes what existing() found (oz-install -p). */
  clear(name: string, disk: string, options?: CallOptions): Promise<void>;
  stage(medium: LocalMedium, options?: TransferOptions): Promise<StagedMedium>;
  /** The same, past this machine's disks and for this build alone; absent: it must be here. */
  pass?(medium: PassingMedium, options?: TransferOptions): Promise<StagedMedium>;
  createDisk(spec: DiskSpec, options?: TransferOptions): Promise<StagedDisk>;
  /** Makes a disk's content durable: everything the guest wrote is on stable storage. */
  syncDisk(disk: StagedDisk, options?: CallOptions): Promise<void>;
  /** Bytes of storage that a disk takes now: grown, its guest has written. Absent: not told here. */
  allocated?(disk: StagedDisk, options?: CallOptions): Promise<number>;
  createGuest(spec: GuestSpec, options?: CallOptions): Promise<Guest>;
  /** The description of the finished guest that the user gets (libvirt XML). */
  describeFinished(spec: GuestSpec): string;
  /** Makes a finished disk an entry of the place's catalogue, where it has one. */
  publish?(disk: StagedDisk, entry: CatalogueEntry, options?: TransferOptions): Promise<Published>;
  /** The disk of an entry that publish() made; throws OzError when it is gone. */
  published?(id: string, options?: CallOptions): Promise<StagedDisk>;
  /** Installers and answer media that builds keep there for later ones (oz-cleanup-cache). */
  staged?(options?: CallOptions): Promise<KeptMedium[]>;
  /** Removes one resource that a ledger names; what is gone already is no error. */
  remove(entry: LedgerEntry, options?: CallOptions): Promise<void>;
  /** The command with which people remove it; null: it is gone already. Absent: there is none. */
  removal?(entry: LedgerEntry, options?: CallOptions): Promise<string | null>;
  /** Lets go of the place. What it made here is removed, save what the ledger no longer holds. */
  close(): Promise<void>;
}

/** What a place's catalogue says of an image. */
export interface CatalogueEntry {
  name: string;
  /** libosinfo's distro, version and kind of system: `debian`, `13`, `linux`. */
  os: { distro: string; version: string; type: 'linux' | 'windows' | 'freebsd' };
  hardware: Hardware;
  /** Bytes and MiB that a guest of it needs at least. */
  minDisk: number;
  minRam: number;
  /** An entry that this one takes the place of (oz-customize). */
  replaces?: string | undefined;
}

export interface Published {
  id: string;
  name: string;
  /** The catalogue's own name, such as the cloud's. */
  at: string;
  /** Bytes. */
  size: number;
  digest?: { algorithm: string; value: string } | undefined;
  /** Whether guests of it do what their user data say (cloud-init); absent: not known. */
  userData?: boolean | undefined;
  /** What did not go as asked, and matters to the user all the same. */
  warning?: string | undefined;
}

/** A staged medium that outlives its build. */
export interface KeptMedium {
  name: string;
  /** Bytes, where the place tells. */
  size: number | null;
  /** What Backend.remove() takes it away by. */
  entry: LedgerEntry;
}

/** What a backend is given when it is opened. */
export interface BackendContext {
  ledger: LedgerWriter;
  /** For lines that belong in the debug log; never a secret. */
  log: (line: string) => void;
}
