/**
 * The database: entities by id, read from their files when they are asked for
 * and kept. Broken files are told to `warn` with file and line, and left out.
 */
import { existsSync } from 'node:fs';
import { messageOf } from '../../src/base/errors.ts';
import { type Outline, readOutline, withoutTranslations } from '../xml/outline.ts';
import { elements, parseXml, type XmlElement, XmlSyntaxError } from '../xml/parse.ts';
import { bytesOf, textOfBytes } from './bytes.ts';
import { type DeploymentRecord, readDeployment } from './deployment-record.ts';
import { type DeviceRecord, readDevice } from './device-record.ts';
import type { Entity } from './entity.ts';
import { type EntityKind, entityPath, filesOfEntity, filesOfKind, namesIn } from './files.ts';
import { filling } from './fill.ts';
import { findIds, idsFiles, readIds } from './hardware-ids.ts';
import {
  hardwareElements,
  type OsRecord,
  outlineElements,
  productKeys,
  readOs,
  readProduct,
} from './os-record.ts';
import { readScript, type ScriptRecord } from './script-record.ts';

export interface DatabaseOptions {
  /** Directories from the weakest to the strongest, for each kind of entity. */
  locations: (kind: EntityKind) => readonly string[];
  /** The one of them whose systems and platforms fill what stronger ones lack, instead of being replaced. */
  fill?: string | undefined;
  /** Best first; empty for the untranslated texts. */
  languages: readonly string[];
  warn: (message: string) => void;
}

export interface Database {
  readonly languages: readonly string[];
  warn(message: string): void;
  os(id: string): OsRecord | undefined;
  osByShortId(shortId: string): OsRecord | undefined;
  /** All, or those of a vendor's domain (`debian.org`). */
  oses(domain?: string): OsRecord[];
  /** All with but these of their parameters, for lists: nothing else of the files is looked at. */
  osParams(names: readonly string[]): Entity[];
  /** Those for which a file's text (its bytes as latin1) suits, read whole. */
  osesWith(suits: (text: string) => boolean): OsRecord[];
  /** Last parts of the ids that begin with `http://<prefix>/`; no file is read for it. */
  versions(kind: 'os' | 'platform', prefix: string): string[];
  platform(id: string): OsRecord | undefined;
  platforms(): OsRecord[];
  device(id: string): DeviceRecord | undefined;
  /** The database's own, then what only pci.ids and usb.ids have. */
  devices(): DeviceRecord[];
  deployment(id: string): DeploymentRecord | undefined;
  deployments(): DeploymentRecord[];
  script(id: string): ScriptRecord | undefined;
  /** The values that a datamap replaces. */
  datamap(id: string): ReadonlyMap<string, string> | undefined;
}

