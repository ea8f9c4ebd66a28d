/**
 * Where a server may send us on to: not to this machine or its cloud's own services, and not from
 * https to http, unless that is what was asked for in the first place.
 */
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { BlockList, isIP } from 'node:net';
import type { Hooks } from 'got';
import { OzError } from './errors.ts';
import { proxyAgents } from './proxy.ts';

type Kind = 'this machine' | 'a link-local address' | 'a service of the cloud';

/** Addresses that only mean something from where we are. */
const inward: Readonly<Record<Kind, readonly string[]>> = {
  'this machine': ['127.0.0.0/8', '0.0.0.0/8', '::1/128', '::/128'],
  'a link-local address': ['169.254.0.0/16', 'fe80::/10'],
  // AWS by IPv6, Alibaba, Azure; most others are link-local
  'a service of the cloud': ['fd00:ec2::254/128', '100.100.100.200/32', '168.63.129.16/32'],
};

/** IPv4 inside IPv6, as translators write it: the last 32 bits. */
const translated = /^(?:64:ff9b::|::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

const lists = Object.entries(inward).map(([kind, ranges]) => {
  const list = new BlockList();
  for (const range of ranges) {
    const [base = '', bits = ''] = range.split('/');
    list.addSubnet(base, Number(bits), isIP(base) === 6 ? 'ipv6' : 'ipv4');
  }
  return [kind as Kind, list] as const;
});

function kindOfAddress(address: string): Kind | undefined {
  const bare = address.replace(/%.*$/, '').toLowerCase();
  const inside = translated.exec(bare);
  const [high, low] = [inside?.[1], inside?.[2]].map((part) => Number.parseInt(part ?? '', 16));
  if (high !== undefined && low !== undefined && inside) {
    const kind = kindOfAddress([high >> 8, high & 255, low >> 8, low & 255].join('.'));
    if (kind) return kind;
  }
  const version = isIP(bare);
  // An IPv4-mapped address is checked against the ranges of IPv4.
  return version === 0
    ? undefined
    : lists.find(([, list]) => list.check(bare, version === 6 ? 'ipv6' : 'ipv4'))?.[0];
}

const hostOf = ({ hostname }: URL) => hostname.replace(/^\[|\]$|\.$/g, '').toLowerCase();

/** As far as the name alone says. */
function kindOfHost(host: string): Kind | undefined {
  return /(?:^|\.)localhost$/.test(host) ? 'this machine' : kindOfAddress(host);
}

/** Without user, password and query. */
const shown = ({ protocol, host, pathname }: URL) => `${protocol}//${host}${pathname}`;

function refusal(asked: URL, why: string, hint: string): OzError {
  const message = `Cannot download ${shown(asked)}: the server sends us on ${why}`;
  return new OzError('OZ_DOWNLOAD_REDIRECT', message, { hint });
}

function inwards(asked: URL, host: string, kind: Kind): OzError {
  const hint = 'if that is meant, name that URL itself instead';
  return refusal(asked, `to ${host}, ${kind}`, hint);
}

export interface FollowOptions {
  /** The file will be checked against a checksum, so that it may come over http. */
  checked?: boolean | undefined;
}

/** Throws `OZ_DOWNLOAD_REDIRECT` where `next` is not to be followed from what was asked for. */
export function checkRedirect(asked: URL, next: URL, { checked }: FollowOptions = {}): void {
  const host = hostOf(next);
  const kind = kindOfHost(host);
  if (kind && kind !== kindOfHost(hostOf(asked))) throw inwards(asked, host, kind);
  if (checked || asked.protocol !== 'https:' || next.protocol !== 'http:') return;
  const hint = 'add a checksum (sha256sum) of the file to the TDL, or name the http URL itself';
  throw refusal(asked, `from https to ${shown(next)}, which nothing protects`, hint);
}

type Lookup = typeof lookup;

/**
 * dns.lookup() for a connection of our own to where we are sent on to: what a name stands for is
 * known no earlier. Undefined for the host that was asked for.
 */
export function redirectLookup(
  asked: URL,
  next: URL,
  resolve: Lookup = lookup,
): Lookup | undefined {
  const [own, host] = [hostOf(asked), hostOf(next)];
  if (own === host) return undefined;
  const named = kindOfHost(own);
  const guarded = (name: string, options: LookupOptions, callback: Answer) =>
    resolve(name, options, (error, address, family) => {
      const found: (string | LookupAddress)[] = error ? [] : [address].flat();
      const kind = found
        .map((one) => kindOfAddress(typeof one === 'string' ? one : one.address))
        .find((each) => each !== undefined && each !== named);
      callback(kind ? inwards(asked, name, kind) : error, address, family);
    });
  return guarded as Lookup;
}

type Answer = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/** What got is to do before it follows; sets the proxy for where it leads, too. */
export function redirectHooks(
  asked: URL,
  options: FollowOptions = {},
): Pick<Hooks, 'beforeRedirect'> {
  return {
    beforeRedirect: [
      (request) => {
        const next = new URL(String(request.url));
        checkRedirect(asked, next, options);
        const agents = proxyAgents(next);
        request.agent = agents;
        // A proxy looks names up itself.
        const direct = Object.keys(agents).length === 0;
        request.dnsLookup = direct ? (redirectLookup(asked, next) as never) : undefined;
      },
    ],
  };
}
