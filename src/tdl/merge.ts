/** Adds packages and repositories to a template, as imagefactory and koji do through Oz. */
import { guardSecrets } from './dump.ts';
import { packagesOf, repositoriesOf } from './parse.ts';
import type { Tdl } from './types.ts';
import { readXml } from './xml.ts';

export interface MergeOptions {
  /** What the document is called in messages. */
  source?: string;
}

/**
 * The template with the packages of a <packages> document at the end. A package
 * whose name is there already is replaced, and moves to the end.
 */
export async function mergePackages(
  tdl: Tdl,
  xml: string,
  options: MergeOptions = {},
): Promise<Tdl> {
  const root = await readXml(xml, options.source ?? '<packages>', 'packages');
  let packages = tdl.packages;
  for (const added of packagesOf(root)) {
    packages = [...packages.filter(({ name }) => name !== added.name), added];
  }
  return guardSecrets({ ...tdl, packages });
}

/**
 * The template with the repositories of a <repositories> document. One whose
 * name is there already is replaced in its place.
 */
export async function mergeRepositories(
  tdl: Tdl,
  xml: string,
  options: MergeOptions = {},
): Promise<Tdl> {
  const root = await readXml(xml, options.source ?? '<repositories>', 'repositories');
  const merged = new Map(tdl.repositories.map((repository) => [repository.name, repository]));
  for (const added of repositoriesOf(root)) merged.set(added.name, added);
  return guardSecrets({ ...tdl, repositories: [...merged.values()] });
}
