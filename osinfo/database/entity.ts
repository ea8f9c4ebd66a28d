/** What all entities are made of: an id and named values, as libosinfo keeps them. */
import { elements, isElement, textOf, type XmlElement } from '../xml/parse.ts';

/** Values by parameter name, in order; what XSLT templates, filters and lists see. */
export type Params = Map<string, string[]>;

export interface Entity {
  id: string;
  params: Params;
}

export function param(params: Params, name: string): string | undefined {
  return params.get(name)?.[0];
}

export function setParam(params: Params, name: string, value: string): void {
  params.set(name, [value]);
}

export function addParam(params: Params, name: string, value: string): void {
  const values = params.get(name);
  if (values) values.push(value);
  else params.set(name, [value]);
}

/** Text of the first child when it is text; undefined otherwise. */
export function leafText(element: XmlElement): string | undefined {
  const first = element.children[0];
  return typeof first === 'string' ? first : undefined;
}

/**
 * Takes over the elements named in `keys`: of each the translation that the
 * user wants, else the first. Site-specific x-… elements are kept as well.
 */
export function readParams(
  params: Params,
  parent: XmlElement,
  keys: readonly string[],
  languages: readonly string[],
): void {
  const found = new Map<string, string>();
  for (const node of parent.children) {
    if (!isElement(node)) continue;
    const { name } = node;
    if (name.startsWith('x-')) {
      const value = leafText(node);
      if (value !== undefined) addParam(params, name, value);
    } else if (keys.includes(name)) {
      const language = languages.length ? node.attributes['xml:lang'] : undefined;
      const translated = language !== undefined && languages.includes(language);
      if (translated || !found.has(name)) found.set(name, textOf(node));
    }
  }
  for (const key of found.size ? keys : []) {
    const value = found.get(key);
    if (value) setParam(params, key, value);
  }
}

/** A boolean element: present and empty, or `true`. */
export function flagElement(parent: XmlElement, name: string): boolean {
  return elements(parent, name).some((e) => e.children.length === 0 || leafText(e) === 'true');
}
