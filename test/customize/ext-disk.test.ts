/** Work in disks without an appliance: on real ext4 file systems, in real qcow2 files. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runTool } from '../../src/base/run-tool.ts';
import { openExtDisk } from '../../src/customize/ext-disk.ts';
import { offlineSeal, offlineUnlock } from '../../src/customize/offline.ts';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAITestTestTest build';
const fstab = 'UUID=1 / ext4 errors=remount-ro 0 1\n';

let dir: string;
const at = (...names: string[]) => path.join(dir, ...names);
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ozma-ext-'));
});
afterEach(() => rm(dir, { recursive: true }));

const partitionStart = 1 << 20;

async function put(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(at('tree', file)), { recursive: true });
  await writeFile(at('tree', file), text);
}

/** A small Debian-like system on one partition, as qcow2. */
async function makeDisk(more: Record<string, string> = {}): Promise<string> {
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
  for (const [file, text] of Object.entries(files)) await put(file, text);
  await mkdir(at('tree/root'), { mode: 0o700 });
  await symlink('usr/lib', at('tree/lib'));
  await runTool('truncate', ['-s', '64M', at('raw')]);
  await runTool('sfdisk', ['-q', at('raw')], { input: '2048,,83,*\n' });
  const offset = `offset=${partitionStart}`;
  await runTool('mke2fs', [
    ...['-q', '-t', 'ext4', '-E', `${offset},root_owner=0:0`, '-d', at('tree')],
    ...[at('raw'), '63M'],
  ]);
  await runTool('qemu-img', ['convert', '-O', 'qcow2', at('raw'), at('disk.qcow2')]);
  return at('disk.qcow2');
}

/** The file system as it is now, checked by e2fsck; debugfs reads it. */
async function readBack(disk: string): Promise<(request: string) => Promise<string>> {
  await runTool('qemu-img', ['convert', '-O', 'raw', disk, at('after')]);
  const device = `${at('after')}?offset=${partitionStart}`;
  await runTool('e2fsck', ['-fn', device]);
  return async (request) =>
    (await runTool('debugfs', ['-R', request, device])).stdout.toString('utf8');
}

const options = { emulate: true, format: 'qcow2' };

describe('a simple disk', () => {
  it('is unlocked without an appliance, and sealed again to what it was', async () => {
    const disk = await makeDisk();
    await offlineUnlock(disk, key, { ...options, announceAs: 'guest-1' });
    const open = await readBack(disk);
    expect(await open('cat /root/.ssh/authorized_keys')).toBe(`${key}\n`);
    expect(await open('stat /root/.ssh/authorized_keys')).toMatch(/Mode:\s+0600[\s\S]*User:\s+0 /);
    expect(await open('stat /root/.ssh')).toMatch(/Type: directory\s+Mode:\s+0700/);
    expect(await open('cat /etc/ssh/sshd_config.d/00-build-access.conf')).toMatch(
      /^PermitRootLogin/,
    );
    expect(await open('cat /etc/build-announce.sh')).toContain("'guest-1'");
    const wants = '/etc/systemd/system/multi-user.target.wants';
    expect(await open(`stat ${wants}/ssh.service`)).toContain('"/lib/systemd/system/ssh.service"');

    await offlineSeal(disk, key, options);
    const sealed = await readBack(disk);
    for (const gone of ['/root/.ssh', '/etc/ssh/sshd_config.d', '/etc/build-announce.sh']) {
      expect(await sealed(`stat ${gone}`)).toBe('');
    }
    expect(await sealed(`ls -p ${wants}`)).not.toMatch(/service/);
    expect(await sealed('stat /var/lib/.build-access')).toBe('');
    expect(await sealed('cat /etc/ssh/sshd_config')).toContain('UsePAM yes');
  });

  it('gets a saved sshd_config where there are no drop-ins, with its mode', async () => {
    const disk = await makeDisk({ 'etc/ssh/sshd_config': 'PermitRootLogin no\n' });
    await offlineUnlock(disk, key, options);
    const open = await readBack(disk);
    expect(await open('cat /etc/ssh/sshd_config')).toMatch(
      /^PermitRootLogin yes[\s\S]*Login no\n$/,
    );
    await offlineSeal(disk, key, options);
    const sealed = await readBack(disk);
    expect(await sealed('cat /etc/ssh/sshd_config')).toBe('PermitRootLogin no\n');
    expect(await sealed('stat /etc/ssh/sshd_config')).toMatch(/Mode:\s+0644/);
  });

  it('leaves nothing behind on this machine', async () => {
    const before = (await runTool('ls', [tmpdir()])).stdout.toString('utf8');
    const fish = await openExtDisk(await makeDisk(), 'qcow2');
    expect(await fish?.command('cat', '/etc/fstab')).toBe(fstab);
    await fish?.close();
    const left = (await runTool('ls', [tmpdir()])).stdout.toString('utf8').split('\n');
    expect(left.filter((name) => name.startsWith('ozma-disk-') && !before.includes(name))).toEqual(
      [],
    );
    expect(await readFile('/proc/mounts', 'utf8')).not.toContain(dir);
  });

  it('says which change was not possible', async () => {
    const fish = await openExtDisk(await makeDisk(), 'qcow2');
    await expect(fish?.command('upload', at('raw'), '/no/such/place')).rejects.toMatchObject({
      code: 'OZ_OFFLINE',
    });
    await expect(fish?.command('cat', '/etc/"; rm /etc/fstab')).rejects.toThrow(/unexpected path/);
    await fish?.close();
  });
});

describe('a disk that is not simple', () => {
  it.each([
    ['has /var elsewhere', { 'etc/fstab': `${fstab}UUID=2 /var ext4 defaults 0 2\n` }],
    ['has SELinux', { 'etc/selinux/config': 'SELINUX=enforcing\n' }],
  ])('%s: left to libguestfs', async (_, files) => {
    expect(await openExtDisk(await makeDisk(files), 'qcow2')).toBeNull();
  });

  it('was not left in order: left to libguestfs', async () => {
    await makeDisk();
    const device = `${at('raw')}?offset=${partitionStart}`;
    await runTool('debugfs', ['-w', '-R', 'feature needs_recovery', device]);
    expect(await openExtDisk(at('raw'), 'raw')).toBeNull();
  });

  it('has no partitions, or is none', async () => {
    await runTool('qemu-img', ['create', '-q', '-f', 'qcow2', at('blank'), '8M']);
    expect(await openExtDisk(at('blank'), 'qcow2')).toBeNull();
    expect(await openExtDisk(at('blank'), 'vmdk')).toBeNull();
    expect(await openExtDisk(at('missing'), 'raw')).toBeNull();
    expect(existsSync(at('missing'))).toBe(false);
  });
});
