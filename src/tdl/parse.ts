/** TDL text to a checked Tdl. */

import { commandsOf } from './commands.ts';
import { contentOf, fetchableUrl } from './content.ts';
import { parseDiskSize } from './disk-size.ts';
import { guardSecrets } from './dump.ts';
import { guestFileProblem, lineProblem, nameProblem } from './names.ts';
import { rememberPlace, tdlProblem } from './problem.ts';
import { architectures } from './shape.ts';
import type { ChecksumType, Tdl, TdlFile, TdlInstall, TdlPackage, TdlRepository } from './types.ts';
import { readXml } from './xml.ts';
import { child, children, descend, type XmlElementNode } from './xml-tree.ts';

export interface ParseTdlOptions {
  /** The file the text came from: for messages, and to find what it includes. */
  source: string;
  /** Refuse a template without <rootpw>. */
  rootpwRequired?: boolean | undefined;
}

/**
 * A template as the text describes it. Throws OzError OZ_TDL_XML, _INCLUDE,
 * _SCHEMA or _VALUE, each with file, line and element. URLs on localhost pass:
 * see checkReachability().
 */
export async function parseTdl(text: string, options: ParseTdlOptions): Promise<Tdl> {
  return tdlOf(await readXml(text, options.source, 'template'), options);
}

/** The same from a tree that the schema allows. Throws OZ_TDL_VALUE. */
export function tdlOf(root: XmlElementNode, options: ParseTdlOptions): Tdl {
  const { source } = options;
  const os = required(root, 'os');
  const rootpw = optionalText(os, 'rootpw', lineProblem);
  if (rootpw === undefined && options.rootpwRequired) {
    throw tdlProblem('OZ_TDL_VALUE', os, 'it has no root password, which is needed here', {
      hint: 'add <rootpw> to <os>',
    });
  }
  return guardSecrets({
    source,
    name: checkedName(root, 'name'),
    description: child(root, 'description')?.text || undefined,
    distro: checkedName(os, 'name'),
    version: checkedName(os, 'version'),
    arch: architecture(os),
    install: installOf(required(os, 'install')),
    rootpw,
    key: optionalText(os, 'key', lineProblem),
    kernelparam: optionalText(os, 'kernelparam')?.trim().replace(/\s+/g, ' ') || undefined,
    icicleExtraCommand: descend(os, 'icicle/extra_command')?.text.trim() || undefined,
    packages: packagesOf(child(root, 'packages')),
    repositories: repositoriesOf(child(root, 'repositories')),
    files: filesOf(child(root, 'files'), source),
    precommands: commandsOf(child(root, 'precommands'), source),
    commands: commandsOf(child(root, 'commands'), source),
    diskSize: diskSizeOf(descend(root, 'disk/size')),
  });
}

type Check = (value: string) => string | undefined;

/** The schema promises the element; this is for the compiler. */
function required(node: XmlElementNode, name: string): XmlElementNode {
  const found = child(node, name);
  if (!found) throw tdlProblem('OZ_TDL_SCHEMA', node, `it has no element <${name}>`);
  return found;
}

function refuse(node: XmlElementNode, problem: string | undefined): void {
  if (problem) throw tdlProblem('OZ_TDL_VALUE', node, problem);
}

/** A text that ends up in file names; white space around it is no part of it. */
function checkedName(node: XmlElementNode, name: string): string {
  const element = required(node, name);
  const value = element.text.trim();
  refuse(element, nameProblem(value));
  return value;
}

/** The text exactly as it is written; an empty element counts as none. */
function optionalText(node: XmlElementNode, name: string, check?: Check): string | undefined {
  const element = child(node, name);
  if (!element || element.text === '') return undefined;
  refuse(element, check?.(element.text));
  return element.text;
}

function architecture(os: XmlElementNode): Tdl['arch'] {
  const element = required(os, 'arch');
  const arch = architectures.find((known) => known === element.text);
  if (!arch) {
    throw tdlProblem('OZ_TDL_SCHEMA', element, `it must be one of ${architectures.join(', ')}`);
  }
  return arch;
}

const checksums: [string, ChecksumType][] = [
  ['md5sum', 'md5'],
  ['sha1sum', 'sha1'],
  ['sha256sum', 'sha256'],
];

