/** The libvirt backend. */

import type { Finding } from '../../src/base/finding.ts';
import { problemOf } from '../../src/base/finding.ts';
import type { Backend, BackendContext } from '../backend.ts';
import { readCapabilities } from './caps.ts';
import { type Connection, connect } from './connection.ts';
import { sessionFailure } from './daemon-words.ts';
import { type DiagnoseOptions, diagnoseConnection } from './diagnose.ts';
import { checkDriver } from './driver-file.ts';
import { findBridge } from './network.ts';
import { makePlace } from './place.ts';
import { resolveUri } from './resolve-uri.ts';
import { ensureRootDaemon, needsRootDaemon } from './root-daemon.ts';
import { readUri } from './uri.ts';

export { libvirtCapabilities } from './abilities.ts';
export { type DomainHost, domainXml, finishedXml } from './domain-xml.ts';
export { likelyType } from './likely-type.ts';
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

/** Connects, and starts a daemon where nobody else does. */
async function reach(
  uri: string,
  { log }: BackendContext,
  signal?: AbortSignal,
): Promise<Connection> {
  checkDriver(uri);
  if (needsRootDaemon(uri)) await ensureRootDaemon(log, signal);
  return connect(uri, signal).catch((error: unknown) => sessionFailure(error, uri));
}

/** What a build lacks here, for `oz doctor`. */
export async function* diagnoseLibvirt(options: DiagnoseOptions): AsyncGenerator<Finding> {
  const { uri, context, signal } = options;
  let connection: Connection;
  try {
    connection = await reach(uri, context, signal);
  } catch (error) {
    signal?.throwIfAborted();
    yield problemOf('libvirt', error);
    return;
  }
  try {
    yield* diagnoseConnection(connection, options);
  } finally {
    await connection.close();
  }
}

/** Opens the place. Throws OzErrors OZ_LIBVIRT_…, OZ_NO_BRIDGE. */
export async function openLibvirt(options: LibvirtOptions): Promise<Backend> {
  const { context, cacheDir, type } = options;
  const uri = options.uri ?? (await resolveUri());
  const connectTo = (where: string, signal?: AbortSignal) => reach(where, context, signal);
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
