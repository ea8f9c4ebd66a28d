/** A URL as the guest reaches it. */
import type { Capabilities } from '../../backends/backend.ts';
import { OzError } from '../base/errors.ts';
import { withoutCredentials } from '../base/secrets.ts';

const loopback =
  /^(localhost|.*\.localhost|127(\.\d+){1,3}|\[::1\]|\[::ffff:7f.*\]|0\.0\.0\.0)\.?$/i;

/** Whether a URL's host is the machine it is used on. */
export function isOnThisMachine(url: string): boolean {
  return URL.canParse(url) && loopback.test(new URL(url).hostname);
}

/**
 * The same URL with this machine's loopback address replaced by the address
 * under which the guest knows this machine. Throws OZ_PLAN_LOCALHOST where it
 * knows none (a NAT bridge, a cloud).
 */
export function urlForGuest(url: string, capabilities: Capabilities): string {
  if (!isOnThisMachine(url)) return url;
  if (capabilities.hostAddress === null) {
    throw new OzError(
      'OZ_PLAN_LOCALHOST',
      `Cannot install from ${withoutCredentials(url)}: the guest cannot reach this machine as localhost`,
      { hint: 'use an address the guest can reach, or [libvirt] uri = qemu:///session' },
    );
  }
  const { hostname } = new URL(url);
  return url.replace(hostname, capabilities.hostAddress);
}
