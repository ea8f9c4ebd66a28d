/** Makes one udeb with the control data that the archive's index has for it. */
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../../../src/base/run-tool.ts';
import { field } from '../lib/control.ts';
import { sha256, writeFileTo } from '../lib/files.ts';
import { type Build, type InstallerTree, served } from './build.ts';

/** Whether a udeb is neither in the initrd nor on the mirror. */
export async function isMissing(build: Build, tree: InstallerTree, name: string) {
  if (tree.inside.has(name)) return false;
  return !(await build.archive.exists(field(build.udebs.get(name) ?? '', 'Filename')));
}

/** Packs the directory as the udeb `name`, and corrects its entry in the index. */
export async function makeUdeb(build: Build, name: string, top: string, postinst?: string) {
  const stanza = build.udebs.get(name) ?? '';
  const control = `${stanza}\n`.replace(
    /^(Filename|Size|MD5sum|SHA256|Description-md5):.*\n/gm,
    '',
  );
  await writeFileTo(path.join(top, 'DEBIAN/control'), control);
  if (postinst) await writeFileTo(path.join(top, 'DEBIAN/postinst'), postinst, 0o755);
  const out = served(build, field(stanza, 'Filename'));
  await mkdir(path.dirname(out), { recursive: true });
  // The same input gives the same file: an index handed out before stays right.
  await runTool('dpkg-deb', ['-b', '--root-owner-group', '-Zxz', '-z1', top, out], {
    env: { SOURCE_DATE_EPOCH: String(build.archive.date) },
    signal: build.signal,
  });
  const digest = await sha256(out);
  build.udebs.set(
    name,
    stanza
      .replace(/^MD5sum:.*\n/m, '')
      .replace(/^Size:.*/m, `Size: ${(await stat(out)).size}`)
      .replace(/^SHA256:.*/m, `SHA256: ${digest}`),
  );
}
