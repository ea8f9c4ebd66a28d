/** dnf, yum, zypper and pacman for real, over SSH, against repositories made on the spot. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { customise } from '../../src/customize/customise.ts';
import { loadOrCreateKey } from '../../src/customize/keys.ts';
import type { Session } from '../../src/customize/session.ts';
import { commandLine } from '../../src/customize/shell.ts';
import type { CustomiseStep, PackageRequest } from '../../src/customize/types.ts';
import { waitForSsh } from '../../src/customize/wait-ssh.ts';
import { listPackages } from '../../src/icicle/list-packages.ts';
import { fetchContent } from '../../src/media/content.ts';
import { type Box, bootBox, makeBox, type RunningBox, removeBox } from './box.ts';
import { serveDirectory, type TestRepository } from './repository.ts';
import { serveRpms } from './rpm-repository.ts';

let box: Box;
let running: RunningBox;
let session: Session;
const open: TestRepository[] = [];
const keys = mkdtempSync(path.join(tmpdir(), 'ozma-families-'));

const inside = (...words: string[]) => session.run(commandLine(words));

async function served(repository: Promise<TestRepository>): Promise<TestRepository> {
  const made = await repository;
  open.push(made);
  return made;
}

beforeAll(async () => {
  const key = await loadOrCreateKey(path.join(keys, 'key'));
  box = await makeBox(key.publicKey, 'families');
  execFileSync('ln', ['-sf', 'dnf-3', box.file('usr/bin/yum')]); // as Fedora has it
  mkdirSync(box.file('etc/yum.repos.d'), { recursive: true });
  running = bootBox(box);
  session = await waitForSsh(
    async () => ({ host: '127.0.0.1', port: box.port }),
    { username: 'root', privateKey: key.privateKey },
    { timeoutMs: 300_000, isAlive: async () => running.alive() },
  );
});

afterAll(async () => {
  await session?.close();
  await running?.kill();
  await Promise.all(open.map((repository) => repository.stop()));
  rmSync(keys, { recursive: true, force: true });
  if (box) removeBox(box);
});

const lax = { signed: false, sslverify: true, persisted: false };
const repository = (
  name: string,
  url: string,
  change: Partial<{ signed: boolean; sslverify: boolean; persisted: boolean }> = {},
): CustomiseStep => ({ kind: 'repository', name, url, ...lax, ...change });
const packages = (...list: PackageRequest[]): CustomiseStep => ({
  kind: 'packages',
  packages: list,
});

async function run(packageManager: string, steps: CustomiseStep[]): Promise<string[]> {
  const output: string[] = [];
  await customise(
    session,
    { packageManager, steps },
    {
      fetchContent: (url) => fetchContent(url),
      emitOutput: (source, line) => output.push(`${source}: ${line}`),
      mask: (text) => text,
    },
  );
  return output;
}

const version = (name: string) =>
  existsSync(box.file(`usr/share/${name}/version`))
    ? box.read(`usr/share/${name}/version`).trim()
    : null;

const listOf = (dir: string) =>
  existsSync(box.file(dir)) ? readdirSync(box.file(dir)).sort() : [];

describe.each([
  ['dnf', 'etc/yum.repos.d'],
  ['yum', 'etc/yum.repos.d'],
  ['zypper', 'etc/zypp/repos.d'],
])('%s', (manager, repos) => {
  let one: TestRepository;
  let two: TestRepository;
  beforeAll(async () => {
    one = await served(
      serveRpms(box, inside, [
        [`${manager}-a`, '1.0', `${manager}-b`],
        [`${manager}-b`, '1.0'],
      ]),
    );
    // A database without a single package is no system to zypper.
    await served(serveRpms(box, inside, [[`${manager}-kept`, '1']]));
    await inside('rpm', '-i', `/srv/rpms-${manager}-kept/noarch/${manager}-kept-1-1.noarch.rpm`);
    two = await served(
      serveRpms(box, inside, [
        [`${manager}-b2`, '1'],
        [`${manager}-b`, '0.5'],
        [`${manager}-file`, '3'],
      ]),
    );
  });
  afterEach(async () => {
    const names = ['a', 'b', 'b2', 'file'].map((name) => `${manager}-${name}`);
    const there = names.filter((name) => version(name) !== null);
    if (there.length > 0) await inside('rpm', '-e', '--nodeps', ...there);
    for (const name of listOf(repos)) rmSync(box.file(`${repos}/${name}`));
  });

  it('installs with dependencies, from a chosen repository, and a file; keeps what is to stay', async () => {
    const output = await run(manager, [
      repository('stays here', one.url, { persisted: true }),
      repository("it's; gone", two.url),
      packages({ name: `${manager}-b`, repository: "it's; gone" }),
    ]);
    expect(version(`${manager}-b`)).toBe('0.5');
    expect(output.join('\n')).toContain(`${manager}-b`);
    expect(listOf(repos)).toEqual(['stays_here.repo']);
    await run(manager, [
      packages(
        { name: `${manager}-a` },
        { name: `${manager}-file`, file: `${two.url}/noarch/${manager}-file-3-1.noarch.rpm` },
      ),
    ]);
    expect(version(`${manager}-a`)).toBe('1.0');
    expect(version(`${manager}-file`)).toBe('3');
    const listed = (await listPackages(session, 'rpm')).map(({ name }) => name);
    expect(listed).toEqual(
      expect.arrayContaining([`${manager}-a-1.0-1.noarch`, `${manager}-file-3-1.noarch`]),
    );
    expect(listOf('var/tmp').filter((name) => !name.startsWith('systemd'))).toEqual([]);
  });

  it('takes nothing unsigned from a repository that is to be signed', async () => {
    await expect(
      run(manager, [
        repository('signed', one.url, { signed: true }),
        packages({ name: `${manager}-b` }),
      ]),
    ).rejects.toThrow(/\bsign|GPG|signature/i);
    expect(version(`${manager}-b`)).toBeNull();
  });

  it('looks at certificates unless told not to', async () => {
    const tls = await served(serveDirectory(box.file(`srv/rpms-${manager}-a`), { tls: true }));
    await expect(
      run(manager, [repository('tls', tls.url), packages({ name: `${manager}-b` })]),
    ).rejects.toThrow(/certificate|SSL|curl/i);
    expect(version(`${manager}-b`)).toBeNull();
    for (const name of listOf(repos)) rmSync(box.file(`${repos}/${name}`));
    await run(manager, [
      repository('tls', tls.url, { sslverify: false }),
      packages({ name: `${manager}-b` }),
    ]);
    expect(version(`${manager}-b`)).toBe('1.0');
    expect(listOf(repos)).toEqual([]);
  });

  it('fails for a package that is not there', async () => {
    const failed = run(manager, [repository('r', one.url), packages({ name: 'no-such; reboot' })]);
    await expect(failed).rejects.toThrow('packages no-such; reboot ended with exit code');
  });
});

describe('pacman', () => {
  /** A package and a database by pacman's own tools. */
  async function serve(database: string, list: [name: string, version: string][]) {
    const dir = `/srv/pacman-${database}`;
    mkdirSync(box.file(dir), { recursive: true });
    for (const [name, release] of list) {
      const tree = box.file(`${dir}/tree`);
      mkdirSync(path.join(tree, 'usr/share', name), { recursive: true });
      writeFileSync(path.join(tree, 'usr/share', name, 'version'), `${release}\n`);
      writeFileSync(
        path.join(tree, '.PKGINFO'),
        `pkgname = ${name}\npkgver = ${release}-1\npkgdesc = test\narch = any\nsize = 10\nbuilddate = 1\n`,
      );
      const file = `${dir}/${name}-${release}-1-any.pkg.tar.zst`;
      await inside('sh', '-c', `cd ${dir}/tree && bsdtar --zstd -cf ${file} .PKGINFO usr`);
      rmSync(tree, { recursive: true });
      await inside('repo-add', '-q', `${dir}/${database}.db.tar.gz`, file);
    }
    return served(serveDirectory(box.file(dir)));
  }

  it('installs from repositories, prefers the one that is named, and a file', async () => {
    const before = box.read('etc/pacman.conf');
    const one = await serve('first', [['pac-a', '2.0']]);
    const two = await serve('second', [
      ['pac-a', '1.0'],
      ['pac-file', '3'],
      ['pac-b', '1'],
    ]);
    await run('pacman', [
      repository('first', one.url, { persisted: true }),
      repository('second', two.url),
      packages(
        { name: 'pac-b' },
        { name: 'pac-a', repository: 'second' },
        { name: 'pac-file', file: `${two.url}/pac-file-3-1-any.pkg.tar.zst` },
      ),
    ]);
    expect([version('pac-a'), version('pac-b'), version('pac-file')]).toEqual(['1.0', '1', '3']);
    expect(box.read('etc/pacman.conf')).toBe(
      `${before}[first]\nSigLevel = Never\nServer = ${one.url}\n`,
    );
    const listed = (await listPackages(session, 'pacman')).map(({ name }) => name);
    expect(listed).toEqual(expect.arrayContaining(['pac-a-1.0-1', 'pac-file-3-1']));
  });

  it('takes nothing unsigned from a repository that is to be signed', async () => {
    const three = await serve('third', [['pac-c', '1']]);
    await expect(
      run('pacman', [
        repository('third', three.url, { signed: true }),
        packages({ name: 'pac-c' }),
      ]),
    ).rejects.toMatchObject({ code: 'OZ_CUSTOMISE_FAILED' });
    expect(version('pac-c')).toBeNull();
  });
});
