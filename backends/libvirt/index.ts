/** The libvirt backend. */
import type { Backend, BackendContext } from '../backend.ts';
import { readCapabilities } from './caps.ts';
import { type Connection, connect } from './connection.ts';
import { sessionFailure } from './daemon-words.ts';
import { checkDriver } from './driver-file.ts';
import { findBridge } from './network.ts';
import { makePlace } from './place.ts';
import { resolveUri } from './resolve-uri.ts';
import { ensureRootDaemon, needsRootDaemon } from './root-daemon.ts';
import { readUri } from './uri.ts';

export { libvirtCapabilities } from './abilities.ts';
export { type DomainHost, domainXml, finishedXml } from './domain-xml.ts';
export { resolveUri };

export interface LibvirtOptions {
  /** Any libvirt URI; absent: resolveUri()'s choice. */
  uri?: string | undefined;
  /** `kvm`, `qemu`, …: not questioned; absent: the best that works. */
  type?: string | undefined;
  /** A bridge of the hypervisor's host; absent: that of an active network with NAT. */
  bridgeName?: string | undefined;
  /** For what is found out once. Made when missing. */
  cacheDir: string;
  context: BackendContext;
  signal?: AbortSignal | undefined;
}

/** Opens the place. Throws OzErrors OZ_LIBVIRT_…, OZ_NO_BRIDGE. */
export async function openLibvirt(options: LibvirtOptions): Promise<Backend> {
  const { context, cacheDir, type } = options;
  const uri = options.uri ?? (await resolveUri());
  const connectTo = async (where: string, signal?: AbortSignal): Promise<Connection> => {
    checkDriver(where);
    if (needsRootDaemon(where)) await ensureRootDaemon(context.log, signal);
    return connect(where, signal).catch((error: unknown) => sessionFailure(error, where));
  };
  const connection = await connectTo(uri, options.signal);
  try {
    const capabilities = readCapabilities(
      await connection.call('read the capabilities', 'capabilities', []),
    );
    const bridge = readUri(uri).userNetworking
      ? null
      : await findBridge(connection, options.bridgeName);
    return makePlace({
      uri,
      type,
      cacheDir,
      context,
      connection,
      capabilities,
      bridge,
      connectTo,
    });
  } catch (error) {
    await connection.close();
    throw error;
  }
}
