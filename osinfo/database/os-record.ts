/** An operating system as its files describe it, before anything is inherited. */
import { elements, isElement, type XmlElement } from '../xml/parse.ts';
import { addParam, type Entity, leafText, type Params, readParams, setParam } from './entity.ts';
import { isFilling } from './fill.ts';

/** A device that an OS or platform supports, or (supported false) does not. */
export interface DeviceLink {
  deviceId: string;
  supported: boolean;
  driver?: string;
}

/** A medium, tree or image: its parameters as libosinfo names them. */
export interface SourceRecord extends Entity {
  /** Ids of install scripts that only this medium has. */
  scripts: string[];
  /** It is out of our own data, beside those that the database states. */
  filling: boolean;
}

export interface ResourcesRecord {
  arch: string;
  /** Missing values come from the systems this one derives from. */
  inherit: boolean;
  /** It is out of our own data, beside those that the database states. */
  filling: boolean;
  values: Params;
}

export type ResourceKind = 'minimum' | 'recommended' | 'maximum' | 'network-install';

export interface FirmwareRecord {
  arch: string;
  type: string;
  supported: boolean;
}

export interface VariantRecord extends Entity {}

export interface DriverRecord {
  params: Params;
  files: string[];
  devices: string[];
}

export interface OsRecord extends Entity {
  /** Nearest first, as inheritance walks them (the last one written goes first). */
  derivesFrom: string[];
  clones: string[];
  upgrades: string[];
  /** The <os> elements of its files with at least what outlineElements and hardwareElements name. */
  readonly outlines: readonly XmlElement[];
  /** The same elements with all that is in them, read when wanted. */
  readonly parts: XmlElement[];
}

const osKeys = [
  'family',
  'distro',
  'release-status',
  'kernel-url-argument',
  'cloud-image-username',
  'name',
  'vendor',
  'version',
  'logo',
  'release-date',
  'eol-date',
  'codename',
];

/** The keys of a platform, which is a product but no OS. */
export const productKeys = osKeys.slice(5);

/** What readOs() and readProduct() want of the elements at once; the rest is read later. */
export const outlineElements: ReadonlySet<string> = new Set([
  ...osKeys,
  'short-id',
  'derives-from',
  'clones',
  'upgrades',
]);

/** What is asked of each of a system's ancestors, so that their files are not read whole for it. */
export const hardwareElements: ReadonlySet<string> = new Set(['devices', 'resources', 'firmware']);

export function readProduct(
  id: string,
  parts: XmlElement[],
  keys: readonly string[],
  languages: readonly string[],
  whole: () => XmlElement[] = () => parts,
): OsRecord {
  let all: XmlElement[] | undefined;
  const params: Params = new Map();
  const derivesFrom: string[] = [];
  const clones: string[] = [];
  const upgrades: string[] = [];
  const related = new Map([
    ['derives-from', derivesFrom],
    ['clones', clones],
    ['upgrades', upgrades],
  ]);
  for (const part of parts) {
    readParams(params, part, keys, languages);
    for (const node of part.children) {
      if (!isElement(node)) continue;
      if (node.name === 'short-id') {
        const text = leafText(node) ?? '';
        if (!params.get('short-id')?.includes(text)) addParam(params, 'short-id', text);
      } else if (node.attributes.id) {
        // the last one written goes first
        related.get(node.name)?.unshift(node.attributes.id);
      }
    }
  }
  return {
    id,
    params,
    outlines: parts,
    get parts() {
      all ??= whole();
      return all;
    },
    derivesFrom,
    clones,
    upgrades,
  };
}

/** `whole` gives the elements again when `parts` are but outlines of them. */
export const readOs = (
  id: string,
  parts: XmlElement[],
  languages: readonly string[],
  whole?: () => XmlElement[],
): OsRecord => readProduct(id, parts, osKeys, languages, whole);

export function deviceLinksOf(record: Pick<OsRecord, 'outlines'>): DeviceLink[] {
  return record.outlines
    .flatMap((part) => elements(part, 'devices'))
    .flatMap((devices) => elements(devices, 'device'))
    .filter((device) => device.attributes.id)
    .map((device) => {
      const driver = elements(device, 'driver')[0];
      return {
        deviceId: device.attributes.id as string,
        supported: device.attributes.supported !== 'false',
        ...(driver ? { driver: leafText(driver) ?? '' } : {}),
      };
    });
}

interface Child {
  id: string;
  element: XmlElement;
  filling: boolean;
}

function children(record: OsRecord, name: string): Child[] {
  const parts = hardwareElements.has(name) ? record.outlines : record.parts;
  return parts.flatMap((part) => {
    const filling = isFilling(part);
    const base = filling ? `${record.id}:own` : record.id;
    return elements(part, name).map((element, i) => ({ id: `${base}:${i}`, element, filling }));
  });
}

