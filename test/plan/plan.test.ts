import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Arch } from '../../backends/backend.ts';
import { guestSpecOf } from '../../src/plan/guest-spec.ts';
import type { PlanInput, PlanOptions } from '../../src/plan/input.ts';
import { maskPlan } from '../../src/plan/mask.ts';
import { plan } from '../../src/plan/plan.ts';
import { testCapabilities, testConfig, testInput, testTdl } from '../fakes/inputs.ts';

const options = (change: Partial<PlanOptions>): PlanOptions => ({
  customize: false,
  icicle: false,
  forceDownload: false,
  cleanup: false,
  ...change,
});

const iso = {
  type: 'iso' as const,
  url: 'http://h/debian.iso',
  checksum: { type: 'sha256' as const, url: 'http://h/SHA256SUMS' },
  extras: [],
};

const userMode = {
  type: 'libvirt' as const,
  capabilities: { ...testCapabilities, hostAddress: '10.0.2.2' },
};

const full = (): Partial<PlanInput> => ({
  tdl: testTdl({
    description: 'all of it',
    repositories: [
      { name: 'r', url: 'http://h/r', signed: false, persisted: true, sslverify: false },
    ],
    precommands: [{ name: 'p', content: { bytes: Buffer.from('true') } }],
    packages: [{ name: 'less' }],
    files: [{ name: '/etc/motd', content: { bytes: Buffer.from('hi') } }],
    commands: [{ name: 'c', content: { bytes: Buffer.from('touch /x') } }],
    icicleExtraCommand: 'echo',
  }),
  options: options({ customize: true, icicle: true, icicleFile: '/i.xml' }),
});

