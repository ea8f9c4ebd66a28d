/** Reads libvirt URIs for what matters here: driver, where its files are, how guests get a network. */

export interface LibvirtUri {
  /** As given. */
  uri: string;
  /** `qemu`, `test`, `xen`, … */
  driver: string;
  /** `/system`, `/session`, … */
  path: string;
  /** The hypervisor sees other files than this process does. */
  remote: boolean;
  /** Guests get QEMU's user-mode networking: no bridge, no rights needed. */
  userNetworking: boolean;
}

/** Takes a URI apart; text that is no URI counts as an unknown local driver's. */
export function readUri(uri: string): LibvirtUri {
  const match = /^([a-z0-9]+)(?:\+([a-z0-9]+))?:\/\/([^/?]*)(\/[^?]*)?/i.exec(uri);
  const driver = match?.[1]?.toLowerCase() ?? '';
  const host = (match?.[3] ?? '').replace(/^[^@]*@/, '');
  const path = match?.[4] ?? '/';
  return {
    uri,
    driver,
    path,
    remote: host !== '',
    userNetworking: driver === 'qemu' && path === '/session',
  };
}
