/** What our own entry of a system adds to a stated one, element by element. */
import { expect, it } from 'vitest';
import { filling } from '../../osinfo/database/fill.ts';
import { elements, parseXml, type XmlElement } from '../../osinfo/xml/parse.ts';

const shown = (element: XmlElement): string =>
  [
    element.name,
    ...Object.values(element.attributes),
    ...elements(element).map((one) => `(${shown(one)})`),
  ].join(' ');
const added = (stated: string, own: string): string[] => {
  const os = (body: string) => parseXml(`<os>${body}</os>`);
  return elements(filling([os(stated)], os(own))).map(shown);
};
it.each([
  [
    'a value that is stated',
    '<name>x</name>',
    '<name>y</name><codename>z</codename>',
    ['codename'],
  ],
  ['an origin beside another one', '<derives-from id="a"/>', '<clones id="b"/>', []],
  ['an origin where none is stated', '<upgrades id="a"/>', '<clones id="b"/>', ['clones b']],
  [
    'variants by their names',
    '<variant id="a"/>',
    '<variant id="a"/><variant id="b"/>',
    ['variant b'],
  ],
  [
    'images by what they are for',
    '<image arch="x" format="raw"/>',
    '<image arch="x" format="raw"/><image arch="y" format="raw"/><image arch="x" format="qcow2"/>',
    ['image y raw', 'image x qcow2'],
  ],
  [
    'firmware, all of which counts after the stated one',
    '<firmware arch="x" type="bios"/>',
    '<firmware arch="x" type="efi"/>',
    ['firmware x efi'],
  ],
  [
    'devices by their names, whatever is said of them',
    '<devices><device id="a"/><device id="b" supported="false"/></devices>',
    '<devices><device id="a" supported="false"/><device id="b"/><device id="c"/></devices>',
    ['devices (device c)'],
  ],
])('%s', (_, stated, own, expected) => {
  expect(added(stated, own)).toEqual(expected);
});
