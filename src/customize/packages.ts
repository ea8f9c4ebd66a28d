/** Adds and removes repositories, installs packages. */
import path from 'node:path';
import { OzError } from '../base/errors.ts';
import { withoutTrailing } from '../base/text-ends.ts';
import { bytesOf, type FetchContent, type Operation, type Operations } from './operations.ts';
import { type Action, type PackageManager, repositoryId } from './package-managers/manager.ts';
import { passingName } from './passing-name.ts';
import type { Script } from './script.ts';
import { splitWords } from './shell.ts';
import type { PackageRequest, Repository } from './types.ts';

/** Actions of a package manager as operations. */
function acting(manager: PackageManager, title: string, actions: Action[]): Operations {
  const { environment } = manager;
  return {
    main: actions.map((action) =>
      'script' in action
        ? { kind: 'script', title, script: action.script, environment }
        : {
            kind: 'write',
            title,
            path: action.path,
            content: Buffer.from(action.content),
            mode: 0o644,
          },
    ),
  };
}

export function addRepository(manager: PackageManager, repository: Repository): Operations {
  const actions = manager.addRepository(repository, repositoryId(repository.name));
  return acting(manager, `repository ${repository.name}`, actions);
}

export function removeRepository(manager: PackageManager, repository: Repository): Operations {
  const actions = manager.removeRepository(repository, repositoryId(repository.name));
  return acting(manager, `remove repository ${repository.name}`, actions);
}

/** No package's name begins like an option; this keeps a template from giving any by a name. */
function checkName({ name }: PackageRequest): void {
  if (!name.startsWith('-')) return;
  throw new OzError('OZ_PACKAGE_NAME', `Cannot install ${name}: this is no package's name`, {
    hint: 'options belong into the <arguments> of the package',
  });
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
  const [base] = /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:\/\/\S+/i.exec(repository.url) ?? [];
  return base && `${withoutTrailing(withoutTrailing(base, '\'"'), '/')}/${file}`;
}

/** The name that a package file gets in the guest. */
function fileName(manager: PackageManager, url: string): string {
  const name = path.posix.basename(url.replace(/[?#].*/, '')).replace(/[^\w.+~-]/g, '_');
  const endings = manager.fileExtensions;
  return endings.some((ending) => name.endsWith(ending)) ? name : `${name}${endings[0] ?? ''}`;
}

function install(manager: PackageManager, title: string, batch: Batch): Operation {
  const args = [...manager.install, ...batch.words, ...manager.endOfOptions, ...batch.names];
  const { environment, fineCodes = [] } = manager;
  const text =
    fineCodes.length === 0
      ? '"$@"'
      : `"$@" && return 0\ncode=$?\ncase $code in\n${fineCodes.join(' | ')}) return 0 ;;\nesac\nreturn $code`;
  return { kind: 'script', title, script: { text, args }, environment };
}

async function installFile(
  manager: PackageManager,
  title: string,
  batch: Batch,
  file: string,
  repository: Repository | undefined,
  fetchContent: FetchContent,
): Promise<Operations> {
  const installing = manager.installFile ? { ...manager, install: manager.installFile } : manager;
  const url = fileUrl(file, repository);
  if (!url) {
    return {
      main: [install(installing, title, { ...batch, names: [path.posix.resolve('/', file)] })],
    };
  }
  const directory = passingName();
  const word = `${directory}/${fileName(manager, url)}`;
  const content = await bytesOf({ url }, fetchContent);
  return {
    main: [
      { kind: 'command', title, command: `mkdir -m 755 ${directory}` },
      { kind: 'write', title, path: word, content, mode: 0o644, passing: true },
      install(installing, title, { ...batch, names: [word] }),
    ],
    after: [{ kind: 'command', title, command: `rm -rf ${directory}` }],
  };
}

/** Asks the guest what to install by a script, and installs that. */
function installPicked(
  manager: PackageManager,
  title: string,
  batch: Batch,
  { pick, afterwards }: { pick: Script; afterwards?: string | undefined },
  name: string,
): Operation {
  const text = `pick() {\n${pick.text}\n}\npicked=$(pick "$1") || return $?\necho "$picked"\nshift\n"$@" "$picked"${afterwards ? ` || return $?\n${afterwards}` : ''}`;
  const args = [name, ...manager.install, ...batch.words, ...manager.endOfOptions];
  return { kind: 'script', title, script: { text, args }, environment: manager.environment };
}

async function installSpecial(
  manager: PackageManager,
  request: PackageRequest,
  repositories: readonly Repository[],
  fetchContent: FetchContent,
): Promise<Operations> {
  const title = `package ${request.name}`;
  const words = splitWords(request.arguments ?? '');
  const batch: Batch = { words, names: [request.name] };
  const ours = repositories.find(({ name }) => name === request.repository);
  if (request.file) {
    return installFile(manager, title, batch, request.file, ours, fetchContent);
  }
  if (!request.repository) return { main: [install(manager, title, batch)] };
  const id = ours ? repositoryId(ours.name) : request.repository;
  const way = manager.takeFrom(id, ours !== undefined);
  if ('pick' in way) {
    return { main: [installPicked(manager, title, batch, way, request.name)] };
  }
  batch.words.push(...way.words);
  if (way.prefix) batch.names = [`${way.prefix}${request.name}`];
  return { main: [install(manager, title, batch)] };
}

/** Installs in the order given. */
export async function installPackages(
  manager: PackageManager,
  packages: readonly PackageRequest[],
  repositories: readonly Repository[],
  fetchContent: FetchContent,
): Promise<Operations> {
  const main: Operation[] = [];
  const after: Operation[] = [];
  if (packages.length === 0) return { main };
  const { environment, refresh } = manager;
  if (refresh) main.push({ kind: 'script', title: 'package lists', script: refresh, environment });
  let plain: string[] = [];
  const flush = () => {
    const names = plain;
    plain = [];
    if (names.length === 0) return;
    main.push(install(manager, `packages ${names.join(' ')}`, { words: [], names }));
  };
  for (const request of packages) {
    checkName(request);
    if (isPlain(request)) {
      plain.push(request.name);
      continue;
    }
    flush();
    const special = await installSpecial(manager, request, repositories, fetchContent);
    main.push(...special.main);
    after.push(...(special.after ?? []));
  }
  flush();
  return { main, after };
}
