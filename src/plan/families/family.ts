/**
 * What a guest family is: one object that says how one kind of installer is
 * driven. Versions are data of osinfo, not code.
 */
import type { DeliveryKind, Hardware } from '../../../backends/backend.ts';
import type { InstallSource, OsEntity, Osinfo } from '../../../osinfo/types.ts';
import type { Tdl } from '../../tdl/types.ts';
import type { AnswerCarrier, AnswerFile, AnswerMedium, ConsoleStep, KeyPresses } from '../types.ts';

/** What a family's functions are told. */
export interface FamilyContext {
  tdl: Tdl;
  os: OsEntity;
  osinfo: Osinfo;
  /** The install URL as the guest reaches it. */
  guestUrl: string;
  /** The tree or medium the database knows for this OS and architecture. */
  source: InstallSource | undefined;
  /** Whether a CD with drivers is attached beside the installer's. */
  drivers: boolean;
  /** Root's password in the finished image. Secret. */
  rootPassword: string;
  /** One line in OpenSSH's form, when the answer file is to let us in. */
  publicKey: string | undefined;
  /** Whether the second boot takes its orders from user data, so that cloud-init must be there. */
  cloudInit: boolean;
  hardware: Hardware;
  /** The user's own answer file, taken as it is. */
  ownAnswer?: string | undefined;
  /** Where user data is over HTTP, if anywhere. */
  userDataUrl: string | undefined;
}

/** One way to hand over the answer file: how the installer is started, and where it finds the file. */
export interface AnswerWay {
  kind: DeliveryKind;
  carrier: AnswerCarrier;
  /** Carrier `user-data`: how the installer reads it. */
  reads?: 'config-drive' | 'url' | undefined;
}

/** The ways there are; families name those that their installer knows. */
export const ways = {
  initrd: { kind: 'initrd', carrier: 'initrd' },
  /** Kernel arguments name the answer medium. */
  argsMedium: { kind: 'kernel-args', carrier: 'medium' },
  argsConfigDrive: { kind: 'kernel-args', carrier: 'user-data', reads: 'config-drive' },
  argsUrl: { kind: 'kernel-args', carrier: 'user-data', reads: 'url' },
  /** The installer's own boot loader, and a medium that it looks for by itself. */
  medium: { kind: 'medium', carrier: 'medium' },
  configDrive: { kind: 'medium', carrier: 'user-data', reads: 'config-drive' },
  remaster: { kind: 'remaster', carrier: 'remaster' },
} as const satisfies Record<string, AnswerWay>;

/** In a kernel command line: the volume label of the installer's ISO, filled in once that is here. */
export const installerLabel = '{installer-label}';

export interface GuestFamily {
  name: string;
  /** Whether it installs this system from what the TDL names. */
  installs(os: OsEntity, tdl: Pick<Tdl, 'install'>): boolean;
  /** Name under which the installer looks for its answer file. */
  answerFile(context: FamilyContext): string;
  /** Possible ways for the TDL's install type, the preferred one first; empty: none. */
  ways(context: FamilyContext): readonly AnswerWay[];
  /** Where kernel and initrd are, for an install from a tree. */
  treeFiles?(context: FamilyContext): { kernel: string; initrd: string };
  /** Paths on the ISO, in the order they are tried. */
  isoFiles?(context: FamilyContext): { kernel: string[]; initrd: string[] };
  /** Their names in a boot floppy's image, where that is what treeFiles() or isoFiles() name. */
  inside?(context: FamilyContext): { kernel: string; initrd: string } | undefined;
  /** The installer's kernel command line for this way. */
  cmdline?(context: FamilyContext, way: AnswerWay): string;
  /** The answer file. Ends in power-off, asks nothing. */
  answer(context: FamilyContext): { text: string; origin: string };
  /** Carrier `medium`: what holds the answer file. */
  medium?(context: FamilyContext, answer: string): AnswerMedium;
  /** Carrier `remaster`: the files to add to a copy of the ISO. */
  remaster?(context: FamilyContext, answer: string): AnswerFile[];
  /** Why nothing can be added to its ISO, if so. */
  fixedIso?(os: OsEntity): string | undefined;
  /** Whether it finds drivers on a CD of their own. */
  takesDrivers?(os: OsEntity): boolean;
  /** Whether the ISO, with the files of remaster() on it, speaks on the first serial port. */
  remasterOnSerial?: boolean | undefined;
  /** Keys that the installer's boot loader waits for. */
  keyPresses?(context: FamilyContext): KeyPresses | undefined;
  /** What may go wrong with an installer of this kind. */
  caveat?(os: OsEntity): string | undefined;
  /** Restarts before the final power-off. */
  reboots(context: FamilyContext): number;
  /** Whether our own answer file ends in a restart, for an installer that cannot switch off. */
  endsInRestart?(os: OsEntity): boolean;
  /** Whether the installer is switched off whatever the answer file says. */
  endsByItself?: boolean | undefined;
  /** Seconds that an accelerated installation may take, where the usual limit is too short. */
  installTime?(os: OsEntity): number | undefined;
  /** Whether its answer file can install cloud-init in this system. */
  cloudInit(os: OsEntity): boolean;
  /** Whether its systems have cloud-init without being told to. */
  bringsCloudInit?: boolean | undefined;
  failurePatterns: readonly string[];
  /** Lines that tell what the installer is at; empty: it says nothing there. */
  consoleSteps: readonly ConsoleStep[];
  /** Whether the answer file gives root the TDL's password; the build then looks whether it has. */
  setsRootPassword?: boolean | undefined;
  packageManager(os: OsEntity): string;
  /** Why no packages can be installed by it, if so. */
  undriven?(os: OsEntity): string | undefined;
  lister: string;
  seal: string;
}
