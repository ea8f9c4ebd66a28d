import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inflateSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { domainTypes, guestArch, readCapabilities } from '../../../backends/libvirt/caps.ts';
import { prepareConsoleLog, readConsoleLog } from '../../../backends/libvirt/console-log.ts';
import { probeImage } from '../../../backends/libvirt/kvm-probe-program.ts';
import {
  createLocalDisk,
  exportLocalDisk,
  syncLocalDisk,
} from '../../../backends/libvirt/local-disk.ts';
import { localStorage } from '../../../backends/libvirt/local-storage.ts';
import { readNetwork } from '../../../backends/libvirt/network.ts';
import { ppmToPng } from '../../../backends/libvirt/png.ts';
import { closedDirectory } from '../../../backends/libvirt/reach.ts';
import { readUri } from '../../../backends/libvirt/uri.ts';
import { forwardedPort } from '../../../backends/libvirt/user-net.ts';
import { runTool } from '../../../src/base/run-tool.ts';
import { openLedger } from '../../../src/engine/ledger.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ozma-parts-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('readUri', () => {
  it.each([
    ['qemu:///session', 'qemu', '/session', false, true],
    ['qemu:///system', 'qemu', '/system', false, false],
    ['qemu:///system?socket=/x', 'qemu', '/system', false, false],
    ['qemu+ssh://root@host/system', 'qemu', '/system', true, false],
    ['qemu+ssh://host/session', 'qemu', '/session', true, true],
    ['test:///default', 'test', '/default', false, false],
    ['xen://', 'xen', '/', false, false],
    ['nonsense', '', '/', false, false],
  ])('%s', (uri, driver, where, remote, userNetworking) => {
    expect(readUri(uri)).toEqual({ uri, driver, path: where, remote, userNetworking });
  });
});

describe('readCapabilities', () => {
  const xml = `<capabilities><host>
    <secmodel><model>apparmor</model><doi>0</doi></secmodel>
    <secmodel><model>dac</model><doi>0</doi><baselabel type='kvm'>+64055:+994</baselabel>
    <baselabel type='qemu'>+64055:+64055</baselabel></secmodel></host>
    <guest><os_type>hvm</os_type><arch name='x86_64'><emulator>/usr/bin/q</emulator>
    <machine canonical='pc-i440fx-7.2'>pc</machine><machine>q35</machine>
    <domain type='qemu'/><domain type='kvm'><emulator>/usr/bin/k</emulator></domain></arch></guest>
    <guest><os_type>hvm</os_type><arch name='i686'><domain type='qemu'/></arch></guest></capabilities>`;

  it('reads architectures, types and owners', () => {
    const found = readCapabilities(xml);
    expect(found.owners).toEqual({
      kvm: { uid: 64055, gid: 994 },
      qemu: { uid: 64055, gid: 64055 },
    });
    const guest = guestArch(found, 'x86_64', 'qemu:///system');
    expect(guest).toMatchObject({ emulator: '/usr/bin/q', machines: ['pc', 'q35'] });
    expect(domainTypes(guest)).toEqual(['kvm', 'qemu']);
    expect(domainTypes(guestArch(found, 'i386', ''))).toEqual(['qemu']);
  });

  it('says which architectures there are when one is missing', () => {
    expect(() => guestArch(readCapabilities(xml), 'aarch64', 'qemu:///session')).toThrow(
      'Cannot run aarch64 guests on qemu:///session: no hypervisor for them is installed there (it has x86_64, i686)',
    );
    expect(() => guestArch(readCapabilities('<capabilities/>'), 'x86_64', 'u')).toThrow(
      'no hypervisor',
    );
  });
});

describe('readNetwork', () => {
  it.each([
    ["<network><bridge name='b0'/><forward mode='nat'/><ip address='1.2.3.4'/></network>", true],
    ["<network><bridge name='b0'/><forward/><ip family='ipv4' address='1.2.3.4'/></network>", true],
    ["<network><bridge name='b0'/><ip address='1.2.3.4'/></network>", false],
    ["<network><bridge name='b0'/><forward mode='route'/><ip address='1.2.3.4'/></network>", false],
    ["<network><bridge name='b0'/><forward mode='nat'/><ip family='ipv6'/></network>", false],
    ["<network><bridge name='b0'/><forward mode='nat'/></network>", false],
    [
      "<network><bridge name='b0'/><forward mode='nat'><nat><port start='1' end='2'/></nat></forward><ip family='ipv6' address='::1'/><ip address='1.2.3.4'><dhcp/></ip></network>",
      true,
    ],
  ])('%s', (xml, nat) => {
    expect(readNetwork(xml)).toEqual({ bridge: 'b0', nat });
  });
});

