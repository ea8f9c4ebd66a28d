/** The part of [openstack] that says how servers are built, as typed values. */
import { OzError } from '../../src/base/errors.ts';
import type { BootStrategy } from '../backend.ts';
import { isField } from './services/glance-fields.ts';
import type { Properties, Visibility } from './services/types.ts';

/** A host that connections to servers go through. */
export interface Bastion {
  user: string;
  host: string;
  port: number;
}

export interface OpenstackSettings {
  /** Name or id; null: the smallest that fits. */
  flavor: string | null;
  /** What a flavor must have to be chosen: processors, MiB, GiB. Null: what the guest needs. */
  minVcpus: number | null;
  minRam: number | null;
  minDisk: number | null;
  /** Name or id; null: the only one. */
  network: string | null;
  /** Names or ids; empty: the cloud's default. */
  securityGroups: readonly string[];
  availabilityZone: string | null;
  keypair: string | null;
  volumeType: string | null;
  /** Whether the cloud has hosts with these. */
  tpm: boolean;
  secureBoot: boolean;
  strategy: BootStrategy | 'auto';
  webDownload: boolean;
  customize: 'auto' | 'ssh' | 'cloud-init';
  floatingIpPool: string | null;
  bastion: Bastion | null;
  result: 'glance' | 'download' | 'both';
  imageVisibility: Visibility;
  imageProperties: Properties;
  /** Milliseconds. */
  timeouts: { server: number; volume: number; image: number };
}

type Section = Readonly<Record<string, string>>;

interface Reader {
  text(key: string): string | null;
  integer(key: string): number | null;
  choice<T extends string>(key: string, choices: readonly T[], otherwise: T): T;
  flag(key: string, otherwise: boolean): boolean;
  list(key: string): string[];
  refuse(key: string, why: string, hint: string): OzError;
}

const flags: Record<string, boolean> = {
  yes: true,
  true: true,
  on: true,
  '1': true,
  no: false,
  false: false,
  off: false,
  '0': false,
};

function reader(section: Section, source: string): Reader {
  const text = (key: string) => section[key]?.trim() || null;
  const refuse = (key: string, why: string, hint: string) =>
    new OzError('OZ_CONFIG', `Cannot use ${key} in section [openstack] of ${source}: ${why}`, {
      hint,
    });
  return {
    text,
    refuse,
    integer(key) {
      const value = text(key);
      if (value === null) return null;
      if (/^\d{1,9}$/.test(value) && Number(value) > 0) return Number(value);
      throw refuse(key, `"${value}" is no positive whole number`, 'write digits only');
    },
    choice(key, choices, otherwise) {
      const value = text(key);
      if (value === null) return otherwise;
      const found = choices.find((choice) => choice === value);
      if (found) return found;
      throw refuse(key, `"${value}" is not known`, `choose one of ${choices.join(', ')}`);
    },
    flag(key, otherwise) {
      const value = text(key);
      if (value === null) return otherwise;
      const found = flags[value.toLowerCase()];
      if (found !== undefined) return found;
      throw refuse(key, `"${value}" is neither yes nor no`, 'write yes or no');
    },
    list: (key) =>
      (text(key) ?? '')
        .split(',')
        .map((one) => one.trim())
        .filter(Boolean),
  };
}

function readBastion({ text, refuse }: Reader): Bastion | null {
  const value = text('bastion');
  if (value === null) return null;
  const found = /^([^@\s]+)@(\[[0-9a-fA-F:.]+\]|[^:@\s]+)(?::(\d{1,5}))?$/.exec(value);
  const [, user, host, port] = found ?? [];
  if (user && host && Number(port ?? 22) <= 65535) {
    return { user, host: host.replace(/^\[|\]$/g, ''), port: Number(port ?? 22) };
  }
  throw refuse('bastion', `"${value}" names no user and host`, 'write user@host or user@host:port');
}

function readProperties({ text, refuse }: Reader): Properties {
  const key = 'image_properties';
  const pairs = (text(key) ?? '').split(',').flatMap((pair): [string, string][] => {
    if (pair.trim() === '') return [];
    const at = pair.indexOf('=');
    const name = pair.slice(0, at).trim();
    if (at < 1 || !/^[A-Za-z0-9_:.-]+$/.test(name)) {
      throw refuse(key, `"${pair.trim()}" is no name=value`, 'write name=value, name=value');
    }
    if (isField(name)) {
      const hint = name === 'visibility' ? 'set image_visibility instead' : 'leave it out';
      throw refuse(key, `${name} is a field of Glance's own, no property`, hint);
    }
    return [[name, pair.slice(at + 1).trim()]];
  });
  return Object.fromEntries(pairs);
}

const seconds = (value: number | null, otherwise: number) => (value ?? otherwise) * 1000;

/**
 * Reads the section's texts by key, as oz.cfg has them; missing ones get their
 * defaults. `source` names the file for messages. Throws `OZ_CONFIG`.
 */
export function readOpenstackSettings(
  section: Section = {},
  source: string | null = null,
): OpenstackSettings {
  const read = reader(section, source ?? 'oz.cfg');
  return {
    flavor: read.text('flavor'),
    minVcpus: read.integer('min_vcpus'),
    minRam: read.integer('min_ram'),
    minDisk: read.integer('min_disk'),
    network: read.text('network'),
    securityGroups: read.list('security_groups'),
    availabilityZone: read.text('availability_zone'),
    keypair: read.text('keypair'),
    volumeType: read.text('volume_type'),
    tpm: read.flag('tpm', false),
    secureBoot: read.flag('secure_boot', false),
    strategy: read.choice('strategy', ['auto', 'direct', 'volumes', 'rescue'], 'auto'),
    webDownload: read.flag('web_download', true),
    customize: read.choice('customize', ['auto', 'ssh', 'cloud-init'], 'auto'),
    floatingIpPool: read.text('floating_ip_pool'),
    bastion: readBastion(read),
    result: read.choice('result', ['glance', 'download', 'both'], 'glance'),
    imageVisibility: read.choice(
      'image_visibility',
      ['private', 'shared', 'community', 'public'],
      'private',
    ),
    imageProperties: readProperties(read),
    timeouts: {
      server: seconds(read.integer('server_timeout'), 900),
      volume: seconds(read.integer('volume_timeout'), 900),
      image: seconds(read.integer('image_timeout'), 3600),
    },
  };
}
