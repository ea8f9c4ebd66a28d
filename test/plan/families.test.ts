import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Arch } from '../../backends/backend.ts';
import { domainXml } from '../../backends/libvirt/domain-xml.ts';
import { hardwareProperties } from '../../backends/openstack/hardware-properties.ts';
import { loadOsinfo } from '../../osinfo/index.ts';
import { guestSpecOf } from '../../src/plan/guest-spec.ts';
import type { PlanInput } from '../../src/plan/input.ts';
import { plan } from '../../src/plan/plan.ts';
import type { AnswerFile, BuildPlan } from '../../src/plan/types.ts';
import type { Tdl } from '../../src/tdl/types.ts';
import { testCloud } from '../fakes/cloud.ts';
import { testConfig, testInput, testTdl } from '../fakes/inputs.ts';
import { osinfoEnv } from '../fakes/osinfo-env.ts';

const osinfo = loadOsinfo({ env: osinfoEnv });

type Case = [distro: string, version: string, type: 'url' | 'iso', arch?: Arch, iso?: string];

/** First, middle and newest version of each family, and what is special between them. */
const cases: Case[] = [
  ['RHL', '7.0', 'url', 'i386'],
  ['RHL', '9', 'url', 'i386'],
  ['FedoraCore', '1', 'url', 'i386'],
  ['FedoraCore', '6', 'iso'],
  ['Fedora', '16', 'url'],
  ['Fedora', '30', 'iso'],
  ['Fedora', '44', 'url'],
  ['Fedora', '44', 'iso'],
  ['Fedora', '44', 'url', 'aarch64'],
  ['RHEL-2.1', 'U2', 'url', 'i386'],
  ['CentOS-4', 'U9', 'iso', 'i386'],
  ['RHEL-5', 'U8', 'iso'],
  ['CentOS-7', '9', 'iso'],
  ['RHEL-6', '10', 'iso'],
  ['RHEL-8', '10', 'url'],
  ['RHEL-10', '2', 'url'],
  ['Rocky', '10', 'url'],
  ['Debian', '5', 'url', 'i386'],
  ['Debian', '9', 'iso'],
  ['Debian', '13', 'iso', 'aarch64'],
  ['Debian', '14', 'url'],
  ['Ubuntu', '5.04', 'iso', 'i386'],
  ['Ubuntu', '12.04', 'url'],
  ['Ubuntu', '18.10', 'iso'],
  ['Ubuntu', '18.04.1', 'iso', 'x86_64', 'ubuntu-18.04.1-live-server-amd64.iso'],
  ['Ubuntu', '20.04', 'iso'],
  ['Ubuntu', '24.04', 'iso'],
  ['Ubuntu', '26.04', 'iso'],
  ['OpenSUSE', '10.3', 'iso', 'i386'],
  ['OpenSUSE', '13.2', 'iso'],
  ['OpenSUSE', '42.2', 'iso'],
  ['OpenSUSE', '15.6', 'url'],
  ['SLES', '15SP6', 'iso'],
  ['OpenSUSE', '16.0', 'iso'],
  ['SLES', '16', 'url'],
  ['Mandrake', '8.2', 'iso', 'i386'],
  ['Mandrake', '9.0', 'iso', 'i386'],
  ['Mandriva', '2008.0', 'iso'],
  ['Mandriva', '2011', 'iso', 'i386'],
  ['Mageia', '5', 'url'],
  ['Mageia', '8', 'iso'],
  ['Windows', '2000', 'iso', 'i386'],
  ['Windows', '2003', 'iso'],
  ['Windows', 'XP', 'iso', 'i386'],
  ['Windows', '2008', 'iso'],
  ['Windows', '7', 'iso', 'i386'],
  ['Windows', '2016', 'iso'],
  ['Windows', '11', 'iso'],
  ['Windows', '2025', 'iso'],
  ['FreeBSD', '10.0', 'iso'],
  ['FreeBSD', '13.5', 'iso', 'aarch64'],
  ['FreeBSD', '15.1', 'iso'],
  ['Alpine', '3.10', 'iso'],
  ['Alpine', '3.18', 'iso'],
  ['Alpine', '3.24', 'iso'],
  ['Arch', 'latest', 'iso'],
];

