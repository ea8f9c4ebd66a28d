import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostKeyCheck, printedHostKeys } from '../../src/customize/host-keys.ts';
import { connectSsh } from '../../src/customize/session.ts';
import { waitForSsh } from '../../src/customize/wait-ssh.ts';
import { startSshd, type TestSshd } from './helpers/sshd.ts';

const keyOf = (sshd: TestSshd) => readFileSync(path.join(sshd.dir, 'host.pub'), 'utf8').trim();
const fingerprintBy = (sshd: TestSshd, kind: string) =>
  execFileSync('ssh-keygen', ['-l', '-E', kind, '-f', path.join(sshd.dir, 'host.pub')], {
    encoding: 'utf8',
  }).trim();

/** As cloud-init writes it, with what syslog and old versions put in front. */
const fingerprints = (line: string, prefix = '<14>Nov 30 18:00:00 cloud-init: ') =>
  ['', '#####', '-----BEGIN SSH HOST KEY FINGERPRINTS-----', line]
    .concat('-----END SSH HOST KEY FINGERPRINTS-----', '#####', '')
    .map((text) => `${prefix}${text}`)
    .join('\r\n');
const keys = (line: string) =>
  `-----BEGIN SSH HOST KEY KEYS-----\n${line}\n-----END SSH HOST KEY KEYS-----\n`;

let sshd: TestSshd;
let other: TestSshd;
beforeEach(async () => {
  [sshd, other] = await Promise.all([startSshd(), startSshd()]);
});
afterEach(async () => {
  await Promise.all([sshd.stop(), other.stop()]);
});

const enter = (console: string, hostKeys = hostKeyCheck(async () => console)) =>
  connectSsh(sshd.address, sshd.auth, { hostKeys });

describe('a guest’s host key', () => {
  it.each([
    ['by its fingerprint', () => fingerprints(fingerprintBy(sshd, 'sha256'))],
    ['by its old fingerprint', () => fingerprints(fingerprintBy(sshd, 'md5'), 'ec2: ')],
    ['whole', () => keys(keyOf(sshd))],
    ['among others', () => keys(`${keyOf(other)}\n${keyOf(sshd)}`)],
  ])('is known where the console prints it %s', async (_, print) => {
    const check = hostKeyCheck(async () => `boot\n${print()}\nlogin:`);
    const session = await enter('', check);
    expect(await check.trust()).toBe('printed');
    await session.close();
  });

  it('is refused where the console prints others, before a password is sent', async () => {
    for (const console of [keys(keyOf(other)), fingerprints(fingerprintBy(other, 'sha256'))]) {
      await expect(enter(console)).rejects.toMatchObject({
        code: 'OZ_SSH_HOST_KEY',
        message: expect.stringContaining("none of those that the guest's console prints"),
      });
    }
    expect(sshd.log()).not.toMatch(/Accepted|Failed/);
  });

  it('is taken at first sight where the console prints none, and no other after it', async () => {
    const check = hostKeyCheck(async () => 'login:');
    await (await enter('', check)).close();
    expect(await check.trust()).toBe('first-use');
    await (await enter('', check)).close();
    await expect(connectSsh(other.address, other.auth, { hostKeys: check })).rejects.toMatchObject({
      code: 'OZ_SSH_HOST_KEY',
    });
  });

  it('is judged again by what the console prints later', async () => {
    let console = '';
    const check = hostKeyCheck(async () => console);
    await (await enter('', check)).close();
    console = keys(keyOf(other));
    await expect(check.trust()).rejects.toMatchObject({ code: 'OZ_SSH_HOST_KEY' });
  });

  describe('of a server with keys of several types', () => {
    let several: TestSshd;
    let ecdsa: string;
    beforeEach(async () => {
      const key = path.join(other.dir, 'ecdsa');
      execFileSync('ssh-keygen', ['-q', '-t', 'ecdsa', '-N', '', '-f', key]);
      ecdsa = readFileSync(`${key}.pub`, 'utf8').trim();
      several = await startSshd({ extra: [`HostKey ${key}`] });
    });
    afterEach(() => several.stop());

    const fingerprintOf = (line: string) =>
      execFileSync('ssh-keygen', ['-l', '-f', '-'], { input: line, encoding: 'utf8' }).trim();

    it.each([
      ['whole', () => keys(ecdsa)],
      ['by its fingerprint', () => fingerprints(fingerprintOf(ecdsa))],
    ])('is asked for where it is the only one that is printed %s', async (_, print) => {
      const check = hostKeyCheck(async () => print());
      await (await connectSsh(several.address, several.auth, { hostKeys: check })).close();
      expect(check.pinned()?.toString('base64')).toBe(ecdsa.split(' ')[1]);
    });

    it('is proven by the server where that is printed later', async () => {
      let console = '';
      const check = hostKeyCheck(async () => console);
      const session = await connectSsh(several.address, several.auth, { hostKeys: check });
      expect(check.pinned()?.toString('base64')).toBe(keyOf(several).split(' ')[1]);
      console = keys(ecdsa);
      expect(await check.trust()).toBe('printed');
      await session.close();
    });

    it('is refused where it can not be proven, with a word on what the image hides', async () => {
      let console = '';
      const check = hostKeyCheck(async () => console);
      const session = await connectSsh(sshd.address, sshd.auth, { hostKeys: check });
      console = keys(ecdsa);
      await expect(check.trust()).rejects.toMatchObject({
        code: 'OZ_SSH_HOST_KEY',
        hint: expect.stringContaining('keeps keys of type ssh-ed25519 off its console'),
      });
      await session.close();
    }, 15_000);
  });

  it('is waited for: an address may lead to its former owner for a while', async () => {
    const check = hostKeyCheck(async () => keys(keyOf(sshd)));
    let asked = 0;
    const address = async () => (asked++ < 2 ? other.address : sshd.address);
    const options = { timeoutMs: 20_000, intervalMs: 100, hostKeys: check };
    await (await waitForSsh(address, sshd.auth, options)).close();
    const never = waitForSsh(async () => other.address, other.auth, { ...options, refusedMs: 500 });
    await expect(never).rejects.toMatchObject({ code: 'OZ_SSH_HOST_KEY' });
  });
});

describe('printedHostKeys()', () => {
  it('reads whole blocks alone, in linear time', () => {
    expect(printedHostKeys(`-----BEGIN SSH HOST KEY KEYS-----\n${keyOf(sshd)}\n`).names.size).toBe(
      0,
    );
    expect(printedHostKeys(`${keyOf(sshd)}\n-----END SSH HOST KEY KEYS-----`).names.size).toBe(0);
    // Of the processor, as the machine may be busy; a quadratic one takes ten times as long and more.
    const begun = process.cpuUsage();
    printedHostKeys(fingerprints('00:'.repeat(80_000)));
    printedHostKeys(keys(' '.repeat(200_000)));
    expect(process.cpuUsage(begun).user / 1000).toBeLessThan(1000);
  });
});