function sourceParams(
  element: XmlElement,
  attributes: string[],
  keys: string[],
  langs: readonly string[],
): Params {
  const params: Params = new Map();
  setParam(params, 'architecture', element.attributes.arch ?? '');
  for (const name of attributes) {
    const value = element.attributes[name];
    if (value !== undefined) setParam(params, name, value);
  }
  for (const variant of elements(element, 'variant')) {
    addParam(params, 'variant', variant.attributes.id ?? '');
  }
  readParams(params, element, keys, langs);
  return params;
}

const isoKeys = ['volume-id', 'system-id', 'publisher-id', 'application-id', 'volume-size'];

function readIso(params: Params, iso: XmlElement): void {
  for (const e of elements(iso)) {
    const text = leafText(e);
    if (text === undefined) continue;
    if (isoKeys.includes(e.name)) setParam(params, e.name, text);
    else if (e.name === 'l10n-language') {
      if (e.attributes.regex === 'true') {
        setParam(params, 'l10n-language-regex', text);
        const map = e.attributes['l10n-language-map'];
        if (map !== undefined) setParam(params, 'l10n-language-map', map);
      } else addParam(params, 'l10n-language', text);
    }
  }
}

const scriptIds = (parent: XmlElement): string[] =>
  elements(parent, 'installer')
    .flatMap((installer) => elements(installer, 'script'))
    .map((script) => script.attributes.id)
    .filter((id): id is string => !!id);

const mediaAttributes = [
  'live',
  'installer',
  'installer-reboots',
  'eject-after-install',
  'installer-script',
];

export function mediaOf(record: OsRecord, languages: readonly string[]): SourceRecord[] {
  return children(record, 'media').map(({ id, element, filling }) => {
    const params = sourceParams(element, mediaAttributes, ['url', 'kernel', 'initrd'], languages);
    for (const iso of elements(element, 'iso')) readIso(params, iso);
    return { id, params, scripts: scriptIds(element), filling };
  });
}

export function treesOf(record: OsRecord, languages: readonly string[]): SourceRecord[] {
  return children(record, 'tree').map(({ id, element, filling }) => {
    const keys = ['url', 'kernel', 'initrd', 'boot-iso'];
    const params = sourceParams(element, [], keys, languages);
    const info = elements(element, 'treeinfo').flatMap((e) => elements(e));
    setParam(params, 'has-treeinfo', String(info.length > 0));
    for (const e of info) {
      const text = leafText(e);
      if (text !== undefined && ['family', 'variant', 'version', 'arch'].includes(e.name)) {
        setParam(params, `treeinfo-${e.name}`, text);
      }
    }
    return { id, params, scripts: [], filling };
  });
}

export function imagesOf(record: OsRecord, languages: readonly string[]): SourceRecord[] {
  return children(record, 'image').map(({ id, element, filling }) => ({
    id,
    params: sourceParams(element, ['format', 'cloud-init'], ['url'], languages),
    scripts: [],
    filling,
  }));
}

export function variantsOf(record: OsRecord, languages: readonly string[]): VariantRecord[] {
  return children(record, 'variant').map(({ element }) => {
    const params: Params = new Map();
    readParams(params, element, ['name'], languages);
    return { id: element.attributes.id ?? '', params };
  });
}

export function firmwaresOf(record: OsRecord): FirmwareRecord[] {
  return children(record, 'firmware').map(({ element: { attributes } }) => ({
    arch: attributes.arch ?? '',
    type: attributes.type ?? '',
    supported: attributes.supported === undefined || attributes.supported === 'true',
  }));
}

const resourceKeys = ['cpu', 'n-cpus', 'ram', 'storage'];

export function resourcesOf(record: OsRecord, kind: ResourceKind): ResourcesRecord[] {
  const found: ResourcesRecord[] = [];
  for (const { element, filling } of children(record, 'resources')) {
    const inherit = element.attributes.inherit === 'true';
    const stated = elements(element, kind).flatMap((e) => elements(e));
    if (!inherit && stated.length === 0) continue;
    const values: Params = new Map();
    for (const e of stated) {
      const text = leafText(e);
      if (text !== undefined && resourceKeys.includes(e.name)) setParam(values, e.name, text);
    }
    found.push({ arch: element.attributes.arch ?? '', inherit, filling, values });
  }
  return found;
}

/** Those of later files first, since these are to override what earlier ones say. */
export function scriptIdsOf(record: OsRecord): string[] {
  const stated = record.parts.filter((part) => !isFilling(part));
  return [...new Set(stated.reverse().flatMap(scriptIds))];
}

/** Ids of our own scripts, for the profiles that none of scriptIdsOf() is for. */
export const fillingScriptIdsOf = (record: OsRecord): string[] =>
  record.parts.filter(isFilling).flatMap(scriptIds);

const driverAttributes = ['arch', 'location', 'pre-installable', 'signed', 'priority'];

export function driversOf(record: OsRecord): DriverRecord[] {
  return children(record, 'driver').map(({ element }) => {
    const params: Params = new Map();
    for (const name of driverAttributes) {
      const value = element.attributes[name];
      if (value !== undefined) setParam(params, name, value);
    }
    return {
      params,
      files: elements(element, 'file').map((e) => leafText(e) ?? ''),
      devices: elements(element, 'device').map((e) => e.attributes.id ?? ''),
    };
  });
}
