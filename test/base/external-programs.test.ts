/** Every program that the code starts is in a package of the command that runs that code. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import table from '../../src/base/debian-packages.json' with { type: 'json' };
import { barePackages, packageGroups, packageOf } from '../../src/base/debian-packages.ts';
import { packageFile } from '../../src/base/package-root.ts';
import { startedPrograms } from './started-programs.ts';

/** The groups of packages that are there when code of a folder runs: the first match counts. */
const commands: readonly [folder: string, groups: readonly string[]][] = [
  ['src/cli/write-man.ts', ['build', 'test']],
  ['src/customize/', ['build', 'offline']],
  ['src/', ['build']],
  ['backends/', ['build']],
  ['osinfo/', ['build']],
  ['bin/', ['build']],
  ['compat/setup/', []],
  ['compat/demo/', ['build', 'rig']],
  ['compat/rigs/openstack/', ['build', 'test', 'rig', 'e2e', 'openstack']],
  ['compat/rigs/', ['build', 'rig']],
  ['compat/customize/', ['build', 'test', 'customize']],
  ['compat/', ['build', 'test', 'rig']],
  ['test/openstack-e2e/', ['build', 'test', 'rig', 'e2e', 'openstack']],
  ['test/e2e/', ['build', 'test', 'rig', 'e2e', 'offline']],
  ['test/', ['build', 'test']],
];

/** What the README asks for: an ordinary user needs sudo for the packages. */
const given = ['git', 'node', 'npm', 'npx', 'sudo'];

/** What a call starts whose program only the running code knows. */
const computed: Readonly<Record<string, readonly string[]>> = {
  'src/image/manifest.ts': ['qemu-img', 'xorriso'],
  'backends/libvirt/daemon-words.ts': ['libvirtd'],
  'backends/libvirt/root-daemon.ts': ['libvirtd', 'virtlogd'],
  'compat/long/main.ts': ['npm', 'npx'],
  'compat/node/run.ts': [], // what its user types
  'compat/real/run.ts': ['oz-install', 'oz-customize', 'oz-generate-icicle', 'node'],
  'compat/setup/setup.js': ['apt-get', 'npm'],
  // what its messages ask for where it is wanted: jing and python3-jsonschema are in no group
  'compat/osinfo/own/checkers.ts': ['cloud-init', 'python3', 'debconf-set-selections'],
  'compat/rigs/openstack/daemons.ts': ['setpriv', 'mariadbd', 'rabbitmq-server'],
  'compat/rigs/openstack/host-network.ts': ['iptables', 'ip'],
  'compat/rigs/openstack/up.ts': ['setpriv', 'nova-manage'],
  'test/base/debian-packages.test.ts': ['cpio', 'debugfs', 'qemu-img'],
  'test/cli/hang-up.test.ts': ['nohup', 'node'],
  'test/customize/cloud-init.test.ts': ['dash', 'bash', 'busybox'],
  'test/customize/forget-cloud.test.ts': ['dash', 'bash'],
  'test/customize/script.test.ts': ['dash', 'bash'],
  'test/customize/sealers.test.ts': [], // a script that it has made
  'test/customize/shell.test.ts': ['sh', 'bash'],
  'test/customize/helpers/sandbox.ts': ['dash', 'bash', 'busybox'],
  'test/media/checksum.test.ts': ['md5sum', 'sha1sum', 'sha256sum'],
  'test/osinfo/answers.test.ts': ['sh', 'bash', 'busybox'],
  'test/osinfo/answers-passwords.test.ts': ['sh', 'bash', 'busybox'],
  'test/e2e/support/run-oz.ts': ['runuser', 'node'],
};

const files = ['src', 'backends', 'osinfo', 'bin', 'compat', 'test'].flatMap((folder) =>
  readdirSync(packageFile(folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.[jt]s$/.test(name))
    .map((name) => `${folder}/${name}`),
);
const started = new Map(
  files.map((file) => [file, startedPrograms(file, readFileSync(packageFile(file), 'utf8'))]),
);

describe('external programs', () => {
  it.each(commands)('of %s are in its packages', (folder, groups) => {
    const packages = new Set([
      ...groups.flatMap((group) => packageGroups[group] ?? []),
      ...Object.keys(barePackages),
    ]);
    const missing: string[] = [];
    for (const [file, { programs }] of started) {
      if (commands.find(([prefix]) => file.startsWith(prefix))?.[0] !== folder) continue;
      for (const program of [...programs, ...(computed[file] ?? [])]) {
        const name = path.basename(program);
        if (given.includes(name)) continue;
        const holder = packageOf(name);
        if (holder === undefined || !packages.has(holder)) missing.push(`${file}: ${program}`);
      }
    }
    expect(missing).toEqual([]);
  });

  it('are written down where only the running code knows them', () => {
    const calls = [...started].filter(([, { computed: found }]) => found.length > 0);
    expect(calls.map(([file]) => file).sort()).toEqual(Object.keys(computed).sort());
  });

  it('are in packages that some command asks for', () => {
    const asked = Object.values(packageGroups).flat();
    const brought = ['qemu-system-common']; // by those that are asked for
    const packages = Object.keys(table.programs).filter((name) => !brought.includes(name));
    expect(packages.filter((name) => !asked.includes(name))).toEqual([]);
  });
});

describe('startedPrograms()', () => {
  const of = (text: string) => startedPrograms('a.ts', text);

  it.each([
    ["spawn('one', [])", ['one']],
    ["await promisify(execFile)('one')", ['one']],
    ["execSync('one --two')", ['one']],
    ["const tool = x ? 'one' : 'two'; runTool(tool, [])", ['one', 'two']],
    ["for (const shell of ['one', 'two']) spawnSync(shell)", ['one', 'two']],
    ["const run = (tool: string) => execFileSync(tool); run('one')", ['one']],
    ["function a(x: string) { b(x); } function b(x: string) { spawn(x); } a('one')", ['one']],
    ["spawn('/usr/sbin/one')", ['/usr/sbin/one']],
  ])('%s', (text, programs) => {
    expect(of(text)).toEqual({ programs, computed: [] });
  });

  it('tells what it can not know', () => {
    expect(of('spawn(given.program)')).toEqual({ programs: [], computed: ['spawn(given.program'] });
    expect(of("/one/.exec('two')").programs).toEqual([]);
  });
});
