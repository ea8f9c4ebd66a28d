/** URLs that mean this machine, and so something else inside the guest. */
import { shownUrl } from '../base/secrets.ts';
import { placeOf, tdlProblem } from './problem.ts';
import type { Tdl } from './types.ts';

const loopbackHost =
  /^(localhost|localhost[46]|.*\.localhost|localhost[46]?\.localdomain[46]?|ip6-localhost|ip6-loopback|127\.\d+\.\d+\.\d+|0\.0\.0\.0)\.?$/;
const loopbackIpv6 =
  /^\[(::1?|::ffff:(7f[0-9a-f]{2}:[0-9a-f]{1,4}|0:0)|::7f[0-9a-f]{2}:[0-9a-f]{1,4})\]$/;

/**
 * Whether a URL, or any URL within a repository line such as `deb http://… ./`,
 * has this machine as its host: by name or address in any spelling (a port, user
 * info, 2130706433, 0x7f.1, [::ffff:127.0.0.1], percent-encoding, a final dot).
 */
export function isLocalhostUrl(text: string): boolean {
  const urls = [...text.matchAll(/[/\\]{2,}[^\s'"]+/g)].map((m) => m[0]);
  return (urls.length > 0 ? urls : [text.trim()]).some((url) => isLoopback(hostOf(url)));
}

/** Longer ones are none of this machine's. */
const longestHost = 300;

/** The host as a web client reads it, whatever the scheme. */
function hostOf(url: string): string {
  const authority = url.replace(/^[a-z][a-z0-9+.-]*:(?=[/\\])/i, '').replace(/^[/\\]+/, '');
  try {
    // As http, since only for such schemes are hosts brought into one spelling.
    return new URL(`http://${authority}`).hostname;
  } catch {
    const [beforePath = ''] = authority.split(/[/\\?#]/);
    return beforePath
      .slice(beforePath.lastIndexOf('@') + 1)
      .slice(0, longestHost)
      .replace(/:[^\]]*$/, '')
      .toLowerCase();
  }
}

function isLoopback(host: string): boolean {
  return loopbackHost.test(host) || loopbackIpv6.test(host);
}

/**
 * Refuses what the guest has to fetch from this machine by a loopback address:
 * the tree of a url install and the repositories. Throws OZ_TDL_LOCALHOST with
 * file, line and element. Where the guest knows this machine by another address
 * (`localhostReachable`, user-mode networking) everything passes.
 */
export function checkReachability(tdl: Tdl, where: { localhostReachable: boolean }): void {
  if (where.localhostReachable) return;
  if (tdl.install.type === 'url' && isLocalhostUrl(tdl.install.url)) {
    refuse(tdl, tdl.install, 'os/install/url', tdl.install.url);
  }
  for (const repository of tdl.repositories) {
    if (isLocalhostUrl(repository.url)) {
      refuse(tdl, repository, 'repositories/repository/url', repository.url);
    }
  }
}

function refuse(tdl: Tdl, part: object, path: string, url: string): never {
  const place = placeOf(part) ?? { file: tdl.source, line: 1, path };
  throw tdlProblem(
    'OZ_TDL_LOCALHOST',
    place,
    `${shownUrl(url)} is on localhost, which inside the guest is the guest itself`,
    {
      hint: 'use an address of this machine that the guest can reach, or [libvirt] uri = qemu:///session',
    },
  );
}
