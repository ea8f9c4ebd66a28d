import { describe, expect, it } from 'vitest';
import { loadOsinfo, scriptConfig } from '../../osinfo/index.ts';
import { osinfoEnv } from '../fakes/osinfo-env.ts';

const osinfo = loadOsinfo({ env: osinfoEnv });

function preseed(version: string, arch: string): string {
  const os = osinfo.findForTdl('Ubuntu', version)?.os;
  if (!os) throw new Error(`Ubuntu ${version} is not known`);
  const config = scriptConfig({ rootPassword: 'secret', arch });
  const script = 'http://ubuntu.com/ubuntu/preseed-image/jeos';
  return osinfo.script(os, { profile: 'jeos', source: 'media', script, config }).text;
}

describe("Ubuntu's preseed file", () => {
  it.each([
    ['5.04', 'i386', 'old-releases.ubuntu.com', '/ubuntu'],
    ['12.04', 'x86_64', 'old-releases.ubuntu.com', '/ubuntu'],
    ['16.04', 'x86_64', 'archive.ubuntu.com', '/ubuntu'],
    ['18.04', 'i386', 'archive.ubuntu.com', '/ubuntu'],
    ['18.04', 'aarch64', 'ports.ubuntu.com', '/ubuntu-ports'],
    ['18.10', 's390x', 'old-releases.ubuntu.com', '/ubuntu'],
  ])('of %s on %s names a mirror that has it', (version, arch, host, directory) => {
    const text = preseed(version, arch);
    expect(text).toContain(`\nd-i mirror/http/hostname string ${host}\n`);
    expect(text).toContain(`\nd-i mirror/http/directory string ${directory}\n`);
    // no updates are published for what is only kept
    expect(text.includes('services-select multiselect\n')).toBe(host.startsWith('old-releases'));
  });

  it('names choices as each release does', () => {
    for (const version of ['5.04', '5.10', '6.06', '6.10', '7.04', '7.10', '8.04', '18.10']) {
      const text = preseed(version, 'i386');
      const shown = Number(version) < 7.1;
      expect(text.includes('\nd-i partman/choose_partition select Finish partitioning and')).toBe(
        shown,
      );
      expect(text.includes('\nd-i partman/choose_partition select finish\n')).toBe(!shown);
      expect(text.includes('\nd-i partman-auto/choose_recipe select atomic\n')).toBe(!shown);
    }
  });

  it('names the console of each machine', () => {
    for (const arch of ['ppc64', 'ppc64le']) {
      expect(preseed('16.04', arch)).toContain('console=hvc0');
    }
  });
});