export function openDatabase(options: DatabaseOptions): Database {
  const { languages } = options;
  const present = new Map<EntityKind, readonly string[]>();
  /** Only those that have entities of the kind: most have few kinds, and asking each time is slow. */
  function locations(kind: EntityKind): readonly string[] {
    const known = present.get(kind);
    if (known) return known;
    const found = options.locations(kind).filter((location) => existsSync(`${location}/${kind}`));
    present.set(kind, found);
    return found;
  }
  const listings = new Map<string, ReadonlySet<string>>();
  /** A system's ancestors are in one directory, and so are most devices: each is listed once. */
  function names(directory: string): ReadonlySet<string> {
    const known = listings.get(directory) ?? namesIn(directory);
    listings.set(directory, known);
    return known;
  }
  const filesOf = (kind: EntityKind, path: string): string[] =>
    filesOfEntity(locations(kind), path, names);
  /** The file that fills an entity, when stronger locations have replaced it. */
  function fillingFile(path: string, files: readonly string[]): string | undefined {
    if (options.fill === undefined || !/^(?:os|platform)\//.test(path)) return undefined;
    const file = `${options.fill}/${path}.xml`;
    const slash = file.lastIndexOf('/');
    const there = names(file.slice(0, slash)).has(file.slice(slash + 1));
    return there && !files.includes(file) ? file : undefined;
  }
  const warned = new Set<string>();
  function warn(message: string): void {
    if (warned.has(message)) return;
    warned.add(message);
    options.warn(message);
  }

  const osOutline: Outline = { wanted: outlineElements, whole: hardwareElements, languages };

  function readFile(file: string, kind: EntityKind, outline?: Outline): XmlElement[] {
    try {
      const bytes = bytesOf(file);
      const text = bytes.toString('latin1');
      if (!text) return [];
      const some = outline && readOutline(text, bytes, kind, outline);
      if (some) return some;
      const read = kind === 'os' && !languages.length ? withoutTranslations(text) : text;
      const root = parseXml(read, { keepWhitespace: kind === 'install-script', bytes: true });
      if (root.name !== 'libosinfo') throw new XmlSyntaxError(`its root is <${root.name}>`, 1);
      return elements(root, kind);
    } catch (error) {
      const line = error instanceof XmlSyntaxError ? error.line : 1;
      warn(`${file}:${line}: ${messageOf(error)}; the file is ignored`);
      return [];
    }
  }

  /** The elements of one entity out of its files, by the id that they give. */
  function readEntity(kind: EntityKind, path: string, files: readonly string[], outline?: Outline) {
    let id: string | undefined;
    const parts: XmlElement[] = [];
    for (const file of files) {
      for (const part of readFile(file, kind, outline)) {
        const own = part.attributes.id;
        if (!own) warn(`${file}:1: <${kind}> has no id; it is ignored`);
        else if (entityPath(kind, own) !== path) {
          warn(`${file}:1: ${own} belongs into ${entityPath(kind, own)}.xml; it is ignored`);
        } else {
          id ??= own;
          parts.push(part);
        }
      }
    }
    const other = fillingFile(path, files);
    const [own] = other === undefined ? [] : readFile(other, kind, outline);
    if (!own) return { id, parts };
    // a file that can't be read must not take away what is known
    return parts.length
      ? { id, parts: [...parts, filling(parts, own)] }
      : { id: own.attributes.id, parts: [own] };
  }

  function partsOf(kind: EntityKind, id: string, outline?: Outline): XmlElement[] {
    const path = entityPath(kind, id);
    const found = readEntity(kind, path, filesOf(kind, path), outline);
    return found.id === id ? found.parts : [];
  }

  function allParts(
    kind: EntityKind,
    below: string = kind,
    outline?: Outline,
  ): Map<string, XmlElement[]> {
    const found = new Map<string, XmlElement[]>();
    for (const [path, files] of filesOfKind(locations(kind), below, warn)) {
      const { id, parts } = readEntity(kind, path, files, outline);
      if (id !== undefined) found.set(id, parts);
    }
    return found;
  }

  /** Read once: by id one by one, or all of them. */
  function store<T>(
    kind: EntityKind,
    read: (id: string, parts: XmlElement[], whole?: () => XmlElement[]) => T,
    outline?: Outline,
  ) {
    const known = new Map<string, T | undefined>();
    const complete = new Map<string, T[]>();
    const keep = (id: string, parts: XmlElement[], whole?: () => XmlElement[]): T => {
      const value = known.get(id) ?? read(id, parts, whole);
      known.set(id, value);
      return value;
    };
    return {
      keep,
      get(id: string): T | undefined {
        if (known.has(id)) return known.get(id);
        const parts = partsOf(kind, id, outline);
        if (parts.length) return keep(id, parts, outline && (() => partsOf(kind, id)));
        known.set(id, undefined);
        return undefined;
      },
      all(domain?: string): T[] {
        const below = domain === undefined ? kind : `${kind}/${domain}`;
        let list = complete.get(below);
        if (!list) {
          list = [...allParts(kind, below, outline)].map(([id, parts]) =>
            keep(id, parts, outline && (() => partsOf(kind, id))),
          );
          complete.set(below, list);
        }
        return list;
      },
    };
  }

  const oses = store('os', (id, parts, whole) => readOs(id, parts, languages, whole), osOutline);
  const platforms = store('platform', (id, parts) =>
    readProduct(id, parts, productKeys, languages),
  );
  // a file of its own replaces what pci.ids says, extensions only add to it
  const devices = store('device', (id, parts) => {
    const master = `${entityPath('device', id)}.xml`;
    const replaced = filesOf('device', master.slice(0, -4)).some((file) => file.endsWith(master));
    return readDevice(id, parts, languages, replaced ? undefined : findIds(id));
  });
  function allDevices(): DeviceRecord[] {
    const found = new Map(idsFiles.flatMap((file) => [...readIds(file)]));
    for (const own of devices.all()) found.set(own.id, own);
    return [...found.values()];
  }

  const deployments = store('deployment', readDeployment);
  const scripts = store('install-script', (id, parts) => readScript(id, parts, languages));
  const datamaps = store('datamap', (_, parts) => {
    const entries = parts.flatMap((part) => elements(part, 'entry'));
    return new Map(
      entries.map(({ attributes }) => [attributes.inval ?? '', attributes.outval ?? '']),
    );
  });

  /** Systems by path, with all the files that have to do with them. */
  const osFiles = (): [path: string, files: string[], texts: string[]][] =>
    [...filesOfKind(locations('os'), 'os', warn)].map(([path, files]) => {
      const other = fillingFile(path, files);
      return [path, files, other === undefined ? files : [...files, other]];
    });

  /** debian13 is most likely in …/debian-13.xml: looked at first, then all files. */
  function osByShortId(shortId: string): OsRecord | undefined {
    const bare = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');
    const wanted = bare(shortId);
    const tag = Buffer.from(`<short-id>${shortId}</short-id>`).toString('latin1');
    const isLikely = ([path]: [string, ...unknown[]]): boolean =>
      bare(path.slice(path.lastIndexOf('/') + 1)) === wanted;
    const all = osFiles();
    const ordered = [...all.filter(isLikely), ...all.filter((one) => !isLikely(one))];
    for (const [path, files, texts] of ordered) {
      if (!texts.some((file) => textOfBytes(file).includes(tag))) continue;
      const { id } = readEntity('os', path, files);
      const os = id === undefined ? undefined : oses.get(id);
      if (os?.params.get('short-id')?.includes(shortId)) return os;
    }
    return undefined;
  }

  return {
    languages,
    warn,
    os: oses.get,
    osByShortId,
    oses: oses.all,
    osParams(names) {
      const outline = { wanted: new Set(names), languages };
      // short ids add up, whatever file they are in; readProduct() sees to them
      const single = names.filter((name) => name !== 'short-id');
      return [...allParts('os', 'os', outline)].map(([id, parts]) =>
        readProduct(id, parts, single, languages),
      );
    },
    osesWith(suits) {
      const found: OsRecord[] = [];
      for (const [path, files, texts] of osFiles()) {
        if (!texts.some((file) => suits(textOfBytes(file)))) continue;
        const { id, parts } = readEntity('os', path, files);
        if (id !== undefined) found.push(oses.keep(id, parts));
      }
      return found;
    },
    versions(kind, prefix) {
      const start = `${entityPath(kind, `http://${prefix}`)}-`;
      const domain = start.slice(0, start.indexOf('/', kind.length + 1));
      return [...filesOfKind(locations(kind), domain, warn).keys()]
        .filter((path) => path.startsWith(start))
        .map((path) => path.slice(start.length));
    },
    platform: platforms.get,
    platforms: () => platforms.all(),
    device: (id) => devices.get(id) ?? findIds(id),
    devices: allDevices,
    deployment: deployments.get,
    deployments: () => deployments.all(),
    script: scripts.get,
    datamap: datamaps.get,
  };
}
