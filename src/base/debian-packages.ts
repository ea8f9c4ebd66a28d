/**
 * Which Debian package holds what Ozma starts or reads, and which command needs which packages.
 * The table is JSON, since compat/setup/setup.js reads it before anything is installed.
 */
import table from './debian-packages.json' with { type: 'json' };

type Holdings = Readonly<Record<string, readonly string[]>>;

/** The packages of each group: `build` is what a build on this machine needs. */
export const packageGroups: Holdings = table.groups;

/** Packages of every minimal Debian, with the programs of theirs that are started. */
export const barePackages: Holdings = table.bare;

const holdings: readonly Holdings[] = [table.programs, table.libraries, table.bare];

/** The package with this program or library, by its name without folders. */
export function packageOf(name: string): string | undefined {
  for (const held of holdings) {
    const found = Object.entries(held).find(([, names]) => names.includes(name));
    if (found) return found[0];
  }
  return undefined;
}

/** The programs of a package that are started. */
export function programsOf(name: string): readonly string[] {
  return (table.programs as Holdings)[name] ?? [];
}

/** Debian's QEMU for an architecture, by the name that Ozma has for it. */
export function qemuPackage(arch: string): string {
  return (table.qemu as Record<string, string>)[arch] ?? 'qemu-system';
}

/** The hint of every error for want of a package: one command. */
export function installHint(...packages: string[]): string {
  return `install it (Debian: apt-get install ${packages.join(' ')})`;
}

/** The same for a program or library; one that is in no package keeps its name. */
export function missingHint(name: string): string {
  return installHint(packageOf(name) ?? name);
}
