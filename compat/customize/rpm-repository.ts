/** A repository of rpm packages made on the spot by a box's own rpmbuild and createrepo_c, on loopback. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Box } from './box.ts';
import { serveDirectory, type TestRepository } from './repository.ts';

function spec(name: string, version: string, requires: string | undefined): string {
  return [
    `Name: ${name}`,
    `Version: ${version}`,
    'Release: 1',
    'Summary: test',
    'License: none',
    'BuildArch: noarch',
    ...(requires ? [`Requires: ${requires}`] : []),
    '%description',
    'test',
    '%install',
    `mkdir -p %{buildroot}/usr/share/${name}`,
    `echo ${version} >%{buildroot}/usr/share/${name}/version`,
    '%files',
    `/usr/share/${name}`,
    '',
  ].join('\n');
}

/** Built in the box, served from outside it. */
export async function serveRpms(
  box: Box,
  inside: (...words: string[]) => Promise<unknown>,
  packages: [name: string, version: string, requires?: string][],
): Promise<TestRepository> {
  const dir = `/srv/rpms-${packages[0]?.[0] ?? ''}`;
  mkdirSync(box.file(dir), { recursive: true });
  for (const [name, version, requires] of packages) {
    writeFileSync(box.file(`${dir}/${name}.spec`), spec(name, version, requires));
    await inside('rpmbuild', '--quiet', '-bb', '--define', `_rpmdir ${dir}`, `${dir}/${name}.spec`);
    rmSync(box.file(`${dir}/${name}.spec`));
  }
  await inside('createrepo_c', '--quiet', dir);
  return serveDirectory(box.file(dir));
}
