/** Letting the build into finished disks, by real libguestfs, and out of them again. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadOrCreateKey, type SshKey } from '../../src/customize/keys.ts';
import { offlineUnlock } from '../../src/customize/offline.ts';
import { sealAndPowerOff } from '../../src/customize/seal.ts';
import { waitForSsh } from '../../src/customize/wait-ssh.ts';
import { listOffline } from '../../src/icicle/list-offline.ts';
import { offlineSeal } from '../../test/customize/helpers/offline-seal.ts';
import { provideKernel } from './appliance.ts';
import { adoptBox, bootBox, makeBox, removeBox } from './box.ts';

let dir: string;
let key: SshKey;
const foreign = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIForeignForeignForeignForeignForeignFo owner';

/** The host's KVM is not what is tested here. */
const emulate = true;

beforeAll(async () => {
  provideKernel();
  dir = mkdtempSync(path.join(tmpdir(), 'ozma-offline-test-'));
  key = await loadOrCreateKey(path.join(dir, 'key'));
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

function makeImage(tree: string, file: string): void {
  execFileSync('truncate', ['-s', '1G', file]);
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-d', tree, file]);
}

/** All files of an image as a directory tree. */
function treeOf(image: string): string {
  const tree = mkdtempSync(path.join(dir, 'tree-'));
  execFileSync('debugfs', ['-R', `rdump / ${tree}`, image], { stdio: 'ignore' });
  chmodSync(tree, 0o755);
  rmSync(path.join(tree, 'lost+found'), { recursive: true, force: true });
  return tree;
}

function differences(one: string, other: string): string {
  const diff = 'diff -r --no-dereference "$1" "$2" 2>&1 || true';
  return execFileSync('sh', ['-c', diff, 'sh', one, other], { encoding: 'utf8' });
}

describe('a disk with sshd switched off, root shut out and no host keys', () => {
  it('is unlocked, lets us in at its next boot, and is as before once sealed', async () => {
    const source = await makeBox();
    const off = (name: string) => rmSync(source.file(name), { force: true });
    off('etc/systemd/system/multi-user.target.wants/ssh.service');
    for (const name of readdirSync(source.file('etc/ssh'))) {
      if (name.startsWith('ssh_host_')) off(`etc/ssh/${name}`);
    }
    mkdirSync(source.file('root/.ssh'), { recursive: true });
    writeFileSync(source.file('root/.ssh/authorized_keys'), foreign); // without a line end
    const image = path.join(dir, 'a.img');
    makeImage(source.tree, image);
    await offlineUnlock(image, key.publicKey, { emulate });
    const box = await adoptBox(treeOf(image), 'no');
    expect(box.read('root/.ssh/authorized_keys')).toBe(`${foreign}\n${key.publicKey}\n`);
    const running = bootBox(box);
    try {
      const session = await waitForSsh(
        async () => ({ host: '127.0.0.1', port: box.port }),
        { username: 'root', privateKey: key.privateKey },
        { timeoutMs: 120_000, isAlive: async () => running.alive() },
      );
      await sealAndPowerOff(session, 'debian', { publicKey: key.publicKey });
      await running.stopped;
    } finally {
      await running.kill();
    }
    expect(box.read('root/.ssh/authorized_keys')).toBe(`${foreign}\n`);
    const etc = differences(source.file('etc'), box.file('etc')).trim().split('\n');
    const expected = [
      /machine-id/,
      /ssh-host-keys\.service/,
      /50-box\.conf/,
      /^[<>\d-]/,
      /shadow/,
      /resolv/,
      /passwd-|\.updated|ld\.so\.cache|mtab/,
    ];
    expect(etc.filter((line) => !expected.some((known) => known.test(line)))).toEqual([]);
    expect(existsSync(box.file('var/lib/.build-access'))).toBe(false);
    rmSync(source.tree, { recursive: true, force: true });
  });
});

describe('a qcow2 whose sshd_config forbids root before it includes anything', () => {
  it('is unlocked and locked again without a boot, and is what it was', async () => {
    const source = await makeBox();
    const config = source.file('etc/ssh/sshd_config');
    writeFileSync(config, `PermitRootLogin no\n${source.read('etc/ssh/sshd_config')}`);
    rmSync(source.file('root/.ssh'), { recursive: true, force: true });
    const raw = path.join(dir, 'b.img');
    const image = path.join(dir, 'b.qcow2');
    makeImage(source.tree, raw);
    execFileSync('qemu-img', ['convert', '-O', 'qcow2', raw, image]);
    const before = treeOf(raw);
    const back = () => {
      execFileSync('qemu-img', ['convert', '-O', 'raw', image, raw]);
      return treeOf(raw);
    };
    await offlineUnlock(image, key.publicKey, { emulate });
    const unlocked = back();
    const sshd = execFileSync(
      'chroot',
      [unlocked, 'sh', '-c', 'mknod -m 666 /dev/null c 1 3; mkdir -p /run/sshd; sshd -T'],
      {
        encoding: 'utf8',
      },
    );
    expect(sshd).toMatch(/^permitrootlogin yes$/m);
    expect(sshd).toMatch(/^authorizedkeysfile \/root\/\.ssh\/authorized_keys$/m);
    // A second time, as after a run that was cut off.
    await offlineUnlock(image, key.publicKey, { emulate });
    await offlineSeal(image, key.publicKey, { emulate });
    expect(differences(before, back())).toBe('');
    rmSync(source.tree, { recursive: true, force: true });
  });
});

describe('a disk with SELinux', () => {
  it('gets labels for all that is put into it', async () => {
    const source = await makeBox();
    mkdirSync(source.file('etc/selinux'), { recursive: true });
    writeFileSync(source.file('etc/selinux/config'), 'SELINUX=enforcing\nSELINUXTYPE=targeted\n');
    rmSync(source.file('root/.ssh'), { recursive: true, force: true });
    const image = path.join(dir, 'selinux.img');
    makeImage(source.tree, image);
    await offlineUnlock(image, key.publicKey, { emulate });
    const label = (file: string) =>
      execFileSync('debugfs', ['-R', `ea_get ${file} security.selinux`, image], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    expect(label('/root/.ssh')).toContain(':ssh_home_t:');
    expect(label('/root/.ssh/authorized_keys')).toContain(':ssh_home_t:');
    expect(label('/etc/ssh/sshd_config.d/00-build-access.conf')).toContain(':etc_t:');
    expect(label('/var/lib/.build-access')).toContain(':var_lib_t:');
    removeBox(source);
  });
});

describe('a disk that nobody gets into', () => {
  it('has its packages listed without a boot', async () => {
    const source = await makeBox();
    const image = path.join(dir, 'list.img');
    makeImage(source.tree, image);
    const packages = await listOffline(image, 'dpkg', `dpkg-query -W -f '\${Version}\\n'`, {
      emulate,
    });
    const selections = execFileSync('chroot', [source.tree, 'dpkg', '--get-selections'], {
      encoding: 'utf8',
    });
    expect(packages.map(({ name }) => name)).toEqual(
      selections
        .trim()
        .split('\n')
        .map((line) => line.split('\t')[0]),
    );
    expect(packages.find(({ name }) => name === 'bash')?.extra).toMatch(/^5\./);
    await expect(listOffline(image, 'rpm', undefined, { emulate })).rejects.toMatchObject({
      code: 'OZ_OFFLINE',
    });
    removeBox(source);
  });
});

describe('what is no system', () => {
  it('is refused with a clear error, and a raw disk is never read as another format', async () => {
    const backing = path.join(dir, 'secret');
    writeFileSync(backing, 'x'.repeat(1 << 20));
    const posing = path.join(dir, 'posing.dsk');
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', backing, posing]);
    await expect(offlineUnlock(posing, key.publicKey, { emulate })).rejects.toMatchObject({
      code: 'OZ_OFFLINE',
    });
    await expect(
      offlineUnlock(path.join(dir, 'none.dsk'), key.publicKey, { emulate }),
    ).rejects.toMatchObject({
      code: 'OZ_OFFLINE',
      message: expect.stringContaining('none.dsk'),
    });
    await expect(
      offlineUnlock(posing, key.publicKey, { emulate, signal: AbortSignal.timeout(500) }),
    ).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});
