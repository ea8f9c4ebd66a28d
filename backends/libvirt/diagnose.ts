/** What a build lacks at a libvirt, looked at without making more there than the test of KVM. */
import { access, constants } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { asRoot, type Finding, fine, problem, problemOf, warning } from '../../src/base/finding.ts';
import { ownArch } from '../../src/base/own-arch.ts';
import { withoutCredentials } from '../../src/base/secrets.ts';
import type { BackendContext } from '../backend.ts';
import { guestArch, type HostCapabilities, readCapabilities } from './caps.ts';
import type { Connection } from './connection.ts';
import { emulatesCx16 } from './emulation.ts';
import { openHypervisor } from './hypervisor.ts';
import { kvmWorks } from './kvm-probe.ts';
import { findBridge } from './network.ts';
import { closedDirectory } from './reach.ts';
import { readUri } from './uri.ts';

export interface DiagnoseOptions {
  uri: string;
  type?: string | undefined;
  bridgeName?: string | undefined;
  cacheDir: string;
  /** Directories whose files QEMU has to reach, as far as they are there. */
  directories: readonly string[];
  context: BackendContext;
  /** Whether a guest may be made to try KVM. */
  tries: boolean;
  signal?: AbortSignal | undefined;
}

const slow = 'guests are emulated, which takes about ten times as long';

/** Why there is no KVM where libvirt does not offer it. */
async function withoutKvm(uri: string): Promise<Finding> {
  if (readUri(uri).remote) return warning('kvm', `no KVM on ${withoutCredentials(uri)}: ${slow}`);
  const may = await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => null,
    (error: NodeJS.ErrnoException) => error.code ?? 'EIO',
  );
  if (may === 'EACCES' || may === 'EPERM') {
    const fix = `${asRoot(`adduser ${os.userInfo().username} kvm`)}, then log in again`;
    return warning('kvm', `you may not use /dev/kvm: ${slow}`, fix);
  }
  const fix =
    'switch virtualization on in the firmware; in a virtual machine, nested virtualization at its host';
  return warning('kvm', `there is no KVM here: ${slow}`, fix);
}

async function* hypervisor(
  connection: Connection,
  capabilities: HostCapabilities,
  options: DiagnoseOptions,
): AsyncGenerator<Finding> {
  const { uri, type, cacheDir, context, tries, signal } = options;
  const arch = ownArch();
  const { types } = guestArch(capabilities, arch, uri);
  if (!tries && !type && types.includes('kvm')) {
    yield fine('kvm', 'KVM is there; whether it runs guests was not tried');
    return;
  }
  const found = await openHypervisor(options, connection, capabilities).typeFor(arch, signal);
  yield fine('hypervisor', `${arch} guests of type ${found}`);
  if (type) return; // chosen by the user, and not questioned
  if (found === 'kvm') {
    yield fine('kvm', 'KVM runs guests');
    return;
  }
  if (!types.includes('kvm')) yield await withoutKvm(uri);
  else {
    const { reason = 'it is not known why' } = await kvmWorks(
      connection,
      cacheDir,
      context,
      signal,
    );
    yield warning('kvm', `KVM is there and runs no guests: ${reason}; ${slow}`);
  }
  const asking = "ask for the hypervisor's version";
  const version = await connection.call(asking, 'version', [], { signal });
  if (found === 'qemu' && !emulatesCx16(version)) {
    yield warning(
      'qemu',
      'this QEMU emulates x86-64-v2 wrongly: EL 9, Leap 16 and Windows 8.1 and later are refused',
      'use KVM, or QEMU 8.0 or later',
    );
  }
}

/** Directories that the user who QEMU runs as can't enter. */
async function* reach(
  { owners }: HostCapabilities,
  { uri, directories }: DiagnoseOptions,
): AsyncGenerator<Finding> {
  const { userNetworking, remote } = readUri(uri);
  const owner = owners.kvm ?? owners.qemu;
  if (userNetworking || remote || !owner || owner.uid === process.getuid?.()) return;
  const found = await Promise.all(
    // What is not there will be made, and is then open as far as it has to be.
    directories.map((dir) => closedDirectory(path.join(dir, 'file'), owner).catch(() => null)),
  );
  for (const closed of new Set(found)) {
    if (closed === null) continue;
    yield problem(
      'reach',
      `QEMU runs as user ${owner.uid}, which may not enter ${closed}`,
      asRoot(`setfacl -m u:${owner.uid}:x ${closed}`),
    );
  }
}

async function* network(connection: Connection, options: DiagnoseOptions): AsyncGenerator<Finding> {
  if (readUri(options.uri).userNetworking) {
    yield fine('network', 'user-mode networking, which needs no rights');
    return;
  }
  const bridge = await findBridge(connection, options.bridgeName);
  yield fine('network', `bridge ${bridge.name}${bridge.network ? ` of ${bridge.network}` : ''}`);
}

/** On an open connection; each part is looked at although another failed. */
export async function* diagnoseConnection(
  connection: Connection,
  options: DiagnoseOptions,
): AsyncGenerator<Finding> {
  const { uri, signal } = options;
  let capabilities: HostCapabilities;
  try {
    capabilities = readCapabilities(
      await connection.call('read the capabilities', 'capabilities', [], { signal }),
    );
    yield fine('libvirt', `${withoutCredentials(uri)} answers`);
  } catch (error) {
    signal?.throwIfAborted();
    yield problemOf('libvirt', error);
    return;
  }
  const parts: Readonly<Record<string, () => AsyncGenerator<Finding>>> = {
    hypervisor: () => hypervisor(connection, capabilities, options),
    network: () => network(connection, options),
    reach: () => reach(capabilities, options),
  };
  for (const [check, look] of Object.entries(parts)) {
    try {
      yield* look();
    } catch (error) {
      signal?.throwIfAborted();
      yield problemOf(check, error);
    }
  }
}
