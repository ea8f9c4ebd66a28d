/** How each package database lists what is installed. One entry a database. */

export interface Lister {
  /** A command line for the guest's shell: one line a package. */
  command: string;
  /** The package's name in such a line, or null when it is not installed. */
  parse(line: string): string | null;
}

const wholeLine = (line: string): string | null => line.trim() || null;

export const listers: Readonly<Record<string, Lister>> = {
  // Names as Oz's: with the architecture where dpkg needs it to tell them apart.
  dpkg: {
    command: 'dpkg --get-selections',
    parse: (line) => {
      const [name, selection] = line.split(/\t+/);
      return name && selection !== 'deinstall' && selection !== 'purge' ? name : null;
    },
  },
  rpm: { command: 'rpm -qa', parse: wholeLine },
  apk: { command: 'apk info -v', parse: wholeLine },
  pacman: { command: 'pacman -Q', parse: (line) => line.trim().replace(/ /, '-') || null },
  // Without the first word a system that has never had a package would ask to install pkg itself.
  pkg: {
    command: `sh -c 'if pkg -N >/dev/null 2>&1; then pkg query %n-%v; fi'`,
    parse: wholeLine,
  },
};
