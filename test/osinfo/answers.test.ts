import { execFileSync, spawnSync } from 'node:child_process';
import { XmlDocument } from 'libxml2-wasm';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { OsEntity } from '../../osinfo/types.ts';
import {
  answer,
  buildConfig,
  hash,
  hasOwnScript,
  kindOf,
  osinfo,
  publicKey,
  sources,
  systems,
} from './answers/all.ts';
import { commands, known, parseKickstart, sections } from './answers/kickstart.ts';

/** The syntax alone; nothing of it is run. */
const checkShell = (script: string, shell = 'sh'): void => {
  const { status, stderr } = spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
};

const noReboot = (text: string): void => expect(text).not.toMatch(/\breboot\b|shutdown\s+(-r|\/r)/);

function xml<T>(
  text: string,
  namespace: string,
  read: (evaluate: (path: string) => string) => T,
): T {
  const document = XmlDocument.fromString(text);
  try {
    return read((path) =>
      String(document.root.eval(path, { x: namespace, c: 'http://www.suse.com/1.0/configns' })),
    );
  } finally {
    document.dispose();
  }
}

/** What a kind of answer file must say to end in a power-off, ask nothing, and touch one disk. */
const checks: Record<string, (os: OsEntity, text: string, disk: string | undefined) => void> = {
  kickstart(os, text, disk) {
    const { lines, sections: found } = parseKickstart(text);
    const major = Number(/^\d+/.exec(os.version)?.[0] ?? 99);
    const names = lines.map(([name]) => name);
    noReboot(text);
    const post = found.find(({ name }) => name === '%post');
    const pre = found.find(({ name }) => name === '%pre');
    checkShell(post?.body ?? '(');
    if (pre) checkShell(pre.body);
    for (const { name } of found)
      expect([name, known(sections[name], os.distro, major)]).toEqual([name, true]);
    // a disk that is not said is found out, in a file that %pre writes
    const included = pre
      ? parseKickstart(/<<END\n([\s\S]*?)END\n/.exec(pre.body)?.[1] ?? '').lines
      : [];
    const all = [...lines.filter(([name]) => name !== '%include'), ...included];
    for (const [name] of all)
      expect([name, known(commands[name], os.distro, major)]).toEqual([name, true]);
    expect(all.length).toBeGreaterThan(14);
    expect(names.filter((name) => name === 'poweroff')).toEqual(['poweroff']);
    // cmdline mode is for releases that are sure to ask nothing
    expect(names).toContain(os.distro === 'fedora' && major < 10 ? 'text' : 'cmdline');
    const target = disk?.replace('/dev/', '') ?? '$disk';
    const of = (command: string): string => all.find(([name]) => name === command)?.[1] ?? '';
    // before Fedora 8 it knows --drives alone
    const onlyUse = os.distro !== 'fedora' || major >= 8;
    expect(of('ignoredisk')).toBe(onlyUse ? `--only-use=${target}` : '');
    expect(of('clearpart')).toBe(`--all --initlabel --drives=${target}`);
    expect(of('bootloader')).toContain(`${target} `);
    const parts = all.filter(([name]) => name === 'part');
    for (const [, rest] of parts) expect(rest).toContain(`--ondisk=${target}`);
    expect(parts.length || names.includes('autopart') ? 1 : included.length).toBeGreaterThan(0);
  },
  // %packages and %post run to the next section or the end
  'old-kickstart'(os, text, disk) {
    const target = disk?.replace('/dev/', '') ?? 'hda';
    const [commands = '', packages = '', post = '('] = text.split(/^%(?:packages|post)$/m);
    checkShell(post);
    expect(packages).toContain('openssh-server');
    // the first ones cannot switch off: the family counts the restart as the end
    const major = Number.parseInt(os.version, 10);
    const first = os.distro === 'rhl' ? Infinity : os.distro === 'fedora' ? 3 : 4;
    const end = major < first ? 'reboot' : 'poweroff';
    expect(commands.match(/^(reboot|poweroff|shutdown|halt)$/gm)).toEqual([end]);
    expect(commands).toMatch(/^zerombr yes$/m);
    const disks = [...commands.matchAll(/--(?:drives|ondisk)=(\S+)/g)].map(([, name]) => name);
    expect(disks).toEqual([target, target, target]);
    expect(post).toContain('\nrm -f /root/anaconda-ks.cfg\n');
  },
  'preseed-image'(_, text, disk) {
    noReboot(text.replace('finish-install/reboot_in_progress', ''));
    const lines = text.replaceAll('\\\n', '').split('\n');
    for (const line of lines) expect(line).toMatch(/^(#.*|[\w-]+ [\w/-]+ \w+( .*)?|)$/);
    const value = (question: string) =>
      lines.find((line) => line.split(' ')[1] === question)?.replace(/^\S+ \S+ \S+ ?/, '');
    expect(value('debian-installer/exit/poweroff')).toBe('true');
    expect(value('partman-auto/disk')).toBe(disk ?? '');
    expect(value('grub-installer/bootdev')).toBe(disk ?? '');
    expect(value('partman/confirm')).toBe('true');
    checkShell(value('preseed/late_command') ?? '(');
  },
  drakx(_, text) {
    noReboot(text);
    const { status, stderr } = spawnSync('perl', ['-c'], { input: text, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, expect.stringContaining('syntax OK')]);
    expect(text).toContain("'interactiveSteps' => []");
    expect(text.match(/'mntpoint'/g)).toHaveLength(1);
    expect(text).toContain('echo o >/proc/sysrq-trigger');
    expect(text).toContain('rm -f /root/drakx/auto_inst.cfg.pl');
    checkShell(/'postInstall' => <<'END',\n([\s\S]*?)END\n/.exec(text)?.[1] ?? '(');
  },
  autoinstall(_, text, disk) {
    noReboot(text);
    expect(text.startsWith('#cloud-config\n')).toBe(true);
    const { autoinstall, ...others } = parse(text);
    expect(others).toEqual({});
    expect(autoinstall).toMatchObject({
      version: 1,
      shutdown: 'poweroff',
      'interactive-sections': [],
      'refresh-installer': { update: false },
      updates: 'security',
    });
    // documented keys, each of the documented type
    const types: Record<string, string> = {
      version: 'number',
      'interactive-sections': 'array',
      'refresh-installer': 'object',
      'early-commands': 'array',
      'error-commands': 'array',
      locale: 'string',
      keyboard: 'object',
      timezone: 'string',
      source: 'object',
      apt: 'object',
      updates: 'string',
      ssh: 'object',
      storage: 'object',
      'user-data': 'object',
      shutdown: 'string',
      'late-commands': 'array',
    };
    for (const [key, value] of Object.entries(autoinstall)) {
      expect([key, Array.isArray(value) ? 'array' : typeof value]).toEqual([key, types[key]]);
    }
    expect(autoinstall.storage.layout).toEqual({
      name: 'direct',
      ...(disk ? { match: { path: disk } } : {}),
    });
    const run = ['early-commands', 'late-commands', 'error-commands'].flatMap(
      (key) => autoinstall[key],
    );
    for (const command of run) checkShell(command);
    // what would keep cloud-init from finding a data source later
    const late = autoinstall['late-commands'].join('\n');
    expect(late).toContain('cloud/cloud.cfg.d/99-installer.cfg');
    expect(late).toContain('cloud/cloud-init.disabled');
    expect(late).toContain('cloud/ds-identify.cfg');
    // nobody but root, for no identity is given
    expect(autoinstall['user-data']).toEqual({ disable_root: false });
  },
  autoyast(_, text, disk) {
    xml(text, 'http://www.suse.com/1.0/yast2ns', (get) => {
      const mode = (name: string): string => get(`string(/x:profile/x:general/x:mode/x:${name})`);
      expect(['confirm', 'second_stage', 'halt', 'final_halt', 'final_reboot'].map(mode)).toEqual([
        'false',
        'false',
        'true',
        'false',
        'false',
      ]);
      expect(get('count(/x:profile/x:partitioning/x:drive)')).toBe('1');
      expect(get('string(//x:drive/x:device)')).toBe(disk ?? '');
      expect(get('count(//x:report/*/x:timeout[. = 0])')).toBe('0');
      // every boolean, number and list says what it is
      expect(
        get("count(//*[(. = 'true' or . = 'false') and not(*) and @c:type != 'boolean'])"),
      ).toBe('0');
      expect(get("count(//*[(. = 'true' or . = 'false') and not(*) and not(@c:type)])")).toBe('0');
      expect(get('count(//x:users | //x:drive/x:partitions | //x:patterns | //x:packages)')).toBe(
        '4',
      );
      expect(
        get("count((//x:users | //x:partitions | //x:patterns | //x:packages)[@c:type = 'list'])"),
      ).toBe('4');
      checkShell(get('string(//x:chroot-scripts/x:script/x:source)'));
    });
    noReboot(text.replace('<final_reboot config:type="boolean">false</final_reboot>', ''));
  },
  agama(os, text, disk) {
    const profile = JSON.parse(text);
    const keys = [
      'product',
      'hostname',
      'localization',
      'questions',
      'software',
      'storage',
      'bootloader',
      'root',
      'scripts',
    ];
    for (const key of Object.keys(profile)) expect(keys).toContain(key);
    expect(profile.product.id).toBe(os.distro === 'opensuse' ? 'openSUSE_Leap' : 'SLES');
    expect(profile.questions).toEqual({ policy: 'auto' });
    expect(profile.storage.drives).toHaveLength(1);
    expect(profile.storage.drives[0].search).toBe(disk);
    expect(profile.root.hashedPassword).toBe(true);
    expect(profile.root.password).toMatch(/^\$6\$/);
    for (const { content } of [...profile.scripts.pre, ...profile.scripts.post])
      checkShell(content);
    expect(profile.scripts.pre[0].content).toContain(
      'ln -sf /usr/lib/systemd/system/poweroff.target /run/systemd/system/reboot.target',
    );
  },
  unattend(_, text) {
    noReboot(text);
    xml(text, 'urn:schemas-microsoft-com:unattend', (get) => {
      const passes = [1, 2, 3].map((n) => get(`string(/x:unattend/x:settings[${n}]/@pass)`));
      expect(passes).toEqual(['windowsPE', 'specialize', 'oobeSystem']);
      expect(get('count(//x:DiskConfiguration/x:Disk)')).toBe('1');
      expect(get('string(//x:Disk/x:DiskID)')).toBe('0');
      expect(get('string(//x:InstallTo/x:DiskID)')).toBe('0');
      expect(get("count(//x:WillShowUI[. != 'Never'])")).toBe('0');
      expect(get('string(//x:AcceptEula)')).toBe('true');
      expect(get('string(//x:FirstLogonCommands/x:SynchronousCommand[last()]/x:CommandLine)')).toBe(
        'cmd /c shutdown /s /f /t 0',
      );
      // numbered from one, without a gap
      for (const list of [
        'FirstLogonCommands/x:SynchronousCommand',
        'CreatePartitions/x:CreatePartition',
      ]) {
        expect(get(`count(//x:${list}[x:Order != position()])`)).toBe('0');
      }
      expect(
        get(
          "count(//x:component[@publicKeyToken != '31bf3856ad364e35' or @versionScope != 'nonSxS'])",
        ),
      ).toBe('0');
    });
  },
  installerconfig(_, text, disk) {
    noReboot(text);
    const [preamble = '', setup = ''] = text.split(/^(?=#!)/m);
    checkShell(preamble);
    checkShell(setup);
    expect(preamble).toContain('shutdown -p now');
    expect(preamble).toContain('nonInteractive=YES');
    expect(preamble.match(/^PARTITIONS=.*/m)?.[0]).toBe(
      'PARTITIONS="$disk GPT { auto freebsd-ufs / }"',
    );
    const names = { '/dev/vda': 'vtbd0', '/dev/sdb': 'ada1 da1' }[disk ?? ''];
    expect(preamble).toContain(`\nfor disk in ${names ?? 'vtbd0 ada0 da0 nda0 nvd0 xbd0'}; do\n`);
  },
  answers(_, text, disk) {
    noReboot(text);
    checkShell(text);
    expect(text.trimEnd().endsWith('\npoweroff')).toBe(true);
    expect(text.match(/setup-disk .*/g)).toEqual([
      'setup-disk -q -m sys -s 0 "$disk" || fail disk',
    ]);
    if (disk) expect(text).toContain(`\ndisk=${disk}\n`);
  },
  script(_, text, disk) {
    noReboot(text);
    checkShell(text, 'bash');
    expect(text.trimEnd().endsWith('\npoweroff')).toBe(true);
    for (const line of text.match(/^(wipefs|sfdisk|mkfs\.\w+) .*/gm) ?? [])
      expect(line).toMatch(/"\$(disk|\{part\}\d)"/);
    if (disk) expect(text).toContain(`\ndisk=${disk}\n`);
  },
};

/** Their installers hash the password themselves, or know no hash of today. */
const plainOnly: ReadonlySet<string> = new Set(['old-kickstart', 'preseed-image', 'drakx']);

describe('every answer file ends in a power-off, asks nothing and writes to one disk', () => {
  const own = systems.filter(hasOwnScript);
  const all = own.flatMap((os) => sources.map((source) => [os.shortId, source, os] as const));

  it('there are many of them', () => {
    expect(own.length).toBeGreaterThanOrEqual(100);
    expect(new Set(own.map(kindOf))).toEqual(new Set(Object.keys(checks)));
  });

  it.each(all)('%s from %s', (_, source, os) => {
    const check = checks[kindOf(os)];
    if (!check) throw new Error(`no check for ${kindOf(os)}`);
    const minimal = answer(os, source, { 'admin-password': 'x' });
    check(os, minimal.text, undefined);
    const full = answer(os, source, buildConfig(os));
    check(os, full.text, '/dev/vda');
    check(
      os,
      answer(os, source, { ...buildConfig(os), 'target-disk': '/dev/sdb' }).text,
      '/dev/sdb',
    );
    expect(full.expectedFilename).toMatch(/^[\w.-]+$/);
    if (os.family === 'winnt') return;
    if (plainOnly.has(kindOf(os))) {
      expect(full.text).toContain('secret word');
      return;
    }
    // the plain password stays out, and the key gets in
    expect(full.text).toContain(hash);
    expect(full.text).not.toContain('secret word');
    expect(full.text).toContain(publicKey);
    expect(minimal.text).toMatch(/\$6\$[./\w]{16}\$[./\w]{86}/);
  });
});

describe('the source of the packages', () => {
  const text = (
    id: string,
    source: (typeof sources)[number],
    config: Record<string, string> = {},
  ) => {
    const os = osinfo.os(id);
    if (!os) throw new Error(id);
    return answer(os, source, { 'admin-password': 'x', ...config }).text;
  };
  const url = { 'installation-url': 'http://mirror.example/tree' };

  it.each(['fedora44', 'rhel9.4', 'ol10.0', 'almalinux10'])('%s: the medium or the tree', (id) => {
    expect(text(id, 'media', url)).toMatch(/^cdrom$/m);
    expect(text(id, 'network', url)).toMatch(/^url --url="http:\/\/mirror\.example\/tree"$/m);
    expect(text(id, 'network', url)).not.toMatch(/^cdrom$/m);
  });

  it("knows the projects' own mirrors, and that Red Hat has none", () => {
    expect(text('fedora44', 'network')).toContain('metalink?repo=fedora-44&arch=x86_64"');
    expect(text('rocky10', 'network')).toContain('/pub/rocky/10/BaseOS/x86_64/os/"');
    expect(text('centos-stream10', 'network')).toContain('/10-stream/BaseOS/x86_64/os/"');
    expect(text('rhel10.0', 'network')).not.toMatch(/^(url|cdrom)/m);
  });

  it('Windows takes either firmware, and a product key', () => {
    const of = (config: Record<string, string>) => text('win2k22', 'media', config);
    expect(of({ firmware: 'efi' })).toContain('<Type>EFI</Type>');
    expect(of({ firmware: 'bios' })).toContain('<Active>true</Active>');
    expect(of({ firmware: 'bios' })).not.toContain('<Type>EFI</Type>');
    expect(text('win11', 'media')).toContain('BypassTPMCheck');
    expect(text('win10', 'media')).not.toContain('LabConfig');
    const trust = { tpm: 'true', 'secure-boot': 'true' };
    expect(text('win10', 'media', trust)).toBe(text('win10', 'media'));
    const keyed = of({ 'reg-product-key': 'AAAAA-BBBBB-CCCCC-DDDDD-EEEEE' });
    expect(keyed).toContain('<Key>AAAAA-BBBBB-CCCCC-DDDDD-EEEEE</Key>');
    expect(keyed).not.toContain('/IMAGE/INDEX');
    expect(of({ 'image-index': '4' })).toMatch(/<Value>4<\/Value>/);
  });

  it.each([
    [{}, ['BypassTPMCheck', 'BypassSecureBootCheck', 'BypassRAMCheck']],
    [{ tpm: 'true' }, ['BypassSecureBootCheck', 'BypassRAMCheck']],
    [{ 'secure-boot': 'true' }, ['BypassTPMCheck', 'BypassRAMCheck']],
    [{ tpm: 'true', 'secure-boot': 'true' }, ['BypassRAMCheck']],
    [{ tpm: 'false' }, ['BypassTPMCheck', 'BypassSecureBootCheck', 'BypassRAMCheck']],
  ])('Windows 11 checks for what the guest has: %j', (config, lifted) => {
    const made = text('win11', 'media', config);
    const commands = [
      ...made.matchAll(/<Order>(\d)<\/Order>\s*<Description>No check[\s\S]*?\/v (\w+)/g),
    ];
    expect(commands.map(([, order, name]) => [order, name])).toEqual(
      lifted.map((name, i) => [String(i + 1), name]),
    );
  });

  it('SUSE takes a registration code', () => {
    const keyed = text('sle15sp7', 'media', { 'reg-product-key': 'CODE-1' });
    expect(keyed).toContain('<reg_code>CODE-1</reg_code>');
    expect(text('sle15sp7', 'media')).toContain('<media_url>relurl://</media_url>');
    expect(JSON.parse(text('sles16.0', 'media', { 'reg-product-key': 'CODE-1' })).product).toEqual({
      id: 'SLES',
      registrationCode: 'CODE-1',
    });
  });
});

it('sh is a shell that refuses bad syntax', () => {
  expect(() => execFileSync('sh', ['-n'], { input: 'if', stdio: 'pipe' })).toThrow();
});
