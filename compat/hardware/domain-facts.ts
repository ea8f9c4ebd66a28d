/**
 * A domain's XML as facts: one for each text and attribute, named by where it stands, so that
 * two documents are compared by what they say and not by how they are written.
 */
import { XMLParser } from 'fast-xml-parser';

/** `devices/disk[disk]/target@bus` → `virtio`; an element that says nothing more is ``. */
export type Facts = Record<string, string>;

interface Parts {
  [name: string]: string | (Parts | string)[];
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  alwaysCreateTextNode: false,
  isArray: (_name, _path, _leaf, isAttribute) => !isAttribute,
});

const first = (parts: Parts, tag: string): Parts => {
  const [found] = (parts[tag] ?? []) as (Parts | string)[];
  return typeof found === 'object' ? found : {};
};

/** What tells elements of one name apart, whatever their order. */
const labels: Readonly<Record<string, (parts: Parts) => string>> = {
  disk: (parts) => String(parts['@device'] ?? 'disk'),
  serial: (parts) => String(first(parts, 'target')['@port'] ?? ''),
  channel: (parts) => String(first(parts, 'target')['@name'] ?? ''),
  controller: (parts) => String(parts['@type'] ?? ''),
  input: (parts) => String(parts['@type'] ?? ''),
};

const kibibytes: Readonly<Record<string, number>> = { KiB: 1, MiB: 1024, GiB: 1024 * 1024 };

/** Texts that say the same in several ways. */
function normalised(tag: string, text: string, parts: Parts): string {
  if (tag !== 'memory' && tag !== 'currentMemory') return text;
  const factor = kibibytes[String(parts['@unit'] ?? 'KiB')];
  return factor === undefined ? text : `${Number(text) * factor} KiB`;
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

function collect(tag: string, where: string, value: Parts | string, into: Facts): void {
  const parts = typeof value === 'string' ? { '#text': value } : value;
  const entries = Object.entries(parts);
  const text = String(parts['#text'] ?? '').trim();
  if (text !== '' || entries.length === 0 || (entries.length === 1 && '#text' in parts)) {
    into[where] = tag === 'uuid' && isUuid(text) ? 'a UUID' : normalised(tag, text, parts);
  }
  for (const [name, inner] of entries) {
    if (name === '#text' || (name === '@unit' && /emory$/.test(tag))) continue;
    if (typeof inner === 'string') into[`${where}${name}`] = inner;
    else collectAll(name, where, inner, into);
  }
}

function collectAll(tag: string, where: string, all: (Parts | string)[], into: Facts): void {
  const seen = new Map<string, number>();
  for (const one of all) {
    const label = typeof one === 'object' ? (labels[tag]?.(one) ?? '') : '';
    const count = (seen.get(label) ?? 0) + 1;
    seen.set(label, count);
    const name = `${label}${count > 1 ? `#${count}` : ''}`;
    const path = where === '' ? tag : `${where}/${tag}`;
    collect(tag, name === '' ? path : `${path}[${name}]`, one, into);
  }
}

/** Paths start below <domain>, which itself is ``; `role` names files by what they are for. */
export function domainFacts(xml: string, role: (file: string) => string): Facts {
  const document = parser.parse(xml) as { domain?: (Parts | string)[] };
  const [domain] = document.domain ?? [];
  if (domain === undefined) throw new Error('no <domain> in the document');
  const facts: Facts = {};
  collect('domain', '', domain, facts);
  delete facts[''];
  for (const [key, value] of Object.entries(facts)) {
    if (/\/source@file$|^os\/(kernel|initrd)$/.test(key)) facts[key] = role(value);
  }
  return facts;
}

/** `console=a console=b quiet` as facts named `console` and `quiet`. */
export function argumentFacts(line: string): Facts {
  const facts: Facts = {};
  for (const word of line.split(/\s+/).filter((part) => part !== '')) {
    const at = word.indexOf('=');
    const [name, value] = at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)];
    facts[name] = name in facts ? `${facts[name]} ${value}` : value;
  }
  return facts;
}

/** `facts` with `prefix` before each name. */
export function prefixed(prefix: string, facts: Facts): Facts {
  return Object.fromEntries(Object.entries(facts).map(([key, value]) => [prefix + key, value]));
}
