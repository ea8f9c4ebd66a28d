import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { writableWarnings } from '../../src/config/file-trust.ts';
import { configKeys } from '../../src/config/keys.ts';
import { loadConfig, parseConfig } from '../../src/config/load.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'ozma-config-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const put = (name: string, text: string | Buffer) => {
  const file = path.join(home, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
};
const read = (text: string) => parseConfig(text, 'oz.cfg', { home: '/home/u', isRoot: false });

describe('loadConfig()', () => {
  it("has root's defaults", () => {
    const config = loadConfig({ home, isRoot: true, systemFile: path.join(home, 'none') });
    expect(config).toEqual({
      source: null,
      backend: { type: 'libvirt' },
      paths: {
        outputDir: '/var/lib/libvirt/images',
        dataDir: '/var/lib/oz',
        screenshotDir: '/var/lib/oz/screenshots',
        sshPrivKey: '/etc/oz/id_rsa-icicle-gen',
      },
      libvirt: { imageType: 'raw' },
      cache: { originalMedia: true, modifiedMedia: false, jeos: false },
      icicle: { safeGeneration: false },
      timeouts: { install: 1200, inactivity: 300, boot: 300, shutdown: 90, set: [] },
      warnings: [],
    });
  });

  it("has other users' defaults below ~/.oz", () => {
    expect(loadConfig({ home, isRoot: false }).paths).toEqual({
      outputDir: `${home}/.oz/images`,
      dataDir: `${home}/.oz`,
      screenshotDir: `${home}/.oz/screenshots`,
      sshPrivKey: `${home}/.oz/id_rsa-icicle-gen`,
    });
  });

  it('reads the named file, else that of the user, else for root that of the system', () => {
    const named = put('named.cfg', '[libvirt]\nmemory = 1\n');
    const systemFile = put('system.cfg', '[libvirt]\nmemory = 3\n');
    const memory = (options: { path?: string; isRoot: boolean }) =>
      loadConfig({ home, systemFile, ...options }).libvirt.memory;
    expect(memory({ isRoot: true })).toBe(3);
    expect(memory({ isRoot: false })).toBeUndefined();
    put('.oz/oz.cfg', '[libvirt]\nmemory = 2\n');
    expect(memory({ isRoot: true })).toBe(2);
    expect(memory({ path: named, isRoot: true })).toBe(1);
    expect(memory({ path: '~/named.cfg', isRoot: false })).toBe(1);
  });

  it('tells which file it read', () => {
    const file = put('.oz/oz.cfg', '');
    expect(loadConfig({ home, isRoot: false }).source).toBe(file);
  });

  it('refuses a named file that is missing, a directory, too large or not UTF-8', () => {
    const load = (file: string) => () => loadConfig({ home, isRoot: false, path: file });
    expect(load(path.join(home, 'none.cfg'))).toThrow(/none\.cfg: there is no such file/);
    expect(load('')).toThrow(/no such file/);
    expect(load(home)).toThrow(/it is a directory/);
    expect(load(put('big.cfg', '#'.repeat(1024 * 1024 + 1)))).toThrow(/larger than/);
    expect(load(put('latin1.cfg', Buffer.from([0xe4])))).toThrow(/not UTF-8/);
  });
});

describe('parseConfig()', () => {
  it('expands ~ and %(name)s', () => {
    const { paths } = read(
      '[DEFAULT]\nbase = ~/builds\n[paths]\noutput_dir = %(base)s/out\ndata_dir = ~root/x\n',
    );
    expect(paths.outputDir).toBe('/home/u/builds/out');
    expect(paths.windowsDrivers).toBeUndefined();
    expect(paths.dataDir).toBe('/root/x');
  });

  it('knows which timeouts the user has set', () => {
    const { timeouts } = read('[timeouts]\nboot = 300\n');
    expect(timeouts).toMatchObject({ boot: 300, install: 1200, set: ['boot'] });
  });

  it('takes an empty uri for none', () => {
    expect(read('[libvirt]\nuri =\ntype =\n').libvirt).toEqual({ imageType: 'raw' });
  });

  it('knows the firmwares', () => {
    const firmware = (text: string) => read(`[libvirt]\n${text}\n`).libvirt.firmware;
    expect(firmware('firmware = auto')).toBeUndefined();
    expect(firmware('firmware = efi')).toBe('efi');
    expect(() => firmware('firmware = uefi')).toThrow(/firmware/);
  });

  it('knows the two backends', () => {
    expect(read('[backend]\ntype = openstack\n').backend.type).toBe('openstack');
    expect(() => read('[backend]\ntype = opnstack\n')).toThrow(
      "Cannot use oz.cfg: line 2, [backend] type: 'opnstack' is none of libvirt, openstack",
    );
  });

  it.each<[string, string]>([
    ['[libvirt]\nmemory = 2G', "line 2, [libvirt] memory: '2G' must be a whole number"],
    ['[libvirt]\n\nmemory = 0', "line 3, [libvirt] memory: '0' is too small: at least 1 is needed"],
    ['[libvirt]\ncpus = -1', "line 2, [libvirt] cpus: '-1' is too small"],
    ['[libvirt]\nimage_type = a/b', "line 2, [libvirt] image_type: 'a/b' must be a single word"],
    ['[timeouts]\nboot =', "line 2, [timeouts] boot: '' must be a whole number"],
    ['[timeouts]\nboot = 99999999999999999999', 'is too large'],
    ['[cache]\njeos = 1', "line 2, [cache] jeos: '1' is none of 'yes', 'no', 'true' and 'false'"],
    ['[icicle]\nsafe_generation = on', '[icicle] safe_generation'],
    ['[paths]\ndata_dir = oz', "line 2, [paths] data_dir: 'oz' must be an absolute path"],
    ['[paths]\ndata_dir = ~no-such-user/oz', 'must be an absolute path'],
    ['[DEFAULT]\nboot = x\n[timeouts]', 'line 2, [timeouts] boot'],
  ])('refuses %j, naming file, section and key', (text, why) => {
    expect(() => read(text)).toThrow(why);
    expect(() => read(text)).toThrow(/^Cannot use oz\.cfg: /);
  });

  it('shows no credentials of a bad value', () => {
    const text = '[libvirt]\nuri = http://u:hunter2@h/\n  x\n';
    expect(() => read(text)).toThrow(/more than one line/);
    expect(() => read(text)).not.toThrow(/hunter2/);
  });

  it('warns about what it does not know, and guesses what was meant', () => {
    const text =
      '[DEFAULT]\nanything = 1\n[path]\n[libvirt]\nmemroy = 1\njeos = yes\ncolour = red\n[Cache]\n';
    expect(read(text).warnings).toEqual([
      'oz.cfg: unknown section [path]: did you mean paths?',
      'oz.cfg: line 5: unknown key memroy in [libvirt]: did you mean memory?',
      'oz.cfg: line 6: unknown key jeos in [libvirt]: did you mean jeos in [cache]?',
      'oz.cfg: line 7: unknown key colour in [libvirt]',
      'oz.cfg: unknown section [Cache]: did you mean cache?',
    ]);
  });

  it("reads Oz's own oz.cfg without a warning", () => {
    const text = `[paths]
output_dir = /var/lib/libvirt/images
data_dir = /var/lib/oz
screenshot_dir = /var/lib/oz/screenshots
# sshprivkey = /etc/oz/id_rsa-icicle-gen
[libvirt]
uri = qemu:///system
image_type = raw
# type = kvm
[cache]
original_media = yes
[icicle]
safe_generation = no
[timeouts]
install = 1200
`;
    expect(read(text).warnings).toEqual([]);
  });

  it("tells which time limits are the user's own", () => {
    expect(read('[timeouts]\nboot = 60\ninstall = 120\n').timeouts).toMatchObject({
      boot: 60,
      inactivity: 300,
      set: ['install', 'boot'],
    });
  });

  it('keeps [openstack] for its backend, defaults filled in, out of dumps', () => {
    const config = read('[openstack]\npassword = hunter2\nflavor = small\nkeypair =\n');
    expect(config.openstack).toEqual({
      password: 'hunter2',
      flavor: 'small',
      secure_boot: 'no',
      tpm: 'no',
      strategy: 'auto',
      answer: 'auto',
      web_download: 'yes',
      customize: 'auto',
      result: 'glance',
      image_visibility: 'private',
      server_timeout: '900',
      volume_timeout: '900',
      image_timeout: '3600',
    });
    expect(JSON.stringify(config)).not.toContain('hunter2');
    expect(config.warnings).toEqual([]);
  });

  it('checks [openstack] by type, and reads paths and truth values as elsewhere', () => {
    const { openstack } = read('[openstack]\ncacert = ~/ca.pem\ninsecure = YES\nmin_ram = 4_096\n');
    expect(openstack).toMatchObject({ cacert: '/home/u/ca.pem', insecure: 'yes', min_ram: '4096' });
    const wrong: [string, string][] = [
      ['result = glace', "result: 'glace' is none of glance, download, both"],
      ['strategy = volume', "strategy: 'volume' is none of auto, direct, volumes, rescue"],
      ['insecure = maybe', "insecure: 'maybe' is none of 'yes', 'no', 'true' and 'false'"],
      ['min_ram = 2G', "min_ram: '2G' must be a whole number"],
      ['server_timeout = 0', "server_timeout: '0' is too small: at least 1 is needed"],
      ['image_properties = a', "image_properties: 'a' is no list of name=value"],
      ['password = hunter2\n  hunter3', 'password: the value runs over more than one line'],
    ];
    for (const [line, message] of wrong) {
      const cannot = `Cannot use oz.cfg: line 2, [openstack] ${message}`;
      expect(() => read(`[openstack]\n${line}\n`), line).toThrow(cannot);
      expect(() => read(`[openstack]\n${line}\n`), line).not.toThrow('hunter');
    }
  });

  it('names unknown keys of [openstack], and keeps them', () => {
    const { openstack, warnings } = read('[openstack]\nflavour = small\n');
    expect(openstack).toMatchObject({ flavour: 'small' });
    expect(warnings).toEqual([
      'oz.cfg: line 2: unknown key flavour in [openstack]: did you mean flavor?',
    ]);
  });
});

describe('configKeys', () => {
  it('documents each key once', () => {
    const names = configKeys.map(({ section, key }) => `${section}.${key}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { description } of configKeys) expect(description).toMatch(/^[A-Z].*\.$/);
  });

  it('has defaults that the reader takes', () => {
    for (const { section, key, default: value } of configKeys) {
      if (value === '') continue;
      expect(read(`[${section}]\n${key} = ${value}\n`).warnings).toEqual([]);
    }
  });
});

describe('loadConfig() warns of a file that others may write', () => {
  const warnings = (file: string, isRoot = false) =>
    loadConfig({ path: file, home, isRoot }).warnings;

  it('when it is everybody, whoever reads it', () => {
    const file = put('oz.cfg', '');
    chmodSync(file, 0o644);
    expect(warnings(file)).toEqual([]);
    chmodSync(file, 0o646);
    expect(warnings(file)).toEqual([
      expect.stringMatching(/everybody may write to it.*chmod go-w/),
    ]);
  });

  it('or its directory, unless nobody can replace it there', () => {
    const file = put('dir/oz.cfg', '');
    chmodSync(file, 0o644);
    chmodSync(path.dirname(file), 0o777);
    expect(warnings(file)).toEqual([expect.stringContaining('may write to its directory')]);
    chmodSync(path.dirname(file), 0o1777);
    expect(warnings(file)).toEqual([]);
  });

  it('when root reads what a group or another user may write', () => {
    const stat = { mode: 0o100664, uid: 0, gid: 100 };
    expect(writableWarnings('/etc/oz/oz.cfg', stat, true)).toEqual([
      expect.stringContaining('group 100 may write to it'),
    ]);
    expect(writableWarnings('/etc/oz/oz.cfg', { ...stat, gid: 0 }, true)).toEqual([]);
    expect(writableWarnings('/etc/oz/oz.cfg', { ...stat, uid: 7 }, false)).toEqual([]);
    vi.stubEnv('SUDO_UID', '8');
    expect(writableWarnings('/etc/oz/oz.cfg', { ...stat, uid: 7 }, true)).toEqual([
      expect.stringContaining('it belongs to user 7'),
    ]);
    expect(writableWarnings('/etc/oz/oz.cfg', { ...stat, uid: 8, gid: 0 }, true)).toEqual([]);
    vi.unstubAllEnvs();
  });
});
