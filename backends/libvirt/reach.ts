/** Whether the user that QEMU runs as can get at a file: libvirt hands over files, not directories. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { startTool } from '../../src/base/start-tool.ts';

export interface Owner {
  uid: number;
  gid: number;
}

/** All directories above a file, from the top. */
function parents(file: string): string[] {
  const dir = path.dirname(path.resolve(file));
  const above = dir === path.parse(dir).root ? [] : parents(dir);
  return [...above, dir];
}

/** Asks as that user (access lists count too); needs root. */
function mayEnter(dir: string, owner: Owner): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = startTool('test', ['-x', dir], {
      uid: owner.uid,
      gid: owner.gid,
      cwd: '/',
      stdio: 'ignore',
    });
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0));
  });
}

/** As far as the mode tells; a group's right counts, as access lists show there. */
async function modeAllows(dir: string, owner: Owner): Promise<boolean> {
  const { mode, uid } = await stat(dir);
  return owner.uid === 0 || (mode & 0o011) !== 0 || (uid === owner.uid && (mode & 0o100) !== 0);
}

/** The topmost directory above the file that the user may not enter, or null. */
export async function closedDirectory(file: string, owner: Owner): Promise<string | null> {
  const root = process.getuid?.() === 0;
  const dirs = parents(file);
  const last = dirs.at(-1) ?? '/';
  if (root && (await mayEnter(last, owner))) return null;
  for (const dir of dirs) {
    if (!(await (root ? mayEnter(dir, owner) : modeAllows(dir, owner)))) return dir;
  }
  return null;
}