const install = (type: 'url' | 'iso', iso = 'os.iso'): Tdl['install'] => ({
  type,
  url: `http://mirror.test/${type === 'url' ? 'os/' : iso}`,
  extras: [],
});

function planned(
  [distro, version, type, arch = 'x86_64', iso]: Case,
  change: Partial<PlanInput> = {},
): BuildPlan {
  const isWindows = distro === 'Windows';
  // some of what came before yum knows no package manager that can be driven
  const isAncient = ['RHL 7.0', 'RHL 9', 'FedoraCore 1', 'RHEL-2.1 U2'].includes(
    `${distro} ${version}`,
  );
  const packages = isWindows || isAncient ? [] : [{ name: 'less' }];
  const commands = isAncient ? [{ name: 'c', content: { bytes: Buffer.from('date') } }] : [];
  const key = 'AAAAA-BBBBB';
  const work = { packages, commands };
  const tdl = testTdl({ distro, version, arch, install: install(type, iso), key, ...work });
  // how much a system asks for depends on the database: test/plan/hardware.test.ts
  const config = testConfig({ libvirt: { imageType: 'raw', memory: 4096 } });
  const input = testInput({ osinfo, tdl, config, ...change });
  // there is nothing to list in a Windows, and asking for it is refused
  const options = { ...input.options, icicle: input.options.icicle && !isWindows };
  return plan({ ...input, options });
}

/** The salt is random. */
const unsalted = (text: string) => text.replace(/\$6\$[./\w]+\$[./\w]+/g, '$6$salt$hash');

function shownFile(file: AnswerFile, answer: string): string {
  const content = 'bytes' in file ? '(binary)' : file.text === answer ? '(the answers)' : file.text;
  return `  ${file.path}: ${content.trimEnd()}`;
}

function shown(made: BuildPlan): string {
  const { install: i, warnings } = made;
  const { medium } = i;
  const files = medium?.files ?? i.remaster?.files ?? [];
  const lines = [
    `os: ${made.os.name}, family ${made.os.family}, ${made.os.match}`,
    `delivery: ${i.delivery.kind} by ${i.carrier}; restarts ${i.reboots}`,
    ...made.media.map((m) => `fetch ${m.role}: ${m.url} -> ${m.cachePath}`),
    ...i.attach.map((a) => `attach ${a.role} as ${a.device}`),
    ...(medium ? [`medium ${medium.device} labeled ${medium.label}`] : []),
    ...files.map((file) => shownFile(file, i.answer.text)),
    `boot: ${JSON.stringify(i.boot, null, 1)}`,
    `packages by ${made.customise?.packageManager ?? 'nobody'}, listed by ${made.icicle?.lister ?? 'nobody'}, sealed as ${made.seal}`,
    ...warnings.map((warning) => `warning: ${warning}`),
    `== ${i.answer.filename} (${i.answer.origin})`,
    i.answer.text,
    '== domain',
    domainXml(guestSpecOf(made), { uri: 'qemu:///system' }),
  ];
  return unsalted(lines.join('\n'));
}

const all: Partial<PlanInput> = {
  options: { customize: true, icicle: true, forceDownload: false, cleanup: false },
};

describe('families', () => {
  it.each(cases)('plan %s %s from %s on %s', async (...args) => {
    const [distro, version, type, arch = 'x86_64'] = args as Case;
    const file = `test/golden/families/${distro}-${version}-${type}-${arch}.txt`.toLowerCase();
    await expect(shown(planned(args as Case, all))).toMatchFileSnapshot(path.resolve(file));
  });

  it.each(cases)('take the user’s own answer file for %s %s as it is', (...args) => {
    const answer = { name: '/my/answers', text: 'mine, ä\n' };
    const made = planned(args as Case, { answer });
    expect(made.install.answer).toMatchObject({ text: answer.text, origin: answer.name });
    const carried = [
      ...(made.install.medium?.files ?? []),
      ...(made.install.remaster?.files ?? []),
    ];
    const texts = carried.map((file) =>
      'text' in file ? file.text : gunzipSync(file.bytes).toString(),
    );
    if (made.install.carrier !== 'initrd') expect(texts.join()).toContain(answer.text);
  });
});