describe('forwardedPort', () => {
  const header =
    'Hub -1 (hostnet0):\r\n  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r\n';

  it('reads the SSH forward among other connections', () => {
    const text = `${header}  TCP[ESTABLISHED]   31       127.0.0.1 22222       10.0.2.15    22     0     0
  TCP[HOST_FORWARD]  29       127.0.0.1  8080       10.0.2.15    80     0     0
  TCP[HOST_FORWARD]  30       127.0.0.1 37619       10.0.2.15    22     0     0\r\n`;
    expect(forwardedPort(text)).toBe(37619);
  });
  it('finds none in an empty table', () => expect(forwardedPort(header)).toBeNull());
});

describe('ppmToPng', () => {
  it('keeps each pixel', () => {
    const pixels = Buffer.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3, 10, 32, 35, 9, 9, 9]);
    const png = ppmToPng(Buffer.concat([Buffer.from('P6\n# made by hand\n3 2\n255\n'), pixels]));
    expect(png.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
    expect(png.readUInt32BE(16)).toBe(3);
    expect(png.readUInt32BE(20)).toBe(2);
    const length = png.readUInt32BE(33);
    const rows = inflateSync(png.subarray(41, 41 + length));
    expect([...rows]).toEqual([0, ...pixels.subarray(0, 9), 0, ...pixels.subarray(9)]);
  });

  it.each([
    'P5\n1 1\n255\n0',
    'P6\n2 2\n255\n',
    'P6\n99999999 99999999\n255\n',
    'P6\n1 1\n65535\nabcdef',
    '',
  ])('refuses %j', (text) => {
    expect(() => ppmToPng(Buffer.from(text))).toThrow('Cannot read the screenshot');
  });
});

describe('console log', () => {
  it('is private, keeps what is there, and counts what virtlogd has moved away', async () => {
    const log = path.join(dir, 'console.log');
    expect(await readConsoleLog(log, 10)).toBeNull();
    await prepareConsoleLog(log);
    expect((await stat(log)).mode & 0o777).toBe(0o600);
    expect(await readConsoleLog(log, 10)).toEqual({ size: 0, tail: '' });
    await writeFile(log, 'newest');
    await prepareConsoleLog(log);
    await writeFile(`${log}.0`, 'middle');
    await writeFile(`${log}.1`, 'oldest');
    expect(await readConsoleLog(log, 3)).toEqual({ size: 18, tail: 'est' });
    expect(await readConsoleLog(log, 10)).toEqual({ size: 18, tail: 'ddlenewest' });
  });
});

describe('the KVM probe', () => {
  it('is a boot sector in a whole number of sectors', () => {
    const image = probeImage();
    expect(image.length % 512).toBe(0);
    expect(image.readUInt16LE(510)).toBe(0xaa55);
    expect(image[0]).toBe(0xfa);
    expect(image.subarray(512).every((byte) => byte === 0)).toBe(true);
  });

  it('powers off where instructions are carried out as they should be', async () => {
    const image = path.join(dir, 'probe.img');
    await writeFile(image, probeImage());
    const machine = ['-machine', 'pc,accel=tcg', '-m', '64', '-nodefaults', '-display', 'none'];
    await runTool(
      'qemu-system-x86_64',
      [...machine, '-drive', `file=${image},format=raw,if=virtio`],
      { signal: AbortSignal.timeout(25_000) },
    );
  });
});

