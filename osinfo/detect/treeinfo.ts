/** What an install tree says about itself in its .treeinfo. */

export interface TreeIdentity {
  family?: string;
  variant?: string;
  version?: string;
  arch?: string;
  kernel?: string;
  initrd?: string;
  bootIso?: string;
}

type Groups = Map<string, Map<string, string>>;

const escapes: Record<string, string> = { s: ' ', n: '\n', t: '\t', r: '\r', '\\': '\\' };

/** A key file as glib reads it: groups, key = value, comments by #; undefined when it is none. */
function keyFile(text: string): Groups | undefined {
  const groups: Groups = new Map();
  let group: Map<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (!line.trim() || line.startsWith('#')) continue;
    const heading = /^\[([^[\]]+)\]\s*$/.exec(line);
    const [name = '', ...rest] = line.split('=');
    const key = rest.length ? name.trim() : '';
    if (heading?.[1]) {
      group = groups.get(heading[1]) ?? new Map();
      groups.set(heading[1], group);
    } else if (key && group) {
      const value = rest
        .join('=')
        .trimStart()
        .replace(/\\(.)/g, (all, c: string) => escapes[c] ?? all);
      group.set(key, value);
    } else return undefined;
  }
  return groups;
}

/** Undefined when the text is no key file. */
export function parseTreeinfo(text: string): TreeIdentity | undefined {
  const groups = keyFile(text);
  if (!groups) return undefined;
  const general = groups.get('general');
  const images = groups.get(`images-${general?.get('arch')}`);
  const values = {
    family: general?.get('family'),
    variant: general?.get('variant'),
    version: general?.get('version'),
    arch: general?.get('arch'),
    kernel: images?.get('kernel'),
    initrd: images?.get('initrd'),
    bootIso: images?.get('boot.iso'),
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value?.trim()));
}