describe('an answer file that is no UTF-8', () => {
  const bytes = Buffer.from('\xff\xfe<\0u\0n\0\xfc', 'latin1');
  const answer = { name: '/my/own', text: bytes.toString('latin1'), encoding: 'latin1' as const };

  it.each<Case>([
    ['Windows', '11', 'iso'],
    ['Windows', 'XP', 'iso', 'i386'],
    ['FreeBSD', '15.0', 'iso'],
    ['Mageia', '8', 'iso'],
  ])('reaches %s %s byte for byte', (...which) => {
    const { medium, remaster } = planned(which, { answer }).install;
    expect([...(medium?.files ?? []), ...(remaster?.files ?? [])]).toContainEqual(
      expect.objectContaining({ bytes }),
    );
  });

  it('stays as it is for an initrd, and is refused where it has to be text', () => {
    const { install } = planned(['Rocky', '10', 'url'], { answer });
    expect(install.carrier).toBe('initrd');
    expect(Buffer.from(install.answer.text, install.answer.encoding)).toEqual(bytes);
    expect(() => planned(['Alpine', '3.24', 'iso'], { answer })).toThrow(/it is not UTF-8 text/);
    expect(() =>
      planned(['Rocky', '10', 'url'], {
        answer,
        backend: testCloud(),
        config: asked({ answer: 'user-data' }),
      }),
    ).toThrow(/it is not UTF-8 text/);
  });
});

describe('a CD with drivers', () => {
  const config = testConfig();
  config.paths.windowsDrivers = '/srv/virtio win.iso';
  const roles = ({ install }: BuildPlan) => install.attach.map(({ role }) => role);

  it('is the third that Windows sees, and its answer file names it', () => {
    for (const version of ['7', '2012', '11', '2025']) {
      const made = planned(['Windows', version, 'iso'], { config });
      expect(roles(made)).toEqual(['installer', 'answer', 'drivers']);
      expect(made.media[1]).toEqual({
        role: 'drivers',
        url: 'file:///srv/virtio%20win.iso',
        cachePath: '/data/isos/drivers-virtio win.iso',
        keep: true,
      });
      const paths = [...made.install.answer.text.matchAll(/<Path>(\w:\\)<\/Path>/g)];
      expect(paths.map(([, drive]) => drive)).toEqual(['E:\\', 'F:\\', 'G:\\']);
      const spec = guestSpecOf(made);
      expect(spec.media[2]).toMatchObject({ ref: '/data/isos/drivers-virtio win.iso' });
    }
  });

  it('is not for systems whose installer cannot take it, nor there unasked', () => {
    for (const which of [
      ['Windows', 'XP', 'iso', 'i386'],
      ['Debian', '13', 'iso'],
      ['Debian', '13', 'url'],
    ] as Case[]) {
      const made = planned(which, { config });
      expect(roles(made)).not.toContain('drivers');
      expect(made.media.map(({ role }) => role)).not.toContain('drivers');
    }
    const { install } = planned(['Windows', '11', 'iso']);
    expect(install.answer.text).not.toContain('PnpCustomizationsWinPE');
  });
});

