/** What users learn where libvirt's daemon, its driver or its library is not there. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { daemonFailure, readWords } from '../../../backends/libvirt/daemon-words.ts';
import { checkDriver, lacksDriver } from '../../../backends/libvirt/driver-file.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'ozma-words-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A daemon that does what this script does. */
function daemon(script: string): string {
  const file = path.join(dir, `daemon-${Math.random().toString(36).slice(2)}`);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

const stamp = '2026-11-30 18:00:00.123+0000: 4711:';
/** As libvirt 9.0 words it, which then ends with exit code 0. */
const noUser = `${stamp} info : libvirt version: 9.0.0
${stamp} error : dnsmasqCapsNewFromBinary:673 : Unable to find 'dnsmasq' binary in $PATH: No such file or directory
${stamp} warning : networkStateInitialize:658 : DBus not available
${stamp} error : virGetUserID:760 : invalid argument: Failed to parse user 'libvirt-qemu'
${stamp} error : virStateInitialize:660 : Initialization of QEMU state driver failed: invalid argument: Failed to parse user 'libvirt-qemu'
${stamp} error : daemonRunStateInit:616 : Driver state initialization failed`;

describe('a daemon that does not start', () => {
  it('is asked for its own words, and for want of a user its package is named', async () => {
    const file = daemon(`cat >&2 <<'EOF'\n${noUser}\nEOF`);
    expect(await daemonFailure(file)).toMatchObject({
      code: 'OZ_LIBVIRT_NO_DAEMON',
      message: `Cannot start libvirt: ${file} ends: invalid argument: Failed to parse user 'libvirt-qemu'`,
      hint: 'install it (Debian: apt-get install libvirt-daemon-system)',
    });
  });

  it('is asked so that it writes them to us, and in its own environment', async () => {
    const file = daemon('echo "x: error: $LIBVIRT_LOG_OUTPUTS $LC_ALL $# $1" >&2; exit 1');
    const { message } = await daemonFailure(file);
    expect(message).toContain('ends: 3:stderr C 1 --timeout=1');
  });

  it('says so where it is not there, or starts after all', async () => {
    expect(await daemonFailure(null)).toMatchObject({
      message: 'Cannot start libvirt: libvirtd is not installed',
      hint: 'install it (Debian: apt-get install libvirt-daemon)',
    });
    const { message } = await daemonFailure(daemon('exit 0'));
    expect(message).toMatch(/does not answer$/);
  });

  it.each([
    ['libvirt.so.0', 'install it (Debian: apt-get install libvirt0)'],
    ['libvirt-qemu.so.0', 'install it (Debian: apt-get install libvirt0)'],
    ['libxml2.so.2', 'repair its packages (Debian: apt-get install --reinstall libvirt-daemon)'],
  ])('are the loader’s where %s is missing', (library, hint) => {
    const words = `${library}: cannot open shared object file: No such file or directory`;
    const said = `/usr/sbin/libvirtd: error while loading shared libraries: ${words}\n`;
    expect(readWords(said, '/usr/sbin/libvirtd', 127)).toEqual({ words, hint });
  });

  it('has its errors read with and without a log', () => {
    const words = (said: string, code: number) => readWords(said, 'libvirtd', code)?.words;
    expect(words('libvirtd: error: Unable to use it\n', 1)).toBe('Unable to use it');
    expect(words('libvirt:  error : failed to open x\n', 1)).toBe('failed to open x');
    expect(words(`${stamp} info : hostname: error-host`, 1)).toBeUndefined();
    // what it does without is no reason
    expect(words(`${stamp} error : virGDBusGetSystemBus:99 : no bus`, 0)).toBeUndefined();
  });
});

describe('lacksDriver()', () => {
  const machine = (...files: string[]) => {
    const root = mkdtempSync(path.join(dir, 'root-'));
    mkdirSync(path.join(root, 'usr/lib/x86_64-linux-gnu'), { recursive: true });
    for (const file of files) {
      mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
      writeFileSync(path.join(root, file), '');
    }
    return root;
  };
  const driver = 'usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so';

  it('looks where Debian has it, and knows nothing of others', () => {
    expect(lacksDriver(machine('etc/debian_version'))).toBe(true);
    expect(lacksDriver(machine('etc/debian_version', driver))).toBe(false);
    expect(lacksDriver(machine())).toBe(false);
  });

  it('finds that of this machine', () => {
    expect(lacksDriver()).toBe(false);
  });
});

describe('checkDriver()', () => {
  const check = (daemon: string | null, lacks: boolean, uri = 'qemu:///session') =>
    checkDriver(uri, daemon, () => lacks);

  it('refuses a daemon of Debian without its driver', () => {
    expect(() => check('/usr/sbin/libvirtd', true)).toThrow(/driver for QEMU is not installed/);
  });

  it('believes one that was built here, or elsewhere', () => {
    expect(() => check('/usr/sbin/libvirtd', false)).not.toThrow();
    expect(() => check('/usr/local/sbin/libvirtd', true)).not.toThrow();
    expect(() => check(null, true)).not.toThrow();
    expect(() => check('/usr/sbin/libvirtd', true, 'qemu+ssh://host/system')).not.toThrow();
  });
});
