/** Reads libvirt's capabilities: which architectures, which hypervisors, which user QEMU runs as. */
import { installHint, qemuPackage } from '../../src/base/debian-packages.ts';
import { OzError } from '../../src/base/errors.ts';
import type { Arch } from '../backend.ts';
import { libvirtArch } from './domain-xml.ts';
import { XMLParser } from './fast-xml.ts';

export interface GuestArch {
  arch: string;
  /** `kvm`, `qemu`, `test`, … */
  types: string[];
  emulator: string | undefined;
  machines: string[];
}

export interface HostCapabilities {
  guests: GuestArch[];
  /** Numeric ids that QEMU runs as, by domain type, where libvirt changes them. */
  owners: Record<string, { uid: number; gid: number }>;
}

const repeated = new Set([
  'guest',
  'machine',
  'secmodel',
  'baselabel',
  'ip',
  'forward',
  'interface',
  'disk',
]);

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  // A domain in capabilities is one of many, a domain document's is the root.
  isArray: (name, where) =>
    repeated.has(name) || String(where) === 'capabilities.guest.arch.domain',
});

/** A document as plain objects: attributes with a leading `@`, repeated elements as arrays. */
export function parseXml<T>(xml: string): T {
  return parser.parse(xml) as T;
}

interface CapabilitiesDocument {
  capabilities?: {
    host?: {
      secmodel?: { model?: string; baselabel?: { '@type'?: string; '#text'?: string }[] }[];
    };
    guest?: {
      arch?: {
        '@name'?: string;
        emulator?: string;
        domain?: { '@type'?: string }[];
        machine?: (string | { '#text'?: string })[];
      };
    }[];
  };
}

const ownerPattern = /^\+(\d+):\+(\d+)$/;

export function readCapabilities(xml: string): HostCapabilities {
  const { capabilities } = parseXml<CapabilitiesDocument>(xml);
  const owners: HostCapabilities['owners'] = {};
  for (const model of capabilities?.host?.secmodel ?? []) {
    if (model.model !== 'dac') continue;
    for (const label of model.baselabel ?? []) {
      const match = ownerPattern.exec(label['#text'] ?? '');
      if (match) owners[label['@type'] ?? ''] = { uid: Number(match[1]), gid: Number(match[2]) };
    }
  }
  const guests = (capabilities?.guest ?? []).map(({ arch }) => ({
    arch: arch?.['@name'] ?? '',
    types: (arch?.domain ?? []).map((domain) => domain['@type'] ?? ''),
    emulator: arch?.emulator,
    machines: (arch?.machine ?? []).map((machine) =>
      typeof machine === 'string' ? machine : (machine['#text'] ?? ''),
    ),
  }));
  return { guests, owners };
}

/** The entry for an architecture. Throws OZ_NO_HYPERVISOR when no guest of it can run. */
export function guestArch(capabilities: HostCapabilities, arch: Arch, uri: string): GuestArch {
  const found = capabilities.guests.find((guest) => guest.arch === libvirtArch(arch));
  if (found && found.types.length > 0) return found;
  const others = [...new Set(capabilities.guests.map((guest) => guest.arch))].join(', ');
  throw new OzError(
    'OZ_NO_HYPERVISOR',
    `Cannot run ${arch} guests on ${uri}: no hypervisor for them is installed there${others ? ` (it has ${others})` : ''}`,
    { hint: installHint(qemuPackage(arch)) },
  );
}

/** Domain types in the order they are wanted, as far as this architecture has them. */
export function domainTypes(guest: GuestArch): string[] {
  const wanted = ['kvm', 'hvf', 'qemu', 'test'];
  return wanted.filter((type) => guest.types.includes(type));
}
