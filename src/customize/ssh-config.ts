/** What the user's own SSH set-up says of a host: ~/.ssh/config, known_hosts, identities. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import path from 'node:path';
import { OzError } from '../base/errors.ts';
import { homeOf } from '../base/home.ts';
import { inWords, limits } from '../base/limits.ts';
import { readBounded } from '../base/read-bounded.ts';

/** Where that set-up is; the user's home directory unless told. */
export interface SshHome {
  directory: string;
  /** Known hosts of the whole machine. */
  systemKnownHosts: string;
  /** The agent's socket. */
  agent: string | undefined;
}

export function userSshHome(env: NodeJS.ProcessEnv = process.env): SshHome {
  return {
    directory: path.join(homeOf(env), '.ssh'),
    systemKnownHosts: '/etc/ssh/ssh_known_hosts',
    agent: env.SSH_AUTH_SOCK || undefined,
  };
}

/** Empty where there is none that may be read. Throws OZ_SSH_BASTION: half of it would not do. */
async function textOf(file: string): Promise<string> {
  const bytes = await readBounded(file, limits.sshSettings).catch(() => Buffer.alloc(0));
  if (bytes) return bytes.toString('utf8');
  throw new OzError(
    'OZ_SSH_BASTION',
    `Cannot use ${file}: it is larger than ${inWords(limits.sshSettings)}`,
    { hint: `look at it: ls -lL ${file}` },
  );
}

/** Whether the last pattern that fits is no exception; `!` makes one. */
function fits(patterns: readonly string[], host: string): boolean {
  const hits = patterns.filter((pattern) => {
    const bare = pattern.replace(/^!/, '').replace(/[.+^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`^${bare.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i').test(host);
  });
  return hits.length > 0 && !hits.some((pattern) => pattern.startsWith('!'));
}

export interface HostSettings {
  hostName: string;
  port: number | undefined;
  /** Private keys to try, by path. */
  identities: string[];
}

const ordinaryIdentities = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/** The first value counts, as for ssh. Match sections and Include are passed over. */
export async function hostSettings(host: string, home: SshHome): Promise<HostSettings> {
  const text = await textOf(path.join(home.directory, 'config'));
  const found = new Map<string, string[]>();
  let applies = true;
  for (const line of text.split('\n')) {
    const [, keyword = '', rest = ''] = /^\s*([A-Za-z]+)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line) ?? [];
    const key = keyword.toLowerCase();
    if (key === 'host') applies = fits(rest.split(/\s+/), host);
    else if (key === 'match') applies = false;
    else if (applies && key !== '') {
      found.set(key, [...(found.get(key) ?? []), rest.replace(/^"(.*)"$/, '$1')]);
    }
  }
  const inHome = (file: string) =>
    file.startsWith('~/') ? path.join(path.dirname(home.directory), file.slice(2)) : file;
  const port = Number(found.get('port')?.[0]);
  return {
    hostName: found.get('hostname')?.[0]?.replaceAll('%h', host) ?? host,
    port: Number.isInteger(port) && port > 0 ? port : undefined,
    identities:
      found.get('identityfile')?.map(inHome) ??
      ordinaryIdentities.map((name) => path.join(home.directory, name)),
  };
}

export interface KnownHostKey {
  /** Such as ssh-ed25519. */
  type: string;
  /** As on the wire. */
  blob: Buffer;
}

/** Whether a known_hosts line's first field names the host. */
function names(field: string, host: string): boolean {
  const hashed = /^\|1\|([^|]+)\|(.+)$/.exec(field);
  if (!hashed) return fits(field.split(','), host);
  const expected = Buffer.from(hashed[2] ?? '', 'base64');
  const made = createHmac('sha1', Buffer.from(hashed[1] ?? '', 'base64'))
    .update(host)
    .digest();
  return made.length === expected.length && timingSafeEqual(made, expected);
}

/** The keys that a host is known by; empty: it is not known. */
export async function knownHostKeys(
  host: string,
  port: number,
  home: SshHome,
): Promise<KnownHostKey[]> {
  const name = port === 22 ? host : `[${host}]:${port}`;
  const files = [path.join(home.directory, 'known_hosts'), home.systemKnownHosts];
  const texts = await Promise.all(files.map(textOf));
  return texts
    .flatMap((text) => text.split('\n'))
    .flatMap((line) => {
      const [field = '', type = '', blob = ''] = line.trim().split(/\s+/);
      // Comments, and keys of authorities or revoked ones, which ssh2 can't check.
      if (/^[#@]/.test(field) || blob === '' || !names(field, name)) return [];
      return [{ type, blob: Buffer.from(blob, 'base64') }];
    });
}
