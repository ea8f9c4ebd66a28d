/** Adds and removes repositories, installs packages. */
import path from 'node:path';
import { type Action, type PackageManager, repositoryId } from './package-managers/manager.ts';
import { splitWords } from './shell.ts';
import type { PackageRequest, Repository } from './types.ts';
import { bytesOf, passingName, perform, type Workspace } from './workspace.ts';

async function act(
  space: Workspace,
  manager: PackageManager,
  title: string,
  actions: Action[],
): Promise<void> {
  for (const action of actions) {
    if ('script' in action) {
      await perform(space, { title, script: action.script, environment: manager.environment });
    } else {
      const content = Buffer.from(action.content);
      await space.session.upload(action.path, content, { mode: 0o644, signal: space.signal });
      space.emitOutput(title, `wrote ${action.path}`);
    }
  }
}

export function addRepository(
  space: Workspace,
  manager: PackageManager,
  repository: Repository,
): Promise<void> {
  const actions = manager.addRepository(repository, repositoryId(repository.name));
  return act(space, manager, `repository ${repository.name}`, actions);
}

export function removeRepository(
  space: Workspace,
  manager: PackageManager,
  repository: Repository,
): Promise<void> {
  const actions = manager.removeRepository(repository, repositoryId(repository.name));
  return act(space, manager, `remove repository ${repository.name}`, actions);
}

/** One run of the package manager. */
interface Batch {
  words: string[];
  names: string[];
}

/** Packages that ask for nothing special are installed together, as Oz does. */
function isPlain({ repository, file, arguments: words }: PackageRequest): boolean {
  return !repository && !file && !words?.trim();
}

/** Where a package file is fetched from: a URL, read on the machine that runs the build. */
const remoteFile = /^[a-z][a-z0-9+.-]*:\/\//i;

/** The URL of a package file that is named relative to its repository. */
function fileUrl(file: string, repository: Repository | undefined): string | undefined {
  if (remoteFile.test(file)) return file;
  if (!repository || file.startsWith('/')) return undefined;
  const base = /[a-z][a-z0-9+.-]*:\/\/\S+/i.exec(repository.url)?.[0].replace(/['"]+$/, '');
  return base && `${base.replace(/\/*$/, '/')}${file}`;
}

/** The word that stands for a package file in the guest; uploads it where that is needed. */
async function stageFile(
  space: Workspace,
  manager: PackageManager,
  file: string,
  repository: Repository | undefined,
): Promise<{ word: string; directory?: string }> {
  const url = fileUrl(file, repository);
  if (!url) return { word: path.posix.resolve('/', file) };
  const content = await bytesOf(space, { url });
  const directory = passingName();
  const name = path.posix.basename(url.replace(/[?#].*/, '')).replace(/[^\w.+~-]/g, '_');
  const ending = name.endsWith(manager.fileExtension) ? '' : manager.fileExtension;
  const word = `${directory}/${name}${ending}`;
  await space.session.run(`mkdir -m 755 ${directory}`, { signal: space.signal });
  await space.session.upload(word, content, { mode: 0o644, signal: space.signal });
  return { word, directory };
}

async function install(
  space: Workspace,
  manager: PackageManager,
  title: string,
  batch: Batch,
): Promise<void> {
  const args = [...manager.install, ...batch.words, ...manager.endOfOptions, ...batch.names];
  const { environment } = manager;
  await perform(space, { title, script: { text: '"$@"', args }, environment });
}

async function installSpecial(
  space: Workspace,
  manager: PackageManager,
  request: PackageRequest,
  repositories: readonly Repository[],
): Promise<void> {
  const title = `package ${request.name}`;
  const batch: Batch = { words: splitWords(request.arguments ?? ''), names: [request.name] };
  const ours = repositories.find(({ name }) => name === request.repository);
  if (request.file) {
    const { word, directory } = await stageFile(space, manager, request.file, ours);
    try {
      await install(space, manager, title, { ...batch, names: [word] });
    } finally {
      if (directory) {
        await space.session.run(`rm -rf ${directory}`, { okCodes: 'any' }).catch(() => {});
      }
    }
    return;
  }
  if (request.repository) {
    const id = ours ? repositoryId(ours.name) : request.repository;
    const way = manager.takeFrom(id, ours !== undefined);
    if ('words' in way) batch.words.push(...way.words);
    else {
      const script = { ...way.pick, args: [request.name] };
      const { environment } = manager;
      const picked = await perform(space, { title, script, environment });
      batch.names = [picked.stdout.trim()];
    }
  }
  await install(space, manager, title, batch);
}

/** Installs in the order given. Throws OZ_CUSTOMISE_FAILED with the package manager's output. */
export async function installPackages(
  space: Workspace,
  manager: PackageManager,
  packages: readonly PackageRequest[],
  repositories: readonly Repository[],
): Promise<void> {
  if (packages.length === 0) return;
  const { environment, refresh } = manager;
  if (refresh) await perform(space, { title: 'package lists', script: refresh, environment });
  let plain: string[] = [];
  const flush = async () => {
    const names = plain;
    plain = [];
    if (names.length === 0) return;
    await install(space, manager, `packages ${names.join(' ')}`, { words: [], names });
  };
  for (const request of packages) {
    if (isPlain(request)) plain.push(request.name);
    else {
      await flush();
      await installSpecial(space, manager, request, repositories);
    }
  }
  await flush();
}
