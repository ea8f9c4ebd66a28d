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
    expect(printedHostKeys(`-----BEGIN SSH HOST KEY KEYS-----\n${keyOf(sshd)}\n`).size).toBe(0);
    expect(printedHostKeys(`${keyOf(sshd)}\n-----END SSH HOST KEY KEYS-----`).size).toBe(0);
    // Of the processor, as the machine may be busy; a quadratic one takes ten times as long and more.
    const begun = process.cpuUsage();
    printedHostKeys(fingerprints('00:'.repeat(80_000)));
    printedHostKeys(keys(' '.repeat(200_000)));
    expect(process.cpuUsage(begun).user / 1000).toBeLessThan(1000);
  });
});
