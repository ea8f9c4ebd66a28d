/** Every command on a machine without osinfo-db says so in one line, and names the package. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { main as oz } from '../../src/cli/oz.ts';
import { main as install } from '../../src/cli/oz-install.ts';
import { fakeIo } from './fake-io.ts';

let dir: string;
let env: Record<string, string>;

/** Of a system that our own data have, and of one that only the distribution's database has. */
const template = (distro: string, version: string) => `<template>
  <name>x</name>
  <os>
    <name>${distro}</name><version>${version}</version><arch>x86_64</arch>
    <install type='url'><url>http://mirror.example/tree/</url></install>
    <rootpw>a-secret-word</rootpw>
  </os>
</template>`;

beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'ozma-no-db-'));
  env = {
    HOME: dir,
    OSINFO_SYSTEM_DIR: path.join(dir, 'nowhere'),
    OSINFO_LOCAL_DIR: path.join(dir, 'local'),
  };
  writeFileSync(path.join(dir, 'ubuntu.tdl'), template('Ubuntu', '22.04'));
  writeFileSync(path.join(dir, 'debian.tdl'), template('Debian', '13'));
  const paths = ['output_dir', 'data_dir', 'screenshot_dir'];
  writeFileSync(
    path.join(dir, 'oz.cfg'),
    `[paths]\n${paths.map((name) => `${name} = ${dir}/${name}\n`).join('')}`,
  );
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it.each([
  ['oz plan', oz, ['plan', '-c', 'oz.cfg', 'ubuntu.tdl']],
  ['oz plan, of a system in our own data', oz, ['plan', '-c', 'oz.cfg', 'debian.tdl']],
  ['oz check', oz, ['check', '-c', 'oz.cfg', 'ubuntu.tdl']],
  ['oz os list', oz, ['os', 'list']],
  ['oz os show', oz, ['os', 'show', 'ubuntu22.04']],
  ['oz os script', oz, ['os', 'script', 'ubuntu22.04']],
  ['oz-install', install, ['-c', 'oz.cfg', 'ubuntu.tdl']],
] as const)('%s', async (_, main, argv) => {
  const io = fakeIo({ cwd: dir, env });
  expect(await main([...argv], io)).toBe(1);
  expect(io.out()).toBe('');
  const lines = io.err().trim().split('\n');
  expect(lines).toEqual([
    `Error: Cannot read the osinfo database: there is no ${env.OSINFO_SYSTEM_DIR}`,
    expect.stringMatching(/^ *(?:Hint: )?install it \(Debian: apt-get install osinfo-db\)/i),
  ]);
});

it('takes a database that the user has imported', async () => {
  const io = fakeIo({ cwd: dir, env: { ...env, OSINFO_LOCAL_DIR: '/usr/share/osinfo' } });
  expect([await oz(['os', 'show', 'ubuntu22.04'], io), io.err()]).toEqual([0, '']);
});
