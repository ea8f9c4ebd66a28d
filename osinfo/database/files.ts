/**
 * Which files make an entity. http://debian.org/debian/13 is described by
 * os/debian.org/debian-13.xml and what is in os/debian.org/debian-13.d/. A
 * location that has the former replaces all that earlier locations say; one
 * that has only the latter adds to it.
 */
import { existsSync, readdirSync } from 'node:fs';

export type EntityKind = 'os' | 'platform' | 'device' | 'deployment' | 'datamap' | 'install-script';

/** No id may lead out of its directory. */
const safe = (text: string): string =>
  /^\.*$/.test(text) ? `-${text}` : text.replace(/[^A-Za-z0-9._-]/g, '-');

const paths = new Map<string, string>();

/** Path of an entity below a location, without .xml or .d. */
export function entityPath(kind: EntityKind, id: string): string {
  const key = `${kind} ${id}`;
  let found = paths.get(key);
  if (found === undefined) {
    const bare = id.startsWith('http://') ? id.slice('http://'.length) : id;
    const slash = bare.indexOf('/');
    found =
      slash < 0
        ? `${kind}/${safe(bare)}`
        : `${kind}/${safe(bare.slice(0, slash))}/${safe(bare.slice(slash + 1))}`;
    paths.set(key, found);
  }
  return found;
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}

/** The sorted entries of a directory; none when it is not there or not readable. */
function entries(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true }).sort(byName);
  } catch {
    return [];
  }
}

const ignored = /^(?:LICENSE|VERSION)$|(?:~|\.bak)$/;

/** What a location adds to entities, by their path. */
interface EntityFiles {
  master: string | undefined;
  extensions: string[];
}

function collect(
  location: string,
  relative: string,
  found: Map<string, EntityFiles>,
  warn: (message: string) => void,
): void {
  for (const entry of entries(`${location}/${relative}`)) {
    const name = `${relative}/${entry.name}`;
    if (entry.isDirectory()) {
      collect(location, name, found, warn);
      continue;
    }
    if (!entry.name.endsWith('.xml')) {
      if (!ignored.test(entry.name))
        warn(`${location}/${name}: ignored, its name does not end in .xml`);
      continue;
    }
    const extension = relative.endsWith('.d');
    const key = extension ? relative.slice(0, -2) : name.slice(0, -4);
    let files = found.get(key);
    if (!files) {
      files = { master: undefined, extensions: [] };
      found.set(key, files);
    }
    if (extension) files.extensions.push(`${location}/${name}`);
    else files.master = `${location}/${name}`;
  }
}

/** The names in a directory; none when it is not there. */
export function namesIn(directory: string): ReadonlySet<string> {
  // an exception is slow, and most locations have few of the vendors
  return new Set(existsSync(directory) ? entries(directory).map((entry) => entry.name) : []);
}

/**
 * The files of one entity, in the order they apply; locations go from weak to
 * strong. `names` is namesIn(), or one that remembers.
 */
export function filesOfEntity(
  locations: readonly string[],
  entity: string,
  names: (directory: string) => ReadonlySet<string> = namesIn,
): string[] {
  const slash = entity.lastIndexOf('/');
  const [vendor, name] = [entity.slice(0, slash), entity.slice(slash + 1)];
  let files: string[] = [];
  for (const location of locations) {
    const there = names(`${location}/${vendor}`);
    const directory = `${location}/${entity}.d`;
    const extensions = (there.has(`${name}.d`) ? entries(directory) : [])
      .filter((entry) => entry.name.endsWith('.xml') && !entry.isDirectory())
      .map((entry) => `${directory}/${entry.name}`);
    const master = `${location}/${entity}.xml`;
    files = there.has(`${name}.xml`) ? [master, ...extensions] : [...files, ...extensions];
  }
  return files;
}

/** The files of all entities of a kind (or below `kind/domain`), by entity path. */
export function filesOfKind(
  locations: readonly string[],
  below: string,
  warn: (message: string) => void = () => {},
): Map<string, string[]> {
  const all = new Map<string, string[]>();
  for (const location of locations) {
    const found = new Map<string, EntityFiles>();
    collect(location, below, found, warn);
    for (const [entity, { master, extensions }] of found) {
      all.set(
        entity,
        master === undefined
          ? [...(all.get(entity) ?? []), ...extensions]
          : [master, ...extensions],
      );
    }
  }
  return all;
}
