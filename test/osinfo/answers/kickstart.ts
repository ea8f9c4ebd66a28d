/** What Anaconda takes, from its documentation and release notes. */

/** The first and the last release that knows a command; without a last one, all since. */
interface Known {
  fedora: [since: number, until?: number];
  el: [since: number, until?: number];
}

const always: Known = { fedora: [1], el: [3] };

export const commands: Readonly<Record<string, Known>> = {
  autopart: always,
  bootloader: always,
  cdrom: always,
  clearpart: always,
  cmdline: always,
  firewall: always,
  firstboot: { fedora: [3], el: [4] },
  ignoredisk: always,
  install: { fedora: [1, 33], el: [3, 8] },
  keyboard: always,
  lang: always,
  network: always,
  part: always,
  poweroff: always,
  reqpart: { fedora: [23], el: [8] },
  rootpw: always,
  selinux: { fedora: [3], el: [4] },
  sshkey: { fedora: [22], el: [7] },
  text: always,
  timezone: always,
  url: always,
  zerombr: always,
};

export const sections: Readonly<Record<string, Known>> = {
  '%pre': always,
  '%packages': always,
  '%post': always,
  '%addon': { fedora: [18], el: [7] },
};

export interface Kickstart {
  /** [command, rest of the line], those of included files as well. */
  lines: [command: string, rest: string][];
  sections: { name: string; options: string; body: string }[];
}

/** Throws Error on a section that does not end, or a command in two lines. */
export function parseKickstart(text: string): Kickstart {
  const parsed: Kickstart = { lines: [], sections: [] };
  let open: Kickstart['sections'][number] | undefined;
  for (const line of text.split('\n')) {
    if (open) {
      if (line === '%end') open = undefined;
      else open.body += `${line}\n`;
      continue;
    }
    const section = /^(%\w+)\s*(.*)$/.exec(line);
    if (section?.[1] === '%include') parsed.lines.push(['%include', section[2] ?? '']);
    else if (section) {
      open = { name: section[1] ?? '', options: section[2] ?? '', body: '' };
      parsed.sections.push(open);
    } else if (line.trim() && !line.startsWith('#')) {
      const [command = '', ...rest] = line.split(' ');
      parsed.lines.push([command, rest.join(' ')]);
    }
  }
  if (open) throw new Error(`${open.name} does not end`);
  return parsed;
}

/** Whether a release knows it. */
export function known(what: Known | undefined, distro: string, version: number): boolean {
  if (!what) return false;
  const [since, until = Number.POSITIVE_INFINITY] = distro === 'fedora' ? what.fedora : what.el;
  return version >= since && version <= until;
}
