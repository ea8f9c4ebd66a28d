/** The document that an install script's stylesheet is applied to. */
import type { Entity, Params } from '../database/entity.ts';
import type { OsRecord } from '../database/os-record.ts';
import type { ScriptRecord } from '../database/script-record.ts';
import { documentBuilder, type XPathNode } from '../xpath/node.ts';

export interface DocumentParts {
  script: ScriptRecord;
  os: OsRecord;
  media?: Entity | undefined;
  tree?: Entity | undefined;
  /** Values after the script's datamaps. */
  config: Params;
  /** Where packages come from, as libosinfo names it. */
  installationSource: 'media' | 'network';
  /** How the script reaches the installer; the stylesheets for command lines ask. */
  injectionMethod?: string | undefined;
}

/** `root` is install-script-config for the script, command-line for the kernel's arguments. */
export function scriptDocument(
  root: 'install-script-config' | 'command-line',
  parts: DocumentParts,
): XPathNode {
  const { root: document, element } = documentBuilder();
  const top = element(document, root);
  const add = (name: string, id: string, params: Params): void => {
    const node = element(top, name);
    element(node, 'id', id);
    for (const [key, values] of params) for (const value of values) element(node, key, value);
  };
  const script = new Map(parts.script.params).set('installation-source', [
    parts.installationSource,
  ]);
  if (parts.injectionMethod !== undefined) {
    script.set('preferred-injection-method', [parts.injectionMethod]);
  }
  add('script', parts.script.id, script);
  add('os', parts.os.id, parts.os.params);
  if (parts.media) add('media', parts.media.id, parts.media.params);
  if (parts.tree) add('tree', parts.tree.id, parts.tree.params);
  add('config', 'https://libosinfo.org/config', parts.config);
  return document;
}
