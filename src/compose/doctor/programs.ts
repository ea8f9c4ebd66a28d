/** The programs that a build starts on this machine, and the packages that bring what is missing. */
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { packageGroups, packageOf, programsOf, qemuPackage } from '../../base/debian-packages.ts';
import { asRoot, type Finding, fine, problem } from '../../base/finding.ts';
import { ownArch } from '../../base/own-arch.ts';
import { runTool } from '../../base/run-tool.ts';
import { searchPath } from '../../base/search-path.ts';
import type { OzConfig } from '../../config/types.ts';

/** Of the packages of a build, those that a build in a cloud needs here as well. */
const forClouds: readonly string[] = ['mtools', 'openssh-client', 'osinfo-db', 'xorriso'];

/** Whether these are needed here, and there, is told by the connection to libvirt. */
const ofHypervisor = /^(libvirt|qemu-system-)/;

async function isProgram(name: string, search: string): Promise<boolean> {
  for (const dir of search.split(':')) {
    const found = await access(path.join(dir, name), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

/** Which of these packages are not installed; undefined where there is no dpkg to ask. */
export async function missingPackages(names: readonly string[]): Promise<string[] | undefined> {
  try {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
    const args = ['-W', '-f=${Package} ${db:Status-Status}\n', ...names];
    const { stdout } = await runTool('dpkg-query', args, { okCodes: [0, 1] });
    const lines = new Set(stdout.toString('utf8').split('\n'));
    return names.filter((name) => !lines.has(`${name} installed`));
  } catch {
    return undefined;
  }
}

interface Looks {
  search?: string;
  missing?: typeof missingPackages;
}

/**
 * Programs of the table's packages that are not on the search path. What mends it names all
 * packages of a build that are missing, so that one command does.
 */
export async function programs(
  type: OzConfig['backend']['type'],
  { search = searchPath(), missing = missingPackages }: Looks = {},
): Promise<Finding> {
  const qemu = qemuPackage(ownArch());
  const packages = (packageGroups.build ?? [])
    .filter((name) => type === 'libvirt' || forClouds.includes(name))
    .map((name) => (name.startsWith('qemu-system-') ? qemu : name));
  const names = packages.filter((name) => !ofHypervisor.test(name)).flatMap(programsOf);
  const absent: string[] = [];
  for (const name of names) if (!(await isProgram(name, search))) absent.push(name);
  if (absent.length === 0) return fine('programs', `all ${names.length} programs are installed`);
  const owners = absent.map((name) => packageOf(name) ?? name);
  const wanted = [...new Set([...owners, ...((await missing(packages)) ?? [])])].sort();
  return problem(
    'programs',
    `not installed: ${absent.join(', ')}`,
    asRoot(`apt-get install ${wanted.join(' ')}`),
  );
}
