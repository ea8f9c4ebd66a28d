/** What a package manager is: words, files and scripts. A further one is one more object like this. */
import { createHash } from 'node:crypto';
import type { Script } from '../script.ts';
import type { Repository } from '../types.ts';

/** Something done in the guest: a script that is run, or a file (mode 0644) that is written. */
export type Action = { script: Script } | { path: string; content: string };

export interface PackageManager {
  /** Set for every command; nothing may ask a question or page its output. */
  environment: Readonly<Record<string, string>>;
  /** Words that install the names that follow; a package's own arguments come after them. */
  install: readonly string[];
  /** The same for package files, where that is another command. */
  installFile?: readonly string[] | undefined;
  /** Words that end the options, where it knows such; names never begin with a dash. */
  endOfOptions: readonly string[];
  /** Exit codes besides 0 with which everything was installed. */
  fineCodes?: readonly number[] | undefined;
  /** Name endings of package files; the first is given to a file that has none of them. */
  fileExtensions: readonly string[];
  /** Done once before the first packages. */
  refresh?: Script | undefined;
  /** `id` is the repository's name made safe, see repositoryId(). */
  addRepository(repository: Repository, id: string): Action[];
  removeRepository(repository: Repository, id: string): Action[];
  /**
   * How one package is taken from a repository: further words for the install
   * command (and text that goes before the name), or a script (package name as
   * "$1") that prints what to install, and one that is run when that is there
   * (what was installed as "$picked"). `ours` is false for a repository that the
   * TDL does not define.
   */
  takeFrom(
    id: string,
    ours: boolean,
  ):
    | { words: string[]; prefix?: string | undefined }
    | { pick: Script; afterwards?: string | undefined };
  /** Runs the TDL's commands where root's login shell is none that Oz ever met: csh or ash. */
  shell?: string | undefined;
  /** Commands and files are Windows'; there is no POSIX shell. */
  windows?: boolean | undefined;
}

/**
 * A repository's name as a file name and an id: spaces become `_`, as in Oz;
 * whatever else can't stay does too, and a digest keeps such names apart.
 */
export function repositoryId(name: string): string {
  const spaced = name.replaceAll(' ', '_');
  const safe = spaced.replace(/[^\w.-]/g, '_').replace(/^[.-]+/, '_');
  if (safe === spaced) return safe;
  return `${safe.slice(0, 80)}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}
