/** Small systems on real ext4 file systems in qcow2 files. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { runTool } from '../../../src/base/run-tool.ts';

export const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAITestTestTest build';
export const options = { emulate: true, format: 'qcow2' };
export const fstab = 'UUID=1 / ext4 errors=remount-ro 0 1\n';

let dir: string;
export const at = (...names: string[]) => path.join(dir, ...names);
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ozma-ext-'));
});
afterEach(() => rm(dir, { recursive: true }));

export const partitionStart = 1 << 20;

async function put(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(at('tree', file)), { recursive: true });
  // as an installer leaves it, whatever the umask here
  await writeFile(at('tree', file), text, { mode: 0o644 });
}

/** A small Debian-like system on one partition, as qcow2; a file that is undefined is not in it. */
export async function makeDisk(
  more: Record<string, string | undefined> = {},
  features = '',
): Promise<string> {
  // A test may make several disks, one after the other.
  await rm(at('tree'), { recursive: true, force: true });
  const files = {
    'etc/fstab': fstab,
    'etc/ssh/sshd_config': 'Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n',
    'etc/ssh/ssh_host_ed25519_key': 'secret',
    'usr/sbin/sshd': 'program',
    'usr/lib/systemd/systemd': 'program',
    'usr/lib/systemd/system/ssh.service': '[Unit]\n',
    'var/lib/dpkg/status': '',
    ...more,
  };
  for (const [file, text] of Object.entries(files)) {
    if (text !== undefined) await put(file, text);
  }
  await mkdir(at('tree/root'), { mode: 0o700, recursive: true });
  await symlink('usr/lib', at('tree/lib'));
  await runTool('truncate', ['-s', '64M', at('raw')]);
  await runTool('sfdisk', ['-q', at('raw')], { input: '2048,,83,*\n' });
  const offset = `offset=${partitionStart}`;
  await runTool('mke2fs', [
    ...[
      '-q',
      '-t',
      'ext4',
      ...(features ? ['-O', features] : []),
      '-E',
      `${offset},root_owner=0:0`,
      '-d',
      at('tree'),
    ],
    ...[at('raw'), '63M'],
  ]);
  await runTool('qemu-img', ['convert', '-O', 'qcow2', at('raw'), at('disk.qcow2')]);
  return at('disk.qcow2');
}

/** The file system as it is now, checked by e2fsck; debugfs reads it. */
export async function readBack(disk: string): Promise<(request: string) => Promise<string>> {
  await runTool('qemu-img', ['convert', '-O', 'raw', disk, at('after')]);
  const device = `${at('after')}?offset=${partitionStart}`;
  await runTool('e2fsck', ['-fn', device]);
  return async (request) =>
    (await runTool('debugfs', ['-R', request, device])).stdout.toString('utf8');
}