describe('plan()', () => {
  it.each([
    ['url', {}],
    ['iso', { tdl: testTdl({ install: iso }) }],
    ['full', full()],
  ] as [string, Partial<PlanInput>][])('gives the whole of a build: %s', async (name, change) => {
    const masked = maskPlan(plan(testInput(change)));
    const shown = JSON.stringify(masked, null, 2).replace(
      JSON.stringify(masked.install.answer.text),
      '"(has golden files of its own)"',
    );
    expect(JSON.stringify(masked)).not.toContain('a&secret');
    await expect(`${shown}\n`).toMatchFileSnapshot(
      path.resolve(`test/golden/plan/debian-13-${name}.json`),
    );
  });

  it('is pure: the same input, the same plan', () => {
    expect(plan(testInput(full()))).toEqual(plan(testInput(full())));
  });

  it.each([
    ['http://h/debian/dists/trixie/', 'http://h/debian/dists/trixie/main/installer-amd64/current'],
    ['http://h/debian', 'http://h/debian/dists/trixie/main/installer-amd64/current'],
    [
      'http://h/debian/dists/trixie/main/installer-amd64',
      'http://h/debian/dists/trixie/main/installer-amd64/current',
    ],
    [
      'ftp://h/d/dists/x/main/installer-amd64/1/images/netboot/',
      'ftp://h/d/dists/x/main/installer-amd64/1',
    ],
  ])('finds the installer below %s', (url, tree) => {
    const tdl = testTdl({ install: { type: 'url', url, extras: [] } });
    expect(plan(testInput({ tdl })).media.map((medium) => medium.url)).toEqual([
      `${tree}/images/netboot/debian-installer/amd64/linux`,
      `${tree}/images/netboot/debian-installer/amd64/initrd.gz`,
    ]);
  });

  it.each<[string, string, Arch, string, string]>([
    ['Debian', '13', 'aarch64', 'arm64', 'netboot/debian-installer/arm64/linux'],
    ['Debian', '13', 'armv7l', 'armhf', 'netboot/vmlinuz'],
    ['Debian', '13', 'ppc64le', 'ppc64el', 'netboot/debian-installer/ppc64el/vmlinux'],
    ['Debian', '13', 's390x', 's390x', 'generic/kernel.debian'],
    ['Ubuntu', '18.04', 'armv7l', 'armhf', 'generic/netboot/vmlinuz'],
    ['Ubuntu', '18.04', 's390x', 's390x', 'generic/kernel.ubuntu'],
  ])('finds the installer of %s %s for %s', (distro, version, arch, port, kernel) => {
    const base = `http://h/d/dists/x/main/installer-${port}/current/images`;
    // a suite, or a directory of the installer
    for (const url of ['http://h/d/dists/x/', `${base}/${kernel.split('/').slice(0, -1)[0]}/`]) {
      const install = { type: 'url' as const, url, extras: [] };
      const [first] = plan(testInput({ tdl: testTdl({ distro, version, arch, install }) })).media;
      expect(first?.url).toBe(`${base}/${kernel}`);
    }
  });

  it.each<[Arch, string]>([
    ['i386', 'install.386/vmlinuz'],
    ['aarch64', 'install.a64/vmlinuz'],
    ['armv7l', 'install.ahf/vmlinuz'],
    ['armv7l', 'install.ahf/cdrom/vmlinuz'],
    ['ppc64le', 'install/vmlinux'],
    ['s390x', 'boot/linux_vm'],
  ])('looks on an ISO for %s at %s', (arch, kernel) => {
    const install = { ...iso, checksum: undefined };
    const { boot } = plan(testInput({ tdl: testTdl({ version: '13', arch, install }) })).install;
    expect(boot).toMatchObject({ kernel: { paths: expect.arrayContaining([kernel]) } });
  });

  it('refuses localhost where the guest cannot reach it', () => {
    const tdl = testTdl({
      install: { type: 'url', url: 'http://127.0.0.1:80/debian', extras: [] },
    });
    expect(() => plan(testInput({ tdl }))).toThrow(
      expect.objectContaining({ code: 'OZ_PLAN_LOCALHOST', hint: expect.any(String) }),
    );
  });

  it('gives a guest in user mode the gateway instead of localhost', () => {
    const url = 'http://localhost:8099/debian/dists/trixie';
    const tdl = testTdl({ install: { type: 'url', url, extras: [] } });
    const made = plan(testInput({ tdl, backend: userMode }));
    expect(made.install.answer.text).toContain('10.0.2.2:8099');
    expect(made.install.answer.text).not.toContain('localhost:8099');
    expect(made.media[0]?.url).toContain('http://localhost:8099/');
  });

  it('does the same for repositories, also within a sources.list line', () => {
    const repository = { name: 'r', signed: false, persisted: false, sslverify: false };
    const urls = ['http://u:p@[::1]:81/r', 'deb http://localhost/a ./', 'http://h/localhost'];
    const repositories = urls.map((url) => ({ ...repository, url }));
    const made = plan(
      testInput({
        tdl: testTdl({ repositories }),
        backend: userMode,
        options: options({ customize: true }),
      }),
    );
    expect(made.customise?.steps.map((step) => step.kind === 'repository' && step.url)).toEqual([
      'http://u:p@10.0.2.2:81/r',
      'deb http://10.0.2.2/a ./',
      'http://h/localhost',
    ]);
  });

  it('lets the key in only when there is work in the guest', () => {
    const key = 'AAAAC3Nz';
    expect(plan(testInput()).access).toBeNull();
    expect(plan(testInput()).install.answer.text).not.toContain(key);
    const customised = plan(testInput(full()));
    expect(customised.access?.via).toBe('answer');
    expect(customised.install.answer.text).toContain(key);
  });

  it('boots nothing for -u when the TDL asks for nothing', () => {
    const made = plan(testInput({ options: options({ customize: true }) }));
    expect(made).toMatchObject({ customise: null, access: null });
  });

  it('takes a user’s answer file verbatim and goes in offline', () => {
    const made = plan(testInput({ ...full(), answer: { name: '/my.cfg', text: 'd-i mine\n' } }));
    expect(made.install.answer).toEqual({
      filename: 'preseed.cfg',
      text: 'd-i mine\n',
      origin: '/my.cfg',
    });
    expect(made.access?.via).toBe('offline');
  });

  it('goes in offline where the guest itself must say its address', () => {
    const { backend } = testInput();
    const capabilities = { ...backend.capabilities, announce: true };
    const made = plan(testInput({ ...full(), backend: { ...backend, capabilities } }));
    expect(made.access).toMatchObject({ via: 'offline', announce: true });
    expect(plan(testInput(full())).access).not.toHaveProperty('announce');
  });

  it('runs customizing for a TDL with precommands or repositories alone', () => {
    for (const part of ['precommands', 'repositories'] as const) {
      const tdl = testTdl({ [part]: full().tdl?.[part] });
      const made = plan(testInput({ tdl, options: options({ customize: true }) }));
      expect(made.customise?.steps).toHaveLength(1);
    }
  });

  it('opens SSH to root’s password only when somebody chose it', () => {
    const text = (rootpw: string | undefined) =>
      plan(testInput({ tdl: testTdl({ rootpw }) })).install.answer.text;
    const line = /permit-root-login boolean (true|false)/;
    // The question is whether to *disable* password logins of root.
    expect(line.exec(text('chosen'))?.[1]).toBe('false');
    expect(line.exec(text(undefined))?.[1] ?? 'true').toBe('true');
  });

  it('gives an emulated guest more time, but not against the user’s will', () => {
    const slow = {
      type: 'libvirt' as const,
      capabilities: { ...testCapabilities, accelerated: false },
    };
    expect(plan(testInput({ backend: slow })).timeouts.install).toBe(7_200_000);
    const config = testConfig({
      timeouts: { install: 1200, inactivity: 300, boot: 300, shutdown: 90, set: ['install'] },
    });
    expect(plan(testInput({ backend: slow, config })).timeouts).toMatchObject({
      install: 1_200_000,
      inactivity: 900_000,
      boot: 1_800_000,
    });
    const own = testConfig({
      timeouts: { install: 1200, inactivity: 200, boot: 300, shutdown: 90, set: ['inactivity'] },
    });
    expect(plan(testInput({ backend: slow, config: own })).timeouts.inactivity).toBe(200_000);
    const said = testInput({ backend: slow, options: options({ timeout: 60 }) });
    expect(plan(said).timeouts.install).toBe(60_000);
  });

  it('waits longer for a sign where the console is all there is, but not against the user’s will', () => {
    const inactivity = (told: boolean, set: ('inactivity' | 'install')[] = []) => {
      const activity = { disk: told, network: told };
      const backend = {
        type: 'openstack' as const,
        capabilities: { ...testCapabilities, activity },
      };
      const timeouts = { install: 1200, inactivity: 300, boot: 300, shutdown: 90, set };
      return plan(testInput({ backend, config: testConfig({ timeouts }) })).timeouts.inactivity;
    };
    expect(inactivity(true)).toBe(300_000);
    expect(inactivity(false)).toBe(900_000);
    expect(inactivity(false, ['install'])).toBe(900_000);
    expect(inactivity(false, ['inactivity'])).toBe(300_000);
  });

  it.each([
    ['distro', testTdl({ distro: 'Plan9' }), {}, 'OZ_PLAN_UNKNOWN_OS'],
    ['installer', testTdl({ distro: 'OpenBSD', version: '7.0' }), {}, 'OZ_PLAN_NO_FAMILY'],
    ['install type', testTdl({ distro: 'Ubuntu', version: '24.04' }), {}, 'OZ_PLAN_INSTALL_TYPE'],
    ['relative disk', testTdl(), { disk: 'x.qcow2' }, 'OZ_OPTION_DISK'],
    [
      'extra file',
      testTdl({
        install: {
          type: 'url',
          url: 'http://h/debian',
          extras: [{ kind: 'file', source: 'http://h/a', destination: 'b' }],
        },
      }),
      {},
      'OZ_PLAN_EXTRAS',
    ],
    [
      'extra directory, over HTTP',
      testTdl({
        install: {
          type: 'iso',
          url: 'http://h/debian.iso',
          extras: [{ kind: 'directory', source: 'http://h/a', destination: 'b' }],
        },
      }),
      {},
      'OZ_PLAN_EXTRAS',
    ],
    ['disk size', testTdl({ diskSize: 1e24 }), {}, 'OZ_PLAN_DISK_SIZE'],
    ['disk bus', testTdl(), { diskBus: 'floppy' }, 'OZ_OPTION_DISK_BUS'],
    ['nic', testTdl(), { nicModel: '"/><x' }, 'OZ_OPTION_NIC'],
  ])('refuses a wrong %s', (_name, tdl, change, code) => {
    expect(() => plan(testInput({ tdl, options: options(change) }))).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it.each([
    ['2003', 'i386', true],
    ['7', 'x86_64', false],
    ['11', 'x86_64', false],
  ] as const)('adds files to the ISO of Windows %s (%s): %s', (version, arch, may) => {
    const tdl = testTdl({
      ...{ distro: 'Windows', version, arch, key: 'A-B' },
      install: {
        type: 'iso',
        url: 'http://h/windows.iso',
        extras: [{ kind: 'file', source: 'http://h/a', destination: 'b' }],
      },
    });
    const made = () => plan(testInput({ tdl }));
    if (may) expect(made().install.remaster?.extras).toHaveLength(1);
    else expect(made).toThrow(/UDF/);
  });

  it('says why no delivery is possible', () => {
    const backend = {
      type: 'libvirt' as const,
      capabilities: { ...testCapabilities, kernelBoot: false },
    };
    expect(() => plan(testInput({ backend }))).toThrow(/cannot be started from a kernel/);
  });

  it('treats a version that is too new as the newest known, with a warning', () => {
    const made = plan(testInput({ tdl: testTdl({ version: '99' }) }));
    expect(made.os.match).toBe('newest-known');
    expect(made.warnings.join()).toContain('Debian 99');
  });

  it('warns of what is odd where the backend is configured', () => {
    const capabilities = { ...testCapabilities, warnings: ['the profile is not known'] };
    const made = plan(testInput({ backend: { type: 'libvirt', capabilities } }));
    expect(made.warnings).toContain('the profile is not known');
  });

  it('names files as Oz does', () => {
    const config = testConfig({
      libvirt: { imageType: 'qcow2' },
      cache: { originalMedia: true, modifiedMedia: false, jeos: true },
    });
    const made = plan(testInput({ config }));
    expect(made.outputs).toEqual({
      image: '/out/test.qcow2',
      imageType: 'qcow2',
      domainXml: '/home/me/testNov_22_2026-14:03:09',
    });
    expect(made.jeos?.path).toBe('/data/jeos/Debian13x86_64.qcow2');
    expect(made.media.map((medium) => medium.cachePath)).toEqual([
      '/data/kernels/Debian13x86_64-kernel',
      '/data/kernels/Debian13x86_64-ramdisk',
    ]);
  });
});

describe('guestSpecOf()', () => {
  it('shows the installer’s guest before anything is staged', () => {
    const spec = guestSpecOf(plan(testInput({ tdl: testTdl({ install: iso }) })));
    expect(spec.boot).toMatchObject({ kind: 'kernel' });
    expect(spec.media).toMatchObject([
      { device: 'cdrom', ref: '/data/isos/Debian13x86_64-iso.iso' },
    ]);
    expect(spec.uuid).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });
});