describe('what Oz knows of slow and restarting installers', () => {
  it.each<[Case, number]>([
    [['Windows', '2003', 'iso'], 3600],
    [['Windows', '10', 'iso'], 8500],
    [['Ubuntu', '7.04', 'iso'], 3000],
    [['Mandrake', '9.0', 'iso', 'i386'], 2500],
    [['Mandrake', '9.1', 'iso', 'i386'], 1200],
    [['Ubuntu', '7.10', 'iso'], 1200],
  ])('%j has %d s, unless the user says otherwise', (which, seconds) => {
    expect(planned(which).timeouts.install).toBe(seconds * 1000);
    const timeouts = { install: 60, inactivity: 300, boot: 300, shutdown: 90 };
    const config = testConfig({ timeouts: { ...timeouts, set: ['install'] } });
    expect(planned(which, { config }).timeouts.install).toBe(60_000);
  });

  it.each<[string, number]>([
    ['<final_halt config:type="boolean">true</final_halt>', 1],
    [
      '<final_halt config:type="boolean">true</final_halt>\n<second_stage t="b">false</second_stage>',
      0,
    ],
    ['<final_halt config:type="boolean">false</final_halt>', 0],
    ['<profile/>', 0],
  ])('restarts openSUSE as the user’s own answer file says: %s', (text, restarts) => {
    const answer = { name: '/my/autoinst.xml', text };
    for (const version of ['11.0', '42.2', '15.6']) {
      expect(planned(['OpenSUSE', version, 'iso'], { answer }).install.reboots).toBe(restarts);
    }
  });
});

const asked = (openstack: Record<string, string>) =>
  testConfig({ backend: { type: 'openstack' }, openstack });

