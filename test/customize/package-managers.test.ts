/** What the package managers' scripts do in a guest of programs that answer as the real ones do. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Operations } from '../../src/customize/operations.ts';
import { packageManagers } from '../../src/customize/package-managers/index.ts';
import type { PackageManager } from '../../src/customize/package-managers/manager.ts';
import { addRepository, installPackages, removeRepository } from '../../src/customize/packages.ts';
import type { PackageRequest, Repository } from '../../src/customize/types.ts';
import { type Sandbox, sandbox } from './helpers/sandbox.ts';

let guest: Sandbox;
beforeEach(() => {
  guest = sandbox();
});
afterEach(() => guest.remove());

function named(name: string): PackageManager {
  const manager = packageManagers[name];
  if (!manager) throw new Error(`no ${name}`);
  return manager;
}

/** Runs the scripts of operations; the output of all. */
function perform({ main }: Operations): string {
  return main
    .flatMap((one) => (one.kind === 'script' ? [one.script] : []))
    .map(({ text, args }) => guest.run(text, args))
    .join('');
}

const repository = (more: Partial<Repository> = {}): Repository => ({
  ...{ name: 'r', url: 'https://h/r', signed: false, sslverify: false, persisted: true },
  ...more,
});
const add = (name: string, more?: Partial<Repository>) =>
  perform(addRepository(named(name), repository(more)));
const remove = (name: string) => perform(removeRepository(named(name), repository()));

async function install(name: string, ...packages: PackageRequest[]): Promise<string> {
  const fetched = async () => Buffer.from('');
  return perform(await installPackages(named(name), packages, [], fetched));
}

describe('apt', () => {
  const list = 'etc/apt/sources.list.d/r.list';
  const conf = 'etc/apt/apt.conf.d/90r';
  const line = 'deb http://h/debian s main';
  const aptOf = (version: string) => guest.program('dpkg-query', `echo ${version}`);
  beforeEach(() => {
    guest.write('etc/apt/sources.list.d/x', '');
    guest.write('etc/apt/apt.conf.d/x', '');
    // as apt before 1.5: it is all the same to apt-get update
    guest.program('apt-get', `echo "$*" >>${guest.at('told')}`);
  });

  it.each([
    ['0.7.20.2', 'deb http://h/debian s main\n', 'APT::Get::AllowUnauthenticated "true";\n'],
    ['0.9.7.9', 'deb [trusted=yes] http://h/debian s main\n', ''],
    ['1.4.11', 'deb [trusted=yes] http://h/debian s main\n', ''],
    ['2.6.1', 'deb http://h/debian s main\n', ''],
  ])('%s is told what need not be signed', (version, entry, settings) => {
    aptOf(version);
    add('apt', { url: line });
    expect(guest.read(list)).toBe(entry);
    expect(guest.read(conf)).toBe(settings);
    add('apt', { url: line, signed: true });
    expect(guest.read(list)).toBe(`${line}\n`);
    expect(guest.read(conf)).toBe('');
  });

  it('takes the suite of a guest that has neither os-release nor lsb_release', () => {
    aptOf('0.7.20.2');
    guest.program('lsb_release', 'exit 127');
    const cd = 'deb cdrom:[Debian GNU/Linux 5.0 _Lenny_]/ lenny main';
    guest.write('etc/apt/sources.list', `# x\n${cd}\ndeb  http://m/debian/ lenny main\n`);
    add('apt', { url: 'http://h/debian', signed: true });
    expect(guest.read(list)).toBe('deb http://h/debian lenny main\n');
  });

  it.each([
    ['1.0.9.8', ['-f install'], true],
    ['1.0.9.8', ['-f install'], false],
    ['1.1.10', ['install -- /opt/a.deb'], true],
  ])('%s installs a file: %j', async (version, words, installed) => {
    aptOf(version);
    guest.program(
      'dpkg',
      `case $1 in
        --compare-versions) exec /usr/bin/dpkg "$@" ;;
        -f) echo a-in-control ;;
        -s) echo "Package: $2"; echo "Status: ${installed ? 'install ok installed' : 'deinstall ok config-files'}" ;;
        *) exit 1 ;;
      esac`,
    );
    const wish = { name: 'a', file: '/opt/a.deb', arguments: '--no-install-recommends' };
    const done = install('apt', wish);
    if (installed) await done;
    else await expect(done).rejects.toMatchObject({ status: 1 });
    const told = guest.read('told').trim().split('\n').slice(1);
    expect(told.map((text) => text.replace(/^.*confold /, ''))).toEqual(
      words.map((text) =>
        text.includes('--')
          ? text.replace('install', 'install --no-install-recommends')
          : `--no-install-recommends ${text}`,
      ),
    );
  });
});

describe('zypper', () => {
  const repo = 'etc/zypp/repos.d/r.repo';
  beforeEach(() => {
    guest.program(
      'zypper',
      `case "$*" in
        *addrepo*)
          [ ! -e ${guest.at(repo)} ] || exit 4
          printf '[r]\nautorefresh=0\nbaseurl=%s\ngpgcheck=1\n' "$4" >${guest.at(repo)} ;;
        *refresh*) exit 4 ;;
        *install*) exit \${CODE:-0} ;;
      esac`,
    );
    guest.write('etc/zypp/repos.d/other.repo', '');
  });

  it('replaces a repository of an earlier run, and says in its file what old releases have no options for', () => {
    for (const _ of [1, 2]) add('zypper', { signed: true });
    expect(guest.read(repo)).toBe('[r]\nbaseurl=https://h/r?ssl_verify=no\nautorefresh=1\n');
    expect(() => add('zypper')).toThrow(expect.objectContaining({ status: 4 }));
    expect(guest.read(repo)).toMatch(/gpgcheck=0\nrepo_gpgcheck=0\npkg_gpgcheck=0\n$/);
  });

  it.each([
    [0, true],
    [102, true],
    [103, true],
    [106, true],
    [104, false],
    [107, false],
    [4, false],
  ])('exit code %d of an install is fine: %s', async (code, fine) => {
    guest.program('zypper', `exit ${code}`);
    const done = install('zypper', { name: 'a' });
    if (fine) await done;
    else await expect(done).rejects.toMatchObject({ status: code });
  });
});