describe('local disks', () => {
  const info = async (file: string) =>
    JSON.parse((await runTool('qemu-img', ['info', '--output=json', file])).stdout.toString()) as {
      format: string;
      'virtual-size': number;
      'actual-size': number;
    };

  it.each(['raw', 'qcow2'])('makes a sparse, private %s disk', async (format) => {
    const file = path.join(dir, `disk.${format}`);
    const disk = await createLocalDisk({ path: file, format, size: 2 ** 33 });
    expect(disk).toEqual({ ref: file, format, size: 2 ** 33 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const found = await info(file);
    expect(found).toMatchObject({ format, 'virtual-size': 2 ** 33 });
    expect(found['actual-size']).toBeLessThan(2 ** 20);
    await syncLocalDisk(file);
    await expect(createLocalDisk({ path: file, format, size: 1 })).rejects.toMatchObject({
      code: 'OZ_DISK_EXISTS',
    });
    expect(await info(file)).toMatchObject({ 'virtual-size': 2 ** 33 });
  });

  it('starts from a copy and grows it', async () => {
    const from = path.join(dir, 'jeos.dsk');
    await writeFile(from, Buffer.alloc(2 ** 20, 'x'));
    const file = path.join(dir, 'disk.raw');
    const seen: number[] = [];
    const disk = await createLocalDisk(
      { path: file, format: 'raw', size: 2 ** 21, from },
      { onProgress: (done) => seen.push(done) },
    );
    expect(disk.size).toBe(2 ** 21);
    expect(seen.at(-1)).toBe(2 ** 21);
    const content = await readFile(file);
    expect(content.subarray(0, 2 ** 20).equals(Buffer.alloc(2 ** 20, 'x'))).toBe(true);
    expect(content.length).toBe(2 ** 21);
    const target = path.join(dir, 'out.qcow2');
    await exportLocalDisk(disk, target, 'qcow2');
    expect(await info(target)).toMatchObject({ format: 'qcow2', 'virtual-size': 2 ** 21 });
    expect((await stat(target)).mode & 0o777).toBe(0o600);
  });

  it('leaves nothing behind when it fails', async () => {
    const file = path.join(dir, 'disk.raw');
    const missing = createLocalDisk({
      path: file,
      format: 'raw',
      size: 1,
      from: path.join(dir, 'missing'),
    });
    await expect(missing).rejects.toMatchObject({ code: 'OZ_TOOL_FAILED' });
    await expect(stat(file)).rejects.toThrow('ENOENT');
    const nowhere = createLocalDisk({ path: path.join(dir, 'no/d'), format: 'raw', size: 1 });
    await expect(nowhere).rejects.toMatchObject({ code: 'OZ_DISK_FAILED' });
  });
});

describe('localStorage', () => {
  it("copies an overlay, whole, to where QEMU's user may go; else it stays", async () => {
    const closed = path.join(dir, 'closed');
    await chmod(dir, 0o711);
    await mkdir(closed, { mode: 0o700 });
    const base = path.join(closed, 'base.iso');
    await writeFile(base, Buffer.alloc(65536, 'b'));
    const overlay = path.join(closed, 'overlay');
    const args = ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', base, overlay];
    await runTool('qemu-img', args);
    const medium = { role: 'installer', path: overlay, base, label: 'x' } as const;
    const ledger = openLedger(dir);
    const context = { ledger, log: () => {} };
    const open = await localStorage(context, undefined).stage(medium);
    expect(open).toEqual({ role: 'installer', ref: overlay, base, label: 'x' });
    const storage = localStorage(context, { uid: 65534, gid: 65534 });
    const { ref, ...rest } = await storage.stage(medium);
    expect(rest).toEqual({ role: 'installer', label: 'x' });
    expect((await readFile(ref)).equals(await readFile(base))).toBe(true);
    // What a run with another TMPDIR clears, should this one be killed.
    const staging = path.dirname(path.dirname(ref));
    expect(ledger.entries()).toEqual([{ place: 'file', kind: 'path', ref: staging }]);
    await storage.close();
    await expect(stat(staging)).rejects.toThrow('ENOENT');
    expect(ledger.entries()).toEqual([]);
    ledger.close();
  });

  it('leaves the copies of a failed build that is to be looked at', async () => {
    const closed = path.join(dir, 'closed');
    await mkdir(closed, { mode: 0o700 });
    await writeFile(path.join(closed, 'x.iso'), 'x');
    const ledger = openLedger(dir);
    const storage = localStorage({ ledger, log: () => {} }, { uid: 65534, gid: 65534 });
    const medium = { role: 'installer', path: path.join(closed, 'x.iso'), label: 'x' } as const;
    const { ref } = await storage.stage(medium);
    for (const entry of ledger.entries()) ledger.drop(entry);
    await storage.close();
    expect(await readFile(ref, 'utf8')).toBe('x');
    await rm(path.dirname(path.dirname(ref)), { recursive: true });
    ledger.close();
  });
});

describe('closedDirectory', () => {
  it('names the topmost directory that another user may not enter', async () => {
    const file = path.join(dir, 'a', 'b', 'disk');
    await mkdir(path.dirname(file), { recursive: true });
    await chmod(dir, 0o711);
    const nobody = { uid: 65534, gid: 65534 };
    expect(await closedDirectory(file, nobody)).toBeNull();
    await chmod(path.join(dir, 'a'), 0o700);
    await chmod(path.join(dir, 'a', 'b'), 0o700);
    expect(await closedDirectory(file, nobody)).toBe(path.join(dir, 'a'));
    expect(await closedDirectory(file, { uid: process.getuid?.() ?? 0, gid: 0 })).toBeNull();
  });
});
