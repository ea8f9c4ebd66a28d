import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadOsinfo } from '../../osinfo/index.ts';
import { osinfoEnv } from '../fakes/osinfo-env.ts';

const osinfo = loadOsinfo({ env: osinfoEnv });

describe('findForTdl', () => {
  it.each([
    ['Debian', '13', 'debian.org/debian/13'],
    ['Debian', '12', 'debian.org/debian/12'],
    ['Debian', '9', 'debian.org/debian/9'],
    ['Debian', '9.5', 'debian.org/debian/9'],
    ['debian', 'testing', 'debian.org/debian/testing'],
    ['Ubuntu', '6.06.1', 'ubuntu.com/ubuntu/6.06'],
    ['Ubuntu', '18.04.1', 'ubuntu.com/ubuntu/18.04'],
    ['Ubuntu', '22.04', 'ubuntu.com/ubuntu/22.04'],
    ['Fedora', '30', 'fedoraproject.org/fedora/30'],
    ['Fedora', 'rawhide', 'fedoraproject.org/fedora/rawhide'],
    ['FedoraCore', '6', 'fedoraproject.org/fedora/6'],
    ['FC', '1', 'fedoraproject.org/fedora/1'],
    ['RHEL-2.1', 'GOLD', 'redhat.com/rhel/2.1'],
    ['RHEL-2.1', 'U6', 'redhat.com/rhel/2.1.6'],
    ['RHEL-3', 'GOLD', 'redhat.com/rhel/3'],
    ['RHEL-4', 'GOLD', 'redhat.com/rhel/4.0'],
    ['RHEL-5', 'U10', 'redhat.com/rhel/5.10'],
    ['RedHatEnterpriseLinux-5', 'GOLD', 'redhat.com/rhel/5.0'],
    ['RHEL-6', '6', 'redhat.com/rhel/6.6'],
    ['RHEL-6', '0', 'redhat.com/rhel/6.0'],
    ['RHEL', '7.9', 'redhat.com/rhel/7.9'],
    ['CentOS-5', 'U3', 'centos.org/centos/5.3'],
    ['CentOS-7', '4', 'centos.org/centos/7.0'],
    ['CentOS-8', '2', 'centos.org/centos/8'],
    ['CentOS-9', '0', 'centos.org/centos-stream/9'],
    ['SL-6', '4', 'scientificlinux.org/scientificlinux/6.4'],
    ['SLC-5', 'U4', 'scientificlinux.org/scientificlinux/5.4'],
    ['ScientificLinuxCern-5', 'GOLD', 'scientificlinux.org/scientificlinux/5.0'],
    ['ScientificLinux-6', '1', 'scientificlinux.org/scientificlinux/6.1'],
    ['OL-6', '5', 'oracle.com/ol/6.5'],
    ['OEL-6', '5', 'oracle.com/ol/6.5'],
    ['OL-5', 'U4', 'oracle.com/oel/5.4'],
    ['OracleEnterpriseLinux-6', '5', 'oracle.com/ol/6.5'],
    ['RHL', '9', 'redhat.com/rhl/9'],
    ['RedHatLinux', '7.2', 'redhat.com/rhl/7.2'],
    ['OpenSUSE', '13.2', 'opensuse.org/opensuse/13.2'],
    ['OpenSUSE', 'Tumbleweed', 'opensuse.org/opensuse/tumbleweed'],
    ['SLES', '12SP5', 'suse.com/sles/12.5'],
    ['SLES', '15-SP4', 'suse.com/sle/15.4'],
    ['Windows', '2000', 'microsoft.com/win/2k'],
    ['Windows', 'XP', 'microsoft.com/win/xp'],
    ['Windows', '2003', 'microsoft.com/win/2k3'],
    ['Windows', '2008', 'microsoft.com/win/2k8'],
    ['Windows', '8.1', 'microsoft.com/win/8.1'],
    ['Windows', '2012', 'microsoft.com/win/2k12'],
    ['Windows', '10', 'microsoft.com/win/10'],
    ['FreeBSD', '11.0', 'freebsd.org/freebsd/11.0'],
    ['FreeBSD', '13', 'freebsd.org/freebsd/13.0'],
    ['Mandrake', '8.2', 'mandriva.com/mandrake/8.2'],
    ['Mandriva', '2005', 'mandriva.com/mandrake/10.2'],
    ['Mandriva', '2007.0', 'mandriva.com/mandriva/2007'],
    ['Mandriva', '2008.0', 'mandriva.com/mandriva/2008.0'],
    ['Mageia', '4.1', 'mageia.org/mageia/4'],
  ])('%s %s is %s', (distro, version, id) => {
    expect(osinfo.findForTdl(distro, version)).toMatchObject({
      os: { id: `http://${id}` },
      match: 'exact',
    });
  });

  it('takes the newest known one for what is newer', () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'ozma-names-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const known = [
      'fedoraproject.org/fedora/36',
      'fedoraproject.org/fedora/37',
      'debian.org/debian/11',
    ];
    known.push('redhat.com/rhel/7.8', 'redhat.com/rhel/7.9', 'redhat.com/rhel/8.0');
    known.push('microsoft.com/win/10', 'microsoft.com/win/11', 'microsoft.com/win/2k22');
    for (const id of known) {
      const file = path.join(dir, 'os', id.replace(/\/([^/]+)$/, '-$1.xml'));
      mkdirSync(path.dirname(file), { recursive: true });
      const body = `<name>${id}</name><release-date>2022-01-01</release-date>`;
      writeFileSync(file, `<libosinfo><os id="http://${id}">${body}</os></libosinfo>`);
    }
    // a database that stops at some release, whatever our own data has
    const old = loadOsinfo({ env: {}, systemDir: dir, ownData: false });
    expect(old.findForTdl('Fedora', '99')).toMatchObject({
      os: { id: 'http://fedoraproject.org/fedora/37' },
      match: 'newest-known',
    });
    expect(old.findForTdl('RHEL-7', '42')?.os.id).toBe('http://redhat.com/rhel/7.9');
    expect(old.findForTdl('Windows', '12')?.os.id).toBe('http://microsoft.com/win/11');
    expect(old.findForTdl('Windows', '2030')?.os.id).toBe('http://microsoft.com/win/2k22');
    expect(old.findForTdl('Debian', '99.1')?.os.id).toBe('http://debian.org/debian/11');
    // Debian 14 is known, but not released, and for some databases 13 is neither
    expect(osinfo.findForTdl('Debian', '99')?.os.id).toMatch(/\/debian\/1[23]$/);
  });

  it('knows no others', () => {
    expect(osinfo.findForTdl('Solaris', '11')).toBeUndefined();
    expect(osinfo.findForTdl('Debian', 'x')).toBeUndefined();
    expect(osinfo.findForTdl('Debian', '../../etc')).toBeUndefined();
    expect(osinfo.findForTdl('__proto__', 'constructor')).toBeUndefined();
    expect(osinfo.findForTdl('Ubuntu', '12.06')).toBeUndefined();
  });
});

describe('versionForTdl()', () => {
  it.each([
    ['Debian', 'debian13', '13'],
    ['Ubuntu', 'ubuntu24.04', '24.04'],
    ['RHEL-6', 'rhel6.4', '6.4'],
    ['RHEL', 'rhel9.4', '9.4'],
    ['Windows', 'win10', '10'],
    ['Windows', 'win2k19', '2019'],
    ['CentOS-7', 'centos7.0', '7'],
    ['openSUSE', 'opensusetumbleweed', 'tumbleweed'],
    ['Debian', 'ubuntu24.04', undefined],
    ['NoSuch', 'debian13', undefined],
  ])('of %s for %s', (distro, shortId, expected) => {
    const os = osinfo.os(shortId);
    expect(os && osinfo.versionForTdl(distro, os)).toBe(expected);
  });
});