describe('yum', () => {
  it('fails where it would go on without a package', async () => {
    guest.program('yum', 'echo "No package $4 available."; echo Complete!');
    await expect(install('yum', { name: 'a' }, { name: 'b' })).rejects.toMatchObject({
      status: 1,
      stdout: expect.stringContaining('No package b available.'),
    });
    guest.program('yum', 'echo Complete!; exit 3');
    await expect(install('yum', { name: 'a' })).rejects.toMatchObject({ status: 3 });
    guest.program('yum', 'echo "$*"; echo warning >&2');
    expect(await install('yum', { name: 'a b' }, { name: 'c' })).toBe(
      '-y install a b c\nwarning\n',
    );
    expect(guest.run('ls -A /var/tmp')).toBe('');
  });
});

describe('pacman', () => {
  const conf = '[options]\nHoldPkg = pacman\n[core]\nInclude = /x';
  beforeEach(() => guest.write('etc/pacman.conf', conf));

  it('replaces a repository of an earlier run and takes it out again', () => {
    guest.program('pacman', ':');
    for (const _ of [1, 2]) add('pacman', { url: 'http://h/r' });
    expect(guest.read('etc/pacman.conf')).toBe(
      `${conf}\n[r]\nSigLevel = Never\nServer = http://h/r\n`,
    );
    remove('pacman');
    expect(guest.read('etc/pacman.conf')).toBe(`${conf}\n`);
  });

  it('never adds to a system that is not up to date', async () => {
    guest.program('pacman', `echo "$*" | sed 's/ --no[a-z]*//g' >>${guest.at('told')}`);
    await install('pacman', { name: 'a' });
    expect(guest.read('told').split('\n')).toEqual([
      ...['-Sy', '-Qq archlinux-keyring', '-S --needed archlinux-keyring', '-Su'],
      ...['-S --needed -- a', ''],
    ]);
  });
});

describe('apk', () => {
  beforeEach(() => guest.write('etc/apk/repositories', 'http://h/main\n'));

  it('replaces a repository of an earlier run', () => {
    guest.program('apk', ':');
    guest.write('run/x', '');
    for (const url of ['https://h/old', 'https://h/new']) add('apk', { url });
    expect(guest.read('etc/apk/repositories')).toBe('http://h/main\n# r\nhttps://h/new\n');
    remove('apk');
    expect(guest.read('etc/apk/repositories')).toBe('http://h/main\n');
  });

  it('takes a package from no repository whose address only begins alike', () => {
    guest.write('etc/apk/repositories', '# r\nhttp://h/r/\n');
    const policy = ['a policy:', '  2.0:', '    http://h/rest', '  1.0:', '    http://h/r', ''];
    guest.program('apk', `cat <<'END'\n${policy.join('\n')}END`);
    const way = named('apk').takeFrom('r', true);
    expect('pick' in way && guest.run(way.pick.text, ['a'])).toBe('a=1.0\n');
  });
});

describe('urpmi', () => {
  const cfg = 'etc/urpmi/urpmi.cfg';
  const before = '{\n  limit-rate: 9\n}\n\nr2 http://h/r2 {\n  key-ids: 1\n}\n\n';
  beforeEach(() => {
    guest.write(cfg, before);
    guest.program(
      'urpmi.addmedia',
      `while [ $# -gt 2 ]; do shift; done
      ! grep -q "^$1 " ${guest.at(cfg)} || exit 10
      printf '%s %s {\n  key-ids: 2\n}\n\n' "$1" "$2" >>${guest.at(cfg)}`,
    );
    guest.program(
      'urpmi.removemedia',
      `awk -v id="$1" '
        index($0, id " ") == 1 { skip = 4 }
        skip > 0 { skip = /^$/ ? 0 : skip; next }
        { print }' ${guest.at(cfg)} >${guest.at('new')} && cat ${guest.at('new')} >${guest.at(cfg)}`,
    );
  });

  it('says what is not checked, for a medium and for wget, and takes both back', () => {
    for (const _ of [1, 2]) add('urpmi');
    const [global, rest] = ['{\n  wget-options: --no-check-certificate\n', before.slice(2)];
    const medium = 'r https://h/r {\n  verify-rpm: 0\n  downloader: wget\n  key-ids: 2\n}\n\n';
    expect(guest.read(cfg)).toBe(`${global}${rest}${medium}`);
    remove('urpmi');
    expect(guest.read(cfg)).toBe(before);
  });

  it('makes the section that holds for all media where there is none', () => {
    guest.write(cfg, '');
    add('urpmi', { signed: true });
    expect(guest.read(cfg)).toBe(
      '{\n  wget-options: --no-check-certificate\n}\n\nr https://h/r {\n  downloader: wget\n  key-ids: 2\n}\n\n',
    );
  });
});

describe('pkg', () => {
  it('lets the repositories bring what a package file needs, and keeps its kind', async () => {
    const request = { name: 'a', file: 'http://h/a-1.txz' };
    const { main } = await installPackages(named('pkg'), [request], [], async () =>
      Buffer.from(''),
    );
    const last = main.at(-1);
    expect(last?.kind === 'script' && last.script.args?.join(' ')).toMatch(
      /^pkg install -y -- \/var\/tmp\/\S+\/a-1\.txz$/,
    );
  });
});
