/** A URL, or a repository line with one in it, as the guest reaches it. */
import type { Capabilities } from '../../backends/backend.ts';
import { OzError } from '../base/errors.ts';
import { shownUrl } from '../base/secrets.ts';
import { isLocalhostUrl } from '../tdl/localhost.ts';

/**
 * The same URL with this machine's loopback address replaced by the address
 * under which the guest knows this machine. Throws OZ_PLAN_LOCALHOST where it
 * knows none (a NAT bridge, a cloud).
 */
export function urlForGuest(url: string, capabilities: Capabilities): string {
  if (!isLocalhostUrl(url)) return url;
  if (capabilities.hostAddress === null) {
    throw new OzError(
      'OZ_PLAN_LOCALHOST',
      `Cannot install from ${shownUrl(url)}: the guest cannot reach this machine as localhost`,
      { hint: 'use an address the guest can reach, or [libvirt] uri = qemu:///session' },
    );
  }
  const { hostAddress } = capabilities;
  // A repository may be a whole line of sources.list with the URL in it.
  return url.replace(/(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:\/\/[^\s'"]+/gi, (one) =>
    isLocalhostUrl(one) ? withHost(one, hostAddress) : one,
  );
}

function withHost(url: string, host: string): string {
  return url.replace(/^([^/]+:\/\/(?:[^/@]*@)?)(?:\[[^\]]*\]|[^:/?#]*)/, `$1${host}`);
}