describe('families in a cloud', () => {
  const inCloud = { backend: testCloud(), config: testConfig({ backend: { type: 'openstack' } }) };

  it.each<Case>([
    ['RHL', '9', 'url', 'i386'],
    ['RHEL-3', 'U9', 'url', 'i386'],
    ['FedoraCore', '2', 'url', 'i386'],
  ])('refuse %s %s, whose installer can only restart', (...which) => {
    expect(() => planned(which, inCloud)).toThrow(/every restart would begin/);
    const answer = { name: '/my/ks.cfg', text: 'reboot\n%post\npoweroff\n' };
    expect(planned(which, { ...inCloud, answer }).install.strategy?.name).toBe('direct');
  });

  it('warn of an answer file that does not switch off', () => {
    const warned = (which: Case, text: string, change: Partial<PlanInput> = inCloud) =>
      planned(which, { ...change, answer: { name: '/my', text } }).warnings.filter((warning) =>
        warning.includes('names no power-off'),
      ).length;
    const rocky: Case = ['Rocky', '10', 'url'];
    expect(warned(rocky, 'rootpw x\nreboot\n')).toBe(1);
    expect(warned(rocky, 'rootpw x\nreboot\n', {})).toBe(0);
    expect(warned(rocky, 'rootpw x\npoweroff\n')).toBe(0);
    expect(warned(['Debian', '13', 'url'], 'd-i debian-installer/exit/poweroff boolean true')).toBe(
      0,
    );
    expect(warned(['OpenSUSE', '15.6', 'url'], '<halt>true</halt>')).toBe(0);
    expect(warned(['SLES', '16', 'url'], '{}')).toBe(0);
  });

  it.each<[Case, Record<string, string>, string[]]>([
    [['Debian', '13', 'url'], {}, ['direct', 'initrd', 'initrd']],
    [['Debian', '13', 'url'], { answer: 'user-data' }, ['direct', 'kernel-args', 'user-data']],
    [['Fedora', '44', 'iso'], { strategy: 'volumes' }, ['volumes', 'medium', 'medium']],
    [['Rocky', '10', 'url'], { answer: 'user-data' }, ['direct', 'kernel-args', 'user-data']],
    [['Arch', 'latest', 'iso'], {}, ['volumes', 'medium', 'medium']],
    [['Arch', 'latest', 'iso'], { strategy: 'rescue' }, ['rescue', 'medium', 'user-data']],
  ])('plan %j with %j', (which, openstack, expected) => {
    const made = planned(which, { backend: testCloud(), config: asked(openstack) });
    const { strategy, delivery, carrier } = made.install;
    expect([strategy?.name, delivery.kind, carrier]).toEqual(expected);
    const spec = guestSpecOf(made);
    expect(spec.strategy).toBe(strategy?.name);
    expect(spec.userData).toBe(carrier === 'user-data' ? made.install.answer.text : undefined);
    if (spec.boot.kind === 'kernel' && carrier === 'user-data') {
      expect(spec.boot.cmdline).toMatch(/169\.254\.169\.254|LABEL=config-2/);
    }
  });

  it.each([
    [{ tpm: true, secureBoot: true }, []],
    [{ tpm: true, secureBoot: false }, ['BypassSecureBootCheck']],
    [undefined, ['BypassTPMCheck', 'BypassSecureBootCheck']],
  ])('let Windows 11 check for what the cloud has: %o', (trust, lifted) => {
    const made = planned(['Windows', '11', 'iso'], {
      backend: testCloud({ trust }),
      config: asked({}),
    });
    const { filename, text } = made.install.answer;
    expect(filename).toBe('Autounattend.xml');
    expect(text.match(/Bypass(TPM|SecureBoot)Check/g) ?? []).toEqual(lifted);
    expect(hardwareProperties(guestSpecOf(made).hardware)).toMatchObject({
      hw_machine_type: 'q35',
      hw_firmware_type: 'uefi',
      ...(trust?.tpm ? { hw_tpm_version: '2.0' } : {}),
      ...(trust?.secureBoot ? { os_secure_boot: 'required' } : {}),
    });
  });

  it('customizes by cloud-init where nobody gets in, and installs it then', () => {
    const closed = testCloud({ sshReachable: { reachable: false, reason: 'no route' } });
    const tdl = testTdl({ packages: [{ name: 'less' }] });
    const made = plan(testInput({ ...all, osinfo, tdl, backend: closed, config: asked({}) }));
    expect(made.access).toMatchObject({ method: 'cloud-init', via: 'answer' });
    expect(made.install.answer.text).toMatch(/pkgsel\/include .*cloud-init/);
    expect(made.install.answer.text).not.toContain('AAAAC3Nz');
    const open = plan(testInput({ ...all, osinfo, tdl, backend: testCloud(), config: asked({}) }));
    expect(open.access).toMatchObject({ method: 'ssh' });
    expect(open.install.answer.text).toContain('AAAAC3Nz');
    expect(open.install.answer.text).not.toContain('cloud-init');
  });

  it('tame the cloud-init that a system brings, while it is worked in over SSH', () => {
    const tame = (which: Case) =>
      planned(which, { ...all, backend: testCloud(), config: asked({}) }).access?.tame;
    expect(tame(['Ubuntu', '24.04', 'iso'])).toBe(true);
    expect(tame(['Debian', '13', 'url'])).toBeUndefined();
  });

  const closed = testCloud({ sshReachable: { reachable: false, reason: 'no route' } });
  const inClosed = (which: Case) =>
    planned(which, { ...all, backend: closed, config: asked({}) }).install.answer.text;

  it.each<[Case, RegExp]>([
    [['Fedora', '44', 'url'], /^cloud-init$/m],
    [['Ubuntu', '18.04', 'url'], /openssh-server cloud-init$/m],
    [['OpenSUSE', '15.6', 'url'], /<package>cloud-init<\/package>/],
    [['OpenSUSE', '16.0', 'iso'], /"openssh", "cloud-init"\]/],
    [['Alpine', '3.24', 'iso'], /^apk add cloud-init /m],
    [['Arch', 'latest', 'iso'], /^pacstrap .* cloud-init$/m],
  ])('installs cloud-init in %j where nobody gets in', (which, expected) => {
    expect(inClosed(which)).toMatch(expected);
  });

  it('says where that cannot be', () => {
    expect(() => inClosed(['FreeBSD', '15.0', 'iso'])).toThrow(
      expect.objectContaining({ code: 'OZ_PLAN_ACCESS', hint: expect.stringContaining('bastion') }),
    );
  });

  it('leaves the result in the catalog, unless told otherwise, and gives guests time', () => {
    const result = (text: Record<string, string>) =>
      planned(['Debian', '13', 'url'], { backend: testCloud(), config: asked(text) }).outputs
        .result;
    expect([result({}), result({ result: 'both' })]).toEqual(['glance', 'both']);
    const { timeouts } = planned(['Debian', '13', 'url'], { backend: testCloud() });
    expect(timeouts.install).toBe(7_200_000);
  });
});
