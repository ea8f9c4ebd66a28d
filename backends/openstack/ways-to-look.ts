/** What people type to look at a server, and to remove what is left of a build. */
import type { LedgerEntry } from '../../src/base/ledger-entry.ts';
import { commandLine } from '../../src/base/shell-words.ts';
import { type Site, tagPrefix } from './site.ts';

function client({ cloudName }: Site, words: readonly string[]): string {
  const named = cloudName === undefined ? [] : ['--os-cloud', cloudName];
  return commandLine(['openstack', ...named, ...words]);
}

export function waysToLook(site: Site, serverId: string): string[] {
  return [
    client(site, ['console', 'url', 'show', serverId]),
    client(site, ['console', 'log', 'show', serverId]),
  ];
}

/** Words of the client by kind of resource. */
const nouns: Readonly<Record<string, readonly string[]>> = {
  server: ['server', 'delete'],
  volume: ['volume', 'delete'],
  image: ['image', 'delete'],
  'floating-ip': ['floating', 'ip', 'delete'],
  port: ['port', 'delete'],
  keypair: ['keypair', 'delete'],
};

/** Null: nobody knows its id, or whether it was made at all. */
export function removalOf(site: Site, { kind, ref }: LedgerEntry): string | null {
  const words = nouns[kind];
  if (!words || ref.startsWith(tagPrefix)) return null;
  return client(site, [...words, ref]);
}
