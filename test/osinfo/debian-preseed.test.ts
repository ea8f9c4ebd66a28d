import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type BuildParameters, loadOsinfo, scriptConfig } from '../../osinfo/index.ts';
import { osinfoEnv } from '../fakes/osinfo-env.ts';

const osinfo = loadOsinfo({ env: osinfoEnv });

function preseed(
  version: string,
  parameters: BuildParameters,
  source: 'media' | 'tree' = 'tree',
): string {
  const os = osinfo.findForTdl('Debian', version)?.os;
  if (!os) throw new Error(`Debian ${version} is not known`);
  const config = scriptConfig({ rootPassword: 'secret', ...parameters });
  return osinfo.script(os, { profile: 'jeos', source, config }).text;
}

/** The value of one answer, continuation lines joined as the installer joins them. */
function answer(text: string, question: string): string | undefined {
  const line = text
    .replaceAll('\\\n', '')
    .split('\n')
    .find((l) => l.split(/\s+/)[1] === question);
  return line?.split(/\s+/).slice(3).join(' ');
}

function golden(name: string, text: string): void {
  const file = path.join(import.meta.dirname, '..', 'golden', 'osinfo', name);
  if (process.env.OZMA_UPDATE_GOLDEN) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  expect(text).toBe(readFileSync(file, 'utf8'));
}

const tree = 'http://10.0.2.2:8099/debian/dists/trixie/';
const versions = ['5', '6', '7', '8', '9', '10', '11', '12', '13', '14'];

