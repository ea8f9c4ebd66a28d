import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageGroups, programsOf } from '../../../src/base/debian-packages.ts';
import { missingPackages, programs } from '../../../src/compose/doctor/programs.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ozma-programs-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('programs', () => {
  /** A directory with all programs of these packages. */
  async function withPrograms(packages: readonly string[]): Promise<string> {
    for (const program of packages.flatMap(programsOf))
      await symlink(process.execPath, path.join(dir, program));
    return dir;
  }
  const build = packageGroups.build ?? [];

  const missing = async () => [];

  it('is content when all of the table are there', async () => {
    const search = await withPrograms(build);
    expect(await programs('libvirt', { search, missing })).toMatchObject({ state: 'ok' });
  });

  it.each(['mtools', 'openssh-client', 'qemu-utils', 'xorriso'])(
    'names %s, when its programs alone are missing, in one command',
    async (name) => {
      const search = await withPrograms(build.filter((each) => each !== name));
      const { state, text, fix } = await programs('libvirt', { search, missing });
      expect(state).toBe('problem');
      for (const program of programsOf(name)) expect(text).toContain(program);
      expect(fix).toMatch(new RegExp(`^(sudo )?apt-get install ${name}$`));
    },
  );

  it('names what else of the packages is missing in the same command', async () => {
    const { fix } = await programs('libvirt', { search: dir, missing: missingPackages });
    const wanted = fix?.replace(/^(sudo )?apt-get install /, '').split(' ') ?? [];
    // those without programs are asked for at dpkg, where there is one
    const without = build.filter((name) => programsOf(name).length === 0);
    const absent = (await missingPackages(without)) ?? [];
    expect(wanted).toEqual(expect.arrayContaining(['mtools', 'qemu-utils', 'xorriso', ...absent]));
    expect(wanted).toEqual([...wanted].sort());
    const told = await programs('libvirt', { search: dir, missing: async () => ['osinfo-db'] });
    expect(told.fix).toContain(' osinfo-db ');
  });

  it('leaves daemon and emulator to the connection to libvirt, which may be elsewhere', async () => {
    const search = await withPrograms(
      build.filter((name) => !/^(?:libvirt|qemu-system)/.test(name)),
    );
    expect(await programs('libvirt', { search, missing })).toMatchObject({ state: 'ok' });
  });

  it('wants no QEMU for a build in a cloud', async () => {
    const search = await withPrograms(['mtools', 'openssh-client', 'xorriso']);
    expect(await programs('openstack', { search, missing })).toMatchObject({ state: 'ok' });
    expect(await programs('libvirt', { search, missing })).toMatchObject({ state: 'problem' });
  });
});

describe('missingPackages', () => {
  it('asks dpkg', async () => {
    const found = await missingPackages(['dpkg', 'no-such-package-as-this']);
    // a system without dpkg has nobody to ask
    expect([undefined, ['no-such-package-as-this']]).toContainEqual(found);
  });
});
