/** Letting the build into the systems of different ages and makers, and out of them again. */
import { describe, expect, it } from 'vitest';
import { offlineUnlock } from '../../src/customize/offline.ts';
import { labelOf } from '../../src/customize/offline-labels.ts';
import { key, makeDisk, options, readBack } from './helpers/ext-image.ts';
import { offlineSeal } from './helpers/offline-seal.ts';

const noSystemd = {
  'usr/lib/systemd/systemd': undefined,
  'usr/lib/systemd/system/ssh.service': undefined,
};

/** What a request prints in the unlocked disk, and in the disk once it is sealed again. */
async function unlocked(
  files: Record<string, string | undefined>,
  ...requests: string[]
): Promise<{ open: string[]; sealed: string[] }> {
  const disk = await makeDisk(files);
  const answers = async () => {
    const ask = await readBack(disk);
    return Promise.all(requests.map(ask));
  };
  await offlineUnlock(disk, key, options);
  const open = await answers();
  await offlineSeal(disk, key, options);
  return { open, sealed: await answers() };
}

describe('sshd of a system without systemd', () => {
  it.each([
    ['Red Hat', 'etc/rc.d/rc3.d', 'sshd'],
    ['SUSE', 'etc/init.d/rc5.d', 'sshd'],
    ['Debian', 'etc/rc2.d', 'ssh'],
  ])('is started by the links of %s', async (_, dir, name) => {
    const job = { 'etc/init/ssh.conf': '' }; // as in Debian 7
    const script = { [`etc/init.d/${name}`]: '#!/bin/sh\n', [`${dir}/K01x`]: '' };
    const files = { ...noSystemd, ...job, ...script };
    const off = await unlocked(files, `stat /${dir}/S55${name}`);
    expect(off.open[0]).toContain(`Fast link dest: "/etc/init.d/${name}"`);
    expect(off.sealed[0]).toBe('');
    const on = await unlocked({ ...files, [`${dir}/S16${name}`]: '' }, `stat /${dir}/S55${name}`);
    expect(on.open[0]).toBe('');
  });

  it('is started by upstart without links', async () => {
    const files = { ...noSystemd, 'etc/init.d/ssh': '', 'etc/rc2.d/K01x': '', 'sbin/initctl': '' };
    const { open } = await unlocked(
      { ...files, 'etc/init/ssh.conf': '' },
      'stat /etc/rc2.d/S55ssh',
    );
    expect(open[0]).toBe('');
  });

  it('is started by the runlevel of OpenRC', async () => {
    const files = { ...noSystemd, 'etc/init.d/sshd': '', 'etc/runlevels/default/crond': '' };
    const { open, sealed } = await unlocked(files, 'stat /etc/runlevels/default/sshd');
    expect(open[0]).toContain('Fast link dest: "/etc/init.d/sshd"');
    expect(sealed[0]).toBe('');
  });
});

describe("sshd's settings", () => {
  it('are a drop-in where the maker has them below /usr', async () => {
    const include = 'Include /etc/ssh/sshd_config.d/*.conf\n';
    const { open, sealed } = await unlocked(
      { 'etc/ssh/sshd_config': undefined, 'usr/etc/ssh/sshd_config': include },
      'cat /etc/ssh/sshd_config.d/00-build-access.conf',
      'stat /etc/ssh/sshd_config',
    );
    expect(open[0]).toMatch(/^PermitRootLogin yes\n[\s\S]*^AllowTcpForwarding yes$/m);
    expect(open[1]).toBe('');
    expect(sealed).toEqual(['', '']);
  });

  it('are a file of their own where those include nothing', async () => {
    const { open, sealed } = await unlocked(
      { 'etc/ssh/sshd_config': undefined, 'usr/etc/ssh/sshd_config': 'UsePAM yes\n' },
      'cat /etc/ssh/sshd_config',
    );
    expect(open[0]).toMatch(/^PermitRootLogin yes\n[\s\S]*UsePAM yes\n$/);
    expect(sealed).toEqual(['']);
  });
});

describe('a firewall that is closed to SSH', () => {
  const rule = (port: number) => `-A INPUT -m state --state NEW -p tcp --dport ${port} -j ACCEPT\n`;
  const reject = '-A INPUT -j REJECT --reject-with icmp-host-prohibited\n';
  const zone = (services: string) => `<?xml version="1.0"?>\n<zone>\n${services}</zone>\n`;

  it.each([
    ['etc/sysconfig/iptables', rule(80) + reject, ''],
    ['etc/sysconfig/iptables', rule(22) + reject, rule(22) + reject],
    [
      'etc/sysconfig/SuSEfirewall2',
      'FW_CONFIGURATIONS_EXT="http"\n',
      'FW_CONFIGURATIONS_EXT="http"\nFW_CONFIGURATIONS_EXT="$FW_CONFIGURATIONS_EXT sshd"\n',
    ],
    [
      'etc/sysconfig/SuSEfirewall2',
      'FW_SERVICES_EXT_TCP="80 22"\n',
      'FW_SERVICES_EXT_TCP="80 22"\n',
    ],
    [
      'etc/firewalld/zones/drop.xml',
      zone('  <service name="http"/>\n'),
      zone('  <service name="http"/>\n  <service name="ssh"/>\n'),
    ],
    [
      'etc/firewalld/zones/drop.xml',
      zone('<service name="ssh"/>\n'),
      zone('<service name="ssh"/>\n'),
    ],
  ])('is opened as far as it must, and closed again: %s %j', async (file, before, meanwhile) => {
    const { open, sealed } = await unlocked(
      { [file]: before, 'etc/firewalld/firewalld.conf': '# x\nDefaultZone=drop\n' },
      `cat /${file}`,
      `stat /${file}.build-saved`,
    );
    expect(open[0]).toBe(meanwhile);
    expect(sealed).toEqual([before, '']);
  });

  it("gets a zone's file of its own where the maker's is closed", async () => {
    const { open, sealed } = await unlocked(
      {
        'etc/firewalld/firewalld.conf': 'DefaultZone=shut\n',
        'usr/lib/firewalld/zones/shut.xml': zone(''),
      },
      'cat /etc/firewalld/zones/shut.xml',
    );
    expect(open[0]).toContain('<service name="ssh"/>');
    expect(sealed[0]).toBe('');
  });
});

it.each([
  ['/etc/cron.d/build-announce', 'system_cron_spool_t'],
  ['/etc/systemd/system/build-announce.service', 'systemd_unit_file_t'],
  ['/etc/firewalld/zones/drop.xml', 'firewalld_etc_rw_t'],
  ['/root/.ssh/authorized_keys', 'ssh_home_t'],
  ['/etc/ssh/sshd_config', 'etc_t'],
])('SELinux: %s is labeled %s', (file, type) => {
  expect(labelOf(file)).toBe(`system_u:object_r:${type}:s0`);
});