function installOf(node: XmlElementNode): TdlInstall {
  const type = node.attributes.type === 'iso' ? 'iso' : 'url';
  const element = required(node, type);
  const given = checksums.flatMap(([name, checksumType]) => {
    const sum = child(node, name);
    return sum ? [{ type: checksumType, node: sum, url: fetchableUrl(sum, sum.text.trim()) }] : [];
  });
  const [checksum, second] = given;
  if (second) refuse(second.node, 'only one of <md5sum>, <sha1sum> and <sha256sum> may be there');
  const install: TdlInstall = {
    type,
    url: fetchableUrl(element, element.text.trim()),
    checksum: checksum && { type: checksum.type, url: checksum.url },
    extras: extrasOf(child(node, 'extras'), type),
  };
  return rememberPlace(install, element);
}

/** Directories first, then files, as Oz adds them. */
function extrasOf(
  node: XmlElementNode | undefined,
  type: TdlInstall['type'],
): TdlInstall['extras'] {
  if (!node) return [];
  if (type !== 'iso') refuse(node, "extras can only be added to an ISO (install type='iso')");
  return (['directory', 'file'] as const).flatMap((kind) =>
    children(node, kind).map((extra) => ({
      kind,
      source: fetchableUrl(extra, (extra.attributes.source ?? '').trim()),
      destination: destinationOf(extra),
    })),
  );
}

/** A path on the ISO; a leading slash is the ISO's root. */
function destinationOf(extra: XmlElementNode): string {
  const destination = (extra.attributes.destination ?? '').trim().replace(/^\/+/, '');
  if (destination === '' && extra.name === 'file') refuse(extra, 'its destination is empty');
  if (destination.split('/').includes('..'))
    refuse(extra, "its destination leaves the ISO by '..'");
  refuse(extra, lineProblem(destination));
  return destination;
}

/** Packages as they are listed; one that is listed twice stays so. */
export function packagesOf(section: XmlElementNode | undefined): TdlPackage[] {
  return (section ? children(section, 'package') : []).map((node) => {
    const name = (node.attributes.name ?? '').trim();
    refuse(node, name === '' ? 'its name is empty' : lineProblem(name));
    return {
      name,
      repository: packagePart(node, 'repository'),
      file: packagePart(node, 'file'),
      arguments: packagePart(node, 'arguments'),
    };
  });
}

function packagePart(node: XmlElementNode, name: string): string | undefined {
  const element = child(node, name);
  const value = element?.text.trim();
  if (!element || !value) return undefined;
  refuse(element, lineProblem(value));
  return value;
}

/** What is so of a repository that does not say otherwise. */
export const repositoryDefaults = { signed: false, persisted: true, sslverify: false } as const;

/** Repositories by name: one that comes again replaces the former, in its place. */
export function repositoriesOf(section: XmlElementNode | undefined): TdlRepository[] {
  const byName = new Map<string, TdlRepository>();
  for (const node of section ? children(section, 'repository') : []) {
    const name = (node.attributes.name ?? '').trim();
    const problem = nameProblem(name);
    refuse(node, problem && `its name is unusable: ${problem}`);
    const urlNode = required(node, 'url');
    const url = urlNode.text.trim();
    refuse(urlNode, url === '' ? 'it is empty' : lineProblem(url));
    const repository: TdlRepository = {
      name,
      url,
      signed: flag(node, 'signed'),
      persisted: flag(node, 'persisted'),
      sslverify: flag(node, 'sslverify'),
    };
    byName.set(name, rememberPlace(repository, urlNode));
  }
  return [...byName.values()];
}

function flag(node: XmlElementNode, name: keyof typeof repositoryDefaults): boolean {
  const element = child(node, name);
  return element ? /^(yes|true)$/i.test(element.text) : repositoryDefaults[name];
}

/** Files by name: one that comes again replaces the former's content, in its place. */
function filesOf(section: XmlElementNode | undefined, source: string): TdlFile[] {
  const byName = new Map<string, TdlFile>();
  for (const node of section ? children(section, 'file') : []) {
    const name = node.attributes.name ?? '';
    const problem = guestFileProblem(name);
    refuse(node, problem && `its name is unusable: ${problem}`);
    byName.set(name, { name, content: contentOf(node, source) });
  }
  return [...byName.values()];
}

function diskSizeOf(node: XmlElementNode | undefined): number | undefined {
  if (!node) return undefined;
  const size = parseDiskSize(node.text);
  if (typeof size === 'number') return size;
  throw tdlProblem('OZ_TDL_VALUE', node, size.problem);
}
