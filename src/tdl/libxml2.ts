/** Loads libxml2 when the first XML document is read: its start costs as much as Node's own. */

export type Libxml2 = typeof import('libxml2-wasm');
export type XmlDocument = InstanceType<Libxml2['XmlDocument']>;
export type XmlElement = InstanceType<Libxml2['XmlElement']>;

let loaded: Promise<Libxml2> | undefined;

/** The library, loaded once per process. */
export function loadLibxml2(): Promise<Libxml2> {
  loaded ??= import('libxml2-wasm');
  return loaded;
}
