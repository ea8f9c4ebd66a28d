/**
 * What a guest family is: one object that says how one kind of installer is
 * driven. Versions are data of osinfo, not code.
 */
import type { DeliveryKind } from '../../../backends/backend.ts';
import type { InstallSource, OsEntity, Osinfo } from '../../../osinfo/types.ts';
import type { Tdl } from '../../tdl/types.ts';

/** What a family's functions are told. */
export interface FamilyContext {
  tdl: Tdl;
  os: OsEntity;
  osinfo: Osinfo;
  /** The install URL as the guest reaches it. */
  guestUrl: string;
  /** The tree or medium the database knows for this OS and architecture. */
  source: InstallSource | undefined;
  /** Root's password in the finished image. Secret. */
  rootPassword: string;
  /** One line in OpenSSH's form, when the answer file is to let us in. */
  publicKey: string | undefined;
}

export interface GuestFamily {
  name: string;
  /** libosinfo's `distro` values, and the short ids of those that another family installs. */
  distros: readonly string[];
  /** Name under which the installer looks for its answer file. */
  answerFile: string;
  /** Possible deliveries for each install type, the preferred one first. */
  deliveries: Record<'url' | 'iso', readonly DeliveryKind[]>;
  /** Where kernel and initrd are, for an install from a tree. */
  treeFiles(context: FamilyContext): { kernel: string; initrd: string };
  /** Paths on the ISO, in the order they are tried. */
  isoFiles(context: FamilyContext): { kernel: string[]; initrd: string[] };
  /** The installer's kernel command line for this delivery. */
  cmdline(context: FamilyContext, delivery: DeliveryKind): string;
  /** The answer file. Ends in power-off, asks nothing. */
  answer(context: FamilyContext): { text: string; origin: string };
  /** Restarts before the final power-off. */
  reboots: number;
  failurePatterns: readonly string[];
  packageManager: string;
  lister: string;
  seal: string;
}
