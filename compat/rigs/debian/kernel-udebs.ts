/**
 * The kernel's udebs: the modules of the ordinary kernel package, shared out by
 * the kernel source's own lists and Debian's kernel-wedge.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { OzError } from '../../../src/base/errors.ts';
import { runTool } from '../../../src/base/run-tool.ts';
import type { Archive } from '../lib/archive.ts';
import { field } from '../lib/control.ts';
import { copyFileTo, mapLimited } from '../lib/files.ts';
import type { Build, InstallerTree } from './build.ts';
import { isMissing, makeUdeb } from './udeb.ts';

const byNumber = new Intl.Collator('en', { numeric: true }).compare;

export interface KernelModules {
  /** Directory of the whole kernel's modules. */
  directory: string;
  /** For each kernel udeb (without the version) its modules, relative to `directory`. */
  contents: ReadonlyMap<string, readonly string[]>;
}

interface Wedge {
  top: string;
  directory: string;
  /** Module → the modules it needs, as depmod has found them. */
  dependencies: Map<string, string[]>;
}

/**
 * Debian's part of the kernel's source: of the version wanted or, where the mirror does not have
 * that one yet, of the newest before it; the lists of modules hardly change within a release.
 */
async function fetchKernelSource(archive: Archive, wanted: string): Promise<string> {
  const sources = (await archive.index('main/source/Sources.xz'))
    .split('\n\n')
    .filter((stanza) => field(stanza, 'Package') === 'linux')
    .map((stanza) => ({ stanza, version: field(stanza, 'Version') }))
    .filter(({ version }) => byNumber(version, wanted) <= 0)
    .sort((a, b) => byNumber(b.version, a.version));
  for (const { stanza } of sources) {
    const [, digest, name] = /^ ([0-9a-f]{64}) \d+ (\S+\.debian\.tar\.\w+)$/m.exec(stanza) ?? [];
    const file = `${field(stanza, 'Directory')}/${name}`;
    if (digest && (await archive.exists(file))) return archive.fetch(file, digest);
  }
  throw new OzError('OZ_RIG_SOURCE', `Cannot find the source of linux ${wanted}`);
}

/** Unpacks the kernel, kernel-wedge and the kernel source's lists. */
async function unpackKernel(build: Build, version: string): Promise<Wedge> {
  const { archive, scratch, signal } = build;
  const image = `linux-image-${version}`;
  const root = path.join(scratch, 'linux');
  const top = path.join(scratch, 'wedge');
  await archive.unpack(image, root);
  await archive.unpack('kernel-wedge', top);
  const wanted = field(archive.packages.get(image) ?? '', 'Version');
  const tar = await fetchKernelSource(archive, wanted);
  await runTool('tar', ['-C', top, '-xf', tar, 'debian/installer'], { signal });

  const base = existsSync(path.join(root, 'usr/lib/modules')) ? path.join(root, 'usr') : root;
  const directory = path.join(base, 'lib/modules', version);
  await runTool('depmod', ['-b', base, version], { signal });
  const listed = await readFile(path.join(directory, 'modules.dep'), 'utf8');
  const dependencies = new Map(
    listed
      .trim()
      .split('\n')
      .map((entry): [string, string[]] => {
        const [module = '', needs = ''] = entry.split(':');
        return [module, needs.split(' ').filter(Boolean)];
      }),
  );
  return { top, directory, dependencies };
}

/** The modules that the kernel source's list of a udeb names. */
async function listedModules(wedge: Wedge, name: string, signal?: AbortSignal) {
  const { stdout } = await runTool(
    'perl',
    [
      ...['-I', path.join(wedge.top, 'usr/share/perl5')],
      path.join(wedge.top, 'usr/share/kernel-wedge/commands/preprocess'),
      path.join(wedge.top, 'debian/installer/modules/amd64', name),
      wedge.directory,
    ],
    {
      env: { KW_DEFCONFIG_DIR: path.join(wedge.top, 'debian/installer'), KW_CHECK_NONFATAL: '1' },
      signal,
    },
  );
  const modules = stdout.toString('utf8').split(/\s+/).filter(Boolean);
  return modules.flatMap((module) => [module, ...(wedge.dependencies.get(module) ?? [])]);
}

/** Gives each udeb its modules less those of the udebs that it depends on. */
function shareOut(
  listed: ReadonlyMap<string, string[]>,
  needs: (name: string) => string[],
): Map<string, string[]> {
  const contents = new Map<string, string[]>();
  const complete = new Map<string, Set<string>>();
  function fill(name: string): Set<string> {
    const known = complete.get(name);
    if (known) return known;
    const have = new Set(needs(name).flatMap((needed) => [...fill(needed)]));
    const own = [...new Set(listed.get(name) ?? [])].filter((module) => !have.has(module));
    contents.set(name, own);
    const all = new Set([...have, ...own]);
    complete.set(name, all);
    return all;
  }
  for (const name of listed.keys()) fill(name);
  return contents;
}

/**
 * Gives an index older than the installer's kernel that kernel's udebs: named and described as
 * those of the newest kernel that it has.
 */
export function describeKernel(udebs: Map<string, string>, kernelVersion: string): void {
  if (udebs.has(`kernel-image-${kernelVersion}-di`)) return;
  const newest = [...udebs.keys()]
    .flatMap((name) => /^kernel-image-(.+)-di$/.exec(name)?.[1] ?? [])
    .sort(byNumber)
    .at(-1);
  if (!newest) {
    throw new OzError('OZ_RIG_KERNEL', 'Cannot find any kernel in the index of udebs', {
      hint: "the mirror's index is not that of this release",
    });
  }
  for (const [name, stanza] of [...udebs]) {
    if (!name.endsWith(`-${newest}-di`)) continue;
    const renamed = (text: string) => text.replaceAll(newest, kernelVersion);
    udebs.set(renamed(name), renamed(stanza));
  }
}

/** Makes the kernel udebs that are missing. */
export async function makeKernelUdebs(build: Build, tree: InstallerTree): Promise<KernelModules> {
  const { kernelVersion } = tree;
  describeKernel(build.udebs, kernelVersion);
  const wedge = await unpackKernel(build, kernelVersion);
  const suffix = `-${kernelVersion}-di`;
  const names = [...build.udebs.keys()].filter((name) => name.endsWith(suffix)).sort();
  const short = (name: string) => name.slice(0, -suffix.length);
  const workers = availableParallelism();

  const lists = await mapLimited(names, workers, (name) =>
    listedModules(wedge, short(name), build.signal),
  );
  const contents = shareOut(
    new Map(names.map((name, i) => [short(name), lists[i] ?? []])),
    (name) =>
      (field(build.udebs.get(name + suffix) ?? '', 'Depends').match(/[^\s,|]+/g) ?? [])
        .filter((needed) => needed.endsWith(suffix))
        .map(short),
  );

  const absent = await mapLimited(names, 8, (name) => isMissing(build, tree, name));
  const missing = names.filter((_, i) => absent[i]);
  await mapLimited(missing, workers, async (name) => {
    const top = path.join(build.scratch, 'udeb', name);
    for (const module of contents.get(short(name)) ?? []) {
      const at = path.join(top, 'usr/lib/modules', kernelVersion, module);
      await copyFileTo(path.join(wedge.directory, module), at);
    }
    await makeUdeb(build, name, top, `#!/bin/sh -e\ndepmod ${kernelVersion}\n`);
  });
  build.say(`${missing.length} kernel udebs made`);
  return { directory: wedge.directory, contents };
}
