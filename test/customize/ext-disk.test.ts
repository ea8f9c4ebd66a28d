/** Work in disks without an appliance: on real ext4 file systems, in real qcow2 files. */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describe, expect, it, vi } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { runTool } from '../../src/base/run-tool.ts';
import { openExtDisk } from '../../src/customize/ext-disk.ts';
import { offlineUnlock } from '../../src/customize/offline.ts';
import {
  at,
  fstab,
  key,
  makeDisk,
  options,
  partitionStart,
  readBack,
} from './helpers/ext-image.ts';
import { offlineSeal } from './helpers/offline-seal.ts';

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

  it.each(['orphan_file', 'inline_data', 'metadata_csum_seed,bigalloc', '^metadata_csum,^64bit'])(
    'is in order afterwards, with directories of many names: %s',
    async (features) => {
      const names = Array.from({ length: 600 }, (_, n) => [
        `etc/some-long-file-name-${n}.conf`,
        '',
      ]);
      const disk = await makeDisk(Object.fromEntries(names), features);
      await runTool('e2fsck', ['-fyD', `${at('raw')}?offset=${partitionStart}`]).catch(() => {});
      await runTool('qemu-img', ['convert', '-O', 'qcow2', at('raw'), disk]);
      await offlineUnlock(disk, key, { ...options, announceAs: 'guest-1' });
      const open = await readBack(disk);
      expect(await open('stat /etc')).toMatch(/Flags: 0x\w*1000\b/); // indexed
      expect(await open('cat /etc/build-announce.sh')).toContain("'guest-1'");
      await offlineSeal(disk, key, options);
      expect(await (await readBack(disk))('stat /etc/build-announce.sh')).toBe('');
    },
  );

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
    expect(await readFile('/proc/mounts', 'utf8')).not.toContain(at());
  });

  it('says which change was not possible', async () => {
    const large = 'x'.repeat(limits.document + 1);
    const disk = await makeDisk({ 'etc/large': large, 'etc/enough': large.slice(1) });
    const fish = await openExtDisk(disk, 'qcow2');
    await expect(fish?.command('cat', '/etc/large')).rejects.toThrow(
      'cat: /etc/large is larger than 5 MiB',
    );
    expect(await fish?.command('cat', '/etc/enough')).toHaveLength(limits.document);
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

  it('counts quotas, of which debugfs knows nothing: left to libguestfs', async () => {
    expect(await openExtDisk(await makeDisk({}, 'quota'), 'qcow2')).toBeNull();
  });

  it('would be worked on in a directory whose name debugfs takes apart: left to libguestfs', async () => {
    const disk = await makeDisk();
    await mkdir(at('two words'));
    vi.stubEnv('TMPDIR', at('two words'));
    try {
      expect(await openExtDisk(disk, 'qcow2')).toBeNull();
    } finally {
      vi.unstubAllEnvs();
    }
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
