/** Where bases, logs and layers are kept: overlayfs must take the file system for its upper layer. */
import { lstat, mkdir, statfs } from 'node:fs/promises';
import path from 'node:path';
import { OzError } from '../../src/base/errors.ts';

/** File systems whose folders overlayfs does not take for changes, by the number in statfs(2). */
const refused = new Set([0x794c7630 /* overlayfs */, 0x6969 /* NFS */, 0xff534d42 /* CIFS */]);

/** Of these the first whose file system will do; containers often have one in /tmp alone. */
const usual = ['/var/cache', '/tmp'];

/** FRESH_DIR, or a folder of root's own. Throws OZ_FRESH_DIR. */
export async function freshDir(
  given: string | undefined,
  parents: readonly string[] = usual,
  type = async (folder: string) => (await statfs(folder)).type,
): Promise<string> {
  for (const parent of given ? [path.dirname(path.resolve(given))] : parents) {
    if (refused.has(await type(parent))) continue;
    const dir = given ? path.resolve(given) : path.join(parent, 'ozma-fresh');
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const facts = await lstat(dir);
    if (facts.isDirectory() && facts.uid === process.getuid?.()) return dir;
    throw new OzError('OZ_FRESH_DIR', `Cannot use ${dir}: it is not a folder of yours`, {
      hint: 'set FRESH_DIR to another one',
    });
  }
  throw new OzError('OZ_FRESH_DIR', 'Cannot lay files over a bare system: overlayfs refuses', {
    hint: `set FRESH_DIR to a folder on ext4, XFS, Btrfs or tmpfs, not below ${given ?? parents.join(' or ')}`,
  });
}
