/**
 * What our own entry of a system adds to that of a database which has one, too: a
 * newer database may know a system by name only, and that must not make it less
 * installable than it was. What the database states stays as it is.
 */
import { elements, isElement, type XmlElement } from '../xml/parse.ts';

/** Elements of which a system has several: where they are read, ours come after the stated ones. */
const several = new Set(['short-id', 'media', 'tree', 'resources', 'firmware', 'installer']);

/** A system that states one of these says itself what it inherits. */
const ancestry = ['derives-from', 'clones'];

/** What tells one such element from the next, where ours count only beside other ones. */
const keys: Readonly<Record<string, (element: XmlElement) => string>> = {
  variant: ({ attributes }) => attributes.id ?? '',
  image: ({ attributes }) => `${attributes.arch} ${attributes.format}`,
};

const fillings = new WeakSet<XmlElement>();

/** Whether an entity's element is not stated by its files, but filled in from our own data. */
export const isFilling = (part: XmlElement): boolean => fillings.has(part);

/** Our own element reduced to what none of the stated ones has. */
export function filling(stated: readonly XmlElement[], own: XmlElement): XmlElement {
  const all = (name: string): XmlElement[] => stated.flatMap((part) => elements(part, name));
  const devices = new Set(
    all('devices').flatMap((list) =>
      elements(list, 'device').map(({ attributes }) => attributes.id),
    ),
  );

  function lacking(element: XmlElement): XmlElement | undefined {
    const { name } = element;
    if (several.has(name)) return element;
    if (name === 'devices') {
      const rest = elements(element, 'device').filter(
        ({ attributes }) => !devices.has(attributes.id),
      );
      return { ...element, children: rest };
    }
    const key = keys[name];
    if (key) return all(name).some((one) => key(one) === key(element)) ? undefined : element;
    const rivals = ancestry.includes(name) ? ancestry : [name];
    return rivals.some((rival) => all(rival).length) ? undefined : element;
  }

  const children = own.children.flatMap((node) => (isElement(node) ? (lacking(node) ?? []) : []));
  const part = { ...own, children };
  fillings.add(part);
  return part;
}
