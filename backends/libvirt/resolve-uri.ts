/** Which libvirt is used when none is configured. */
import { access, constants, stat } from 'node:fs/promises';
import { connect } from './connection.ts';
import { findNatBridge } from './network.ts';
import { answers, systemSockets } from './root-daemon.ts';

/**
 * A socket open to everyone is guarded by polkit, which may put a dialogue on
 * somebody's desktop: only a member of the group that needs none goes there.
 */
async function mayUse(socket: string): Promise<boolean> {
  if (process.getuid?.() === 0) return true;
  try {
    await access(socket, constants.R_OK | constants.W_OK);
    const { gid, mode } = await stat(socket);
    const worldMayWrite = (mode & 0o002) !== 0;
    return !worldMayWrite || (gid !== 0 && (process.getgroups?.() ?? []).includes(gid));
  } catch {
    return false;
  }
}

/**
 * The configured URI; else qemu:///system when a system daemon answers, this
 * user may use it and it has a network for guests; else qemu:///session, which
 * needs neither rights nor preparations.
 */
export async function resolveUri(configured?: string): Promise<string> {
  if (configured) return configured;
  const system = 'qemu:///system';
  const session = 'qemu:///session';
  for (const socket of systemSockets) {
    if (!(await mayUse(socket)) || !(await answers(socket))) continue;
    try {
      const connection = await connect(system);
      try {
        if (await findNatBridge(connection)) return system;
      } finally {
        await connection.close();
      }
    } catch {
      // It answers, but not to us: the session does.
    }
    return session;
  }
  return session;
}
