/** For every package that a build takes, one at a time taken away: the hint names exactly it. */
import { packageGroups } from '../../src/base/debian-packages.ts';
import { beginBuild } from './begin.ts';
import type { Box } from './box.ts';
import { type CellContext, type Figures, failed, mustSucceed } from './cell.ts';
import { withExample } from './example.ts';
import { asRoot, hintedPackages, install } from './hinted.ts';
import { openPacked } from './packed.ts';
import { processesNamed } from './processes.ts';

/**
 * What the example's build does not start, with the reason. Everything else of the group is taken
 * away once.
 */
const unused: Readonly<Record<string, string>> = {
  e2fsprogs: 'only for images that are customized without being started',
  fdisk: 'only for images that are customized without being started',
  mtools: 'only for answers on a floppy disk',
  'openssh-client': 'only for hosts and clouds that are reached over SSH',
  xorriso: 'only for installs from an ISO',
};

/** Only root has a daemon that wants a user of its own. */
const rootOnly = new Set(['libvirt-daemon-system']);

/** The packages that are taken away for a user. */
export function takenAway(user: string): string[] {
  return (packageGroups.build ?? []).filter(
    (name) => !(name in unused) && (user === 'root' || !rootOnly.has(name)),
  );
}

/**
 * What a package makes, and takes away only where nothing runs as that user: a machine that never
 * had the package has no such user.
 */
const users: Readonly<Record<string, readonly string[]>> = {
  'libvirt-daemon-system': ['libvirt-qemu'],
};

async function removeUsers(box: Box, name: string): Promise<void> {
  for (const user of users[name] ?? []) {
    const line = asRoot(box, `sh -c 'if getent passwd ${user}; then userdel ${user}; fi'`);
    mustSucceed(line, await box.run(line));
  }
}

/** The daemons of the builds before have their programs in memory: a removed one would still run. */
async function endDaemons(box: Box): Promise<void> {
  for (const id of (await processesNamed(box, /^(?:libvirtd|virtlogd)$/)).keys()) {
    process.kill(id, 'SIGKILL');
  }
  await box.run('rm -rf /run/libvirt', { as: 'root' });
}

/** Takes a package away, builds, and gives it back. Returns what is wrong, if anything. */
async function without(context: CellContext, box: Box, tdl: string, name: string) {
  await endDaemons(box);
  const remove = asRoot(box, `dpkg --force-depends --purge ${name}`);
  mustSucceed(remove, await box.run(remove));
  await removeUsers(box, name);
  const result = await beginBuild(context, box, `oz-install -p -u ${tdl}`);
  await install(box, [name]);
  if (result.reached) return `${name}: the build does not miss it`;
  const named = hintedPackages(result.text);
  if (named.length === 1 && named[0] === name) return undefined;
  return `${name}: the hint names ${named.join(' ') || 'nothing'}: ${result.text.trim()}`;
}

export async function hints(context: CellContext): Promise<Figures> {
  const box = await openPacked(context);
  const names = takenAway(context.user);
  const update = asRoot(box, 'apt-get -q update');
  mustSucceed(update, await box.run(update));
  await install(box, packageGroups.build ?? []);
  const wrong = await withExample(context, box, async (tdl) => {
    const found: string[] = [];
    for (const name of names) {
      const fault = await without(context, box, tdl, name);
      context.say(fault ?? `${name}: named`);
      if (fault) found.push(fault);
    }
    return found;
  });
  if (wrong.length > 0)
    throw failed(`${wrong.length} of ${names.length} hints are wrong`, wrong.join('\n'));
  return { packages: names.length };
}
