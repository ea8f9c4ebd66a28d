/** Who else can write oz.cfg: it names directories that are written and cleared, and accounts. */
import { type Stats, statSync } from 'node:fs';
import path from 'node:path';

type Writable = Pick<Stats, 'mode' | 'uid' | 'gid'>;

/** Who may write to it besides its owner; in a directory with the sticky bit nobody replaces it. */
function writersOf({ mode, gid }: Writable, isRoot: boolean, directory: boolean): string | null {
  if (directory && (mode & 0o1000) !== 0) return null;
  if ((mode & 0o002) !== 0) return 'everybody';
  // A user's own group is often shared on purpose; what root obeys is not.
  return isRoot && (mode & 0o020) !== 0 && gid !== 0 ? `group ${gid}` : null;
}

/** sudo's user may do all that root may. */
function isOthers({ uid }: Writable, isRoot: boolean): boolean {
  return isRoot && uid !== 0 && String(uid) !== process.env.SUDO_UID;
}

/** Warnings about a configuration file that others could have written. */
export function writableWarnings(file: string, stat: Writable, isRoot: boolean): string[] {
  const why = 'who can write it decides what is written and cleared with your rights';
  if (isOthers(stat, isRoot)) {
    return [`${file}: it belongs to user ${stat.uid}, and ${why}: chown root ${file}`];
  }
  const dir = path.dirname(path.resolve(file));
  for (const [name, found] of [
    [file, stat],
    [dir, statSync(dir, { throwIfNoEntry: false })],
  ] as const) {
    const writers = found && writersOf(found, isRoot, name === dir);
    if (!writers) continue;
    const what =
      name === dir
        ? `${file}: ${writers} may write to its directory`
        : `${file}: ${writers} may write to it`;
    return [`${what}, and ${why}: chmod go-w ${name}`];
  }
  return [];
}
