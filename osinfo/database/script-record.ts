/** An install script's file: what it is called, what it wants, its template. */
import { elements, type XmlElement } from '../xml/parse.ts';
import { type Entity, flagElement, leafText, type Params, readParams, setParam } from './entity.ts';

export interface ScriptParameter {
  name: string;
  policy: 'required' | 'optional';
  /** Id of the datamap its value goes through. */
  valueMap?: string;
}

export interface ScriptRecord extends Entity {
  parameters: ScriptParameter[];
  injectionMethods: string[];
  /** The xsl:stylesheet element; undefined where the script names a file. */
  template: XmlElement | undefined;
  /** URI of the stylesheet when it is in a file of its own. */
  templateUri: string | undefined;
}

const texts = [
  'profile',
  'product-key-format',
  'path-format',
  'expected-filename',
  'pre-install-drivers-signing-req',
  'post-install-drivers-signing-req',
];
const flags = ['needs-internet', 'can-pre-install-drivers', 'can-post-install-drivers'];

/** In the order of libosinfo's flags, which is the order they are listed in. */
const methods = ['cdrom', 'disk', 'floppy', 'initrd', 'web'];

export function readScript(
  id: string,
  parts: readonly XmlElement[],
  languages: readonly string[],
): ScriptRecord {
  const params: Params = new Map();
  for (const part of parts) {
    readParams(params, part, texts, languages);
    for (const name of flags) setParam(params, name, String(flagElement(part, name)));
  }
  const stated = parts.flatMap((part) => elements(part, 'injection-method')).map(leafText);
  const template = parts.flatMap((part) => elements(part, 'template')).at(-1);
  const parameters = new Map<string, ScriptParameter>();
  for (const config of parts.flatMap((part) => elements(part, 'config'))) {
    for (const { attributes } of elements(config)) {
      const name = attributes.name ?? '';
      parameters.delete(name);
      parameters.set(name, {
        name,
        policy: attributes.policy === 'required' ? 'required' : 'optional',
        ...(attributes['value-map'] === undefined ? {} : { valueMap: attributes['value-map'] }),
      });
    }
  }
  return {
    id,
    params,
    parameters: [...parameters.values()],
    injectionMethods: methods.filter((method) => stated.includes(method)),
    template: template && elements(template)[0],
    templateUri: template?.attributes.uri,
  };
}
