/** The osinfo-db of a Debian suite, by this machine's own apt, unpacked beside the installed one. */
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { codeOf, OzError } from '../../src/base/errors.ts';
import { runTool } from '../../src/base/run-tool.ts';
import { aptMirror } from '../rigs/lib/apt-sources.ts';

export interface Database {
  suite: string;
  /** Of the package, such as `0.20250606-1`. */
  version: string;
  /** What OSINFO_SYSTEM_DIR is to be. */
  dir: string;
}

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Where databases are kept, by version. */
export const databaseCache = (env: NodeJS.ProcessEnv = process.env): string =>
  path.join(env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'ozma-osinfo-db');

/** apt with one suite and folders of its own: nothing of the machine's changes, and no root is needed. */
async function privateApt(folder: string, suite: string): Promise<readonly string[]> {
  for (const name of ['lists/partial', 'cache/archives/partial']) {
    await mkdir(path.join(folder, name), { recursive: true });
  }
  const sources = path.join(folder, 'sources.list');
  await writeFile(sources, `deb [signed-by=${keyring}] ${aptMirror()} ${suite} main\n`);
  await writeFile(path.join(folder, 'status'), '');
  const settings = {
    'Dir::Etc::sourcelist': sources,
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': path.join(folder, 'lists'),
    'Dir::State::status': path.join(folder, 'status'),
    'Dir::Cache': path.join(folder, 'cache'),
    'Acquire::Languages': 'none',
    // the folder may be in a home that apt's own user cannot enter
    'APT::Sandbox::User': '',
  };
  return ['-q', ...Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`])];
}

const isThere = (name: string): Promise<boolean> =>
  stat(name).then(
    () => true,
    () => false,
  );

/** Throws OZ_TOOL_FAILED with apt's words, and OZ_DATABASES_NONE. */
export async function fetchDatabase(suite: string, signal: AbortSignal): Promise<Database> {
  const cache = databaseCache();
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(path.join(cache, 'part-'));
  try {
    const apt = await privateApt(folder, suite);
    await runTool('apt-get', [...apt, 'update'], { signal });
    await runTool('apt-get', [...apt, 'download', 'osinfo-db'], { signal, cwd: folder });
    const deb = (await readdir(folder)).find((name) => name.endsWith('.deb'));
    const version = deb?.split('_')[1];
    if (!deb || !version) {
      throw new OzError(
        'OZ_DATABASES_NONE',
        `Cannot get osinfo-db of ${suite}: apt left no package`,
      );
    }
    const target = path.join(cache, version);
    if (!(await isThere(target))) {
      const unpacked = path.join(folder, 'unpacked');
      await runTool('dpkg-deb', ['-x', path.join(folder, deb), unpacked], { signal });
      await rename(unpacked, target).catch((error: unknown) => {
        // somebody else was quicker: theirs is as good
        if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '')) throw error;
      });
    }
    return { suite, version, dir: path.join(target, 'usr/share/osinfo') };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