describe("Debian's answer file", () => {
  it('is what was reviewed', () => {
    golden(
      'debian-13-tree.cfg',
      preseed('13', {
        installationUrl: tree,
        hostname: 'one.example.org',
        arch: 'x86_64',
        sshAuthorizedKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ oz@$(reboot)',
        sshRootPassword: true,
      }),
    );
    golden('debian-12-media.cfg', preseed('12', {}, 'media'));
    golden('debian-8-tree.cfg', preseed('8', { installationUrl: tree }));
  });

  it('partitions as each release can, and names a mirror that still has it', () => {
    for (const version of versions) {
      const text = preseed(version, {}, 'media');
      const old = Number(version) < 6;
      const recipe = answer(text, 'partman-auto/expert_recipe') ?? '';
      expect(recipe).toContain(old ? 'filesystem{ ext3 }' : 'filesystem{ ext4 }');
      expect(recipe.includes('biosgrub')).toBe(!old);
      const archived = Number(version) < 11;
      expect(answer(text, 'mirror/http/hostname')).toBe(
        archived ? 'archive.debian.org' : 'ftp.debian.org',
      );
      expect(answer(text, 'apt-setup/services-select')).toBe(archived ? '' : 'security, updates');
    }
  });

  it.each(versions)(
    'passes debconf for Debian %s, ends in a power-off, is sound shell',
    (version) => {
      const text = preseed(version, { installationUrl: tree, sshAuthorizedKey: 'ssh-rsa AAAA' });
      const check = spawnSync('debconf-set-selections', ['--checkonly'], { input: text });
      expect(check.error).toBeUndefined();
      expect(`${check.stderr}${check.stdout}`).toBe('');
      expect(check.status).toBe(0);
      expect(answer(text, 'debian-installer/exit/poweroff')).toBe('true');
      expect(text).not.toMatch(/exit\/(halt|reboot)|\breboot\b/);
      for (const hook of [
        'preseed/early_command',
        'partman/early_command',
        'preseed/late_command',
      ]) {
        const command = answer(text, hook);
        if (hook === 'preseed/early_command' && Number(version) < 12)
          expect(command).toBeUndefined();
        else {
          const shell = spawnSync('busybox', ['sh', '-n'], { input: command ?? '(' });
          expect(`${hook}: ${shell.stderr}`).toBe(`${hook}: `);
        }
      }
    },
  );

  it.each([
    [tree, 'http', '10.0.2.2:8099', '/debian', 'trixie'],
    ['https://m.org/a/b/debian/dists/sid', 'https', 'm.org', '/a/b/debian', 'sid'],
    ['http://m.org/dists/trixie/main/installer-amd64/', 'http', 'm.org', '/', 'trixie'],
    ['http://m.org/debian/', 'http', 'm.org', '/debian', 'bookworm'],
    ['http://m.org/debian', 'http', 'm.org', '/debian', 'bookworm'],
    ['http://m.org', 'http', 'm.org', '/', 'bookworm'],
    ['ftp://m.org/x/', 'ftp', 'm.org', '/x', 'bookworm'],
    [undefined, 'http', 'ftp.debian.org', '/debian', 'bookworm'],
  ])('takes %s apart', (installationUrl, protocol, host, directory, suite) => {
    const text = preseed('12', { installationUrl });
    expect(answer(text, 'mirror/protocol')).toBe(protocol);
    expect(answer(text, `mirror/${protocol}/hostname`)).toBe(host);
    expect(answer(text, `mirror/${protocol}/directory`)).toBe(directory);
    expect(answer(text, `mirror/${protocol}/proxy`)).toBe('');
    expect(answer(text, 'mirror/suite')).toBe(suite);
    const debians = host === 'ftp.debian.org';
    expect(answer(text, 'apt-setup/services-select')).toBe(debians ? 'security, updates' : '');
  });

  it('lets root in by password only when it is wanted', () => {
    const question = 'openssh-server/permit-root-login';
    expect(answer(preseed('13', {}), question)).toBeUndefined();
    expect(answer(preseed('13', { sshRootPassword: false }), question)).toBeUndefined();
    expect(answer(preseed('13', { sshRootPassword: true }), question)).toBe('false');
  });

  it('writes to the disk it is told, or to the first', () => {
    const disks = (text: string) => /for disk in (.*?); do/.exec(text)?.[1];
    expect(disks(preseed('13', {}))).toBe('/dev/vda /dev/nvme0n1 /dev/xvda $(list-devices disk)');
    expect(disks(preseed('13', { targetDisk: '/dev/sdb' }))).toBe('/dev/sdb');
  });

  it('checks signatures again before packages come', () => {
    expect(answer(preseed('13', {}), 'partman/early_command')).toMatch(
      /^debconf-set debian-installer\/allow_unauthenticated false;/,
    );
    expect(preseed('13', {})).not.toMatch(/allow_unauthenticated (boolean )?true/);
  });

  it.each([
    ['rootPassword', 'two\nlines'],
    ['rootPassword', 'joins the next line\\'],
    ['rootPassword', ' padded '],
    ['installationUrl', 'http://m.org/$(reboot)/'],
    ['hostname', 'a;reboot'],
    ['targetDisk', '/dev/vda;reboot'],
    ['console', 'ttyS0 init=/bin/sh'],
    ['sshAuthorizedKey', "ssh-rsa '; reboot; '"],
    ['sshAuthorizedKey', 'no key'],
  ] as const)('refuses %s %j without showing it', (name, value) => {
    const refusal = (): unknown => {
      try {
        return preseed('13', { [name]: value });
      } catch (error) {
        return error;
      }
    };
    expect(refusal()).toMatchObject({ code: 'OZ_OSINFO_BAD_PARAMETER' });
    expect(String(refusal())).not.toContain(value);
  });

  it('takes any other password as it is', () => {
    const password = 'a "b" $c `d` \'e\' #f & <g> 100%';
    expect(answer(preseed('13', { rootPassword: password }), 'passwd/root-password')).toBe(
      password,
    );
  });

  it('wants a password', () => {
    const os = osinfo.os('debian13');
    if (!os) throw new Error('Debian 13 is not known');
    expect(() => osinfo.script(os, { profile: 'jeos', source: 'tree', config: {} })).toThrow(
      'admin-password is not given',
    );
    expect(() => osinfo.script(os, { profile: 'nonesuch', source: 'tree', config: {} })).toThrow(
      expect.objectContaining({ code: 'OZ_OSINFO_NO_SCRIPT' }),
    );
  });
});
