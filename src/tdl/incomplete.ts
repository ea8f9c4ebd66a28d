/** A TDL that leaves the version or the architecture of its system open. */
import { explain } from './explain.ts';
import { tdlOf } from './parse.ts';
import type { Tdl } from './types.ts';
import { readTree } from './xml.ts';
import { child, type XmlElementNode } from './xml-tree.ts';

export interface IncompleteTdl extends Pick<Tdl, 'source' | 'distro' | 'install'> {
  version: string | undefined;
  arch: Tdl['arch'] | undefined;
  /** Which of them are missing. */
  missing: Open[];
}

const placeholders = { version: '0', arch: 'x86_64' } as const;
type Open = keyof typeof placeholders;
const open = Object.keys(placeholders) as Open[];

/** <os> with something in place of what it leaves open, so that the rest can be checked. */
function filled(os: XmlElementNode, missing: readonly Open[]): XmlElementNode {
  const { file, line, path } = os;
  const added = missing.map((name) => ({
    name,
    attributes: {},
    children: [],
    text: placeholders[name],
    line,
    file,
    path: `${path}/${name}`,
  }));
  const stated = os.children.filter(({ name }) => !missing.some((one) => one === name));
  return { ...os, children: [...stated, ...added] };
}

/**
 * What such a TDL does say; undefined when it states both, or when anything else
 * is wrong with it. Throws OZ_TDL_XML and OZ_TDL_INCLUDE.
 */
export async function parseIncompleteTdl(
  text: string,
  source: string,
): Promise<IncompleteTdl | undefined> {
  const root = await readTree(text, source);
  const os = child(root, 'os');
  const missing = os ? open.filter((name) => !child(os, name)?.text.trim()) : [];
  if (!os || !missing.length) return undefined;
  const children = root.children.map((node) => (node === os ? filled(os, missing) : node));
  const whole = { ...root, children };
  if (explain(whole, 'template')) return undefined;
  const { distro, version, arch, install } = tdlOf(whole, { source });
  return {
    source,
    distro,
    install,
    version: missing.includes('version') ? undefined : version,
    arch: missing.includes('arch') ? undefined : arch,
    missing,
  };
}
