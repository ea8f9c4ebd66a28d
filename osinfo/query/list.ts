/** Lists of entities, filtered and sorted, as osinfo-query gives them. */
import { OzError } from '../../src/base/errors.ts';
import type { Database } from '../database/database.ts';
import { type Entity, param } from '../database/entity.ts';
import { type Column, columns, type ListKind } from './columns.ts';

export interface ListOptions {
  /** Property to value; an entity with several values needs one that is equal. */
  filter?: Readonly<Record<string, string>> | undefined;
  /** Property; the first column's unless told. */
  sort?: string | undefined;
  /** Properties to give; the usual ones unless told. */
  fields?: readonly string[] | undefined;
}

/** Values by property, in the order of the columns; undefined where there is none. */
export type Row = Record<string, string | undefined>;

const propertyOf = (entity: Entity, property: string): string | undefined =>
  property === 'id' ? entity.id : param(entity.params, property);

const propertiesOf = (entity: Entity, property: string): string[] =>
  property === 'id' ? [entity.id] : (entity.params.get(property) ?? []);

const entitiesOf: Record<ListKind, (database: Database, properties: string[]) => Entity[]> = {
  os: (database, properties) => database.osParams(properties),
  platform: (database) => database.platforms(),
  device: (database) => database.devices(),
  deployment: (database) => database.deployments(),
};

function check(kind: ListKind, properties: readonly string[]): void {
  const known = columns[kind].map((c) => c.property);
  const unknown = properties.find((property) => !known.includes(property));
  if (unknown === undefined) return;
  throw new OzError(
    'OZ_OSINFO_BAD_PROPERTY',
    `Cannot list ${unknown}: it is no property of ${kind}`,
    {
      hint: `known are ${known.join(', ')}`,
      exitCode: 2,
    },
  );
}

/** The order of characters' numbers, as strcmp has it; what has no value comes last. */
function order(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? 1 : -1;
  return a < b ? -1 : 1;
}

function shownColumns(kind: ListKind, fields?: readonly string[]): Column[] {
  return columns[kind].filter((c) => (fields ? fields.includes(c.property) : c.shown));
}

/** Throws OzError OZ_OSINFO_BAD_PROPERTY. */
export function listEntities(database: Database, kind: ListKind, options: ListOptions = {}): Row[] {
  const filter = Object.entries(options.filter ?? {});
  const sort = options.sort ?? columns[kind][0]?.property ?? 'id';
  check(kind, [...filter.map(([property]) => property), ...(options.fields ?? []), sort]);
  const shown = shownColumns(kind, options.fields).map((c) => c.property);
  const properties = [...shown, ...filter.map(([property]) => property), sort];
  return entitiesOf[kind](database, properties)
    .filter((entity) =>
      filter.every(([property, value]) => propertiesOf(entity, property).includes(value)),
    )
    .map((entity) => ({ entity, key: propertyOf(entity, sort) }))
    .sort((a, b) => order(a.key, b.key) || order(a.entity.id, b.entity.id))
    .map(({ entity }) =>
      Object.fromEntries(shown.map((property) => [property, propertyOf(entity, property)])),
    );
}

/** The table that osinfo-query prints; widths count bytes, as there. */
export function formatTable(
  kind: ListKind,
  rows: readonly Row[],
  fields?: readonly string[],
): string {
  const shown = shownColumns(kind, fields);
  const pad = (text: string, width: number): string =>
    text + ' '.repeat(Math.max(0, width - Buffer.byteLength(text)));
  const line = (cells: string[], edge: string, between: string): string =>
    `${edge}${cells.join(between)}\n`;
  return [
    line(
      shown.map((c) => pad(c.heading, c.width)),
      ' ',
      ' | ',
    ),
    line(
      shown.map((c) => '-'.repeat(c.width)),
      '-',
      '-+-',
    ),
    ...rows.map((row) =>
      line(
        shown.map((c) => pad(row[c.property] ?? '', c.width)),
        ' ',
        ' | ',
      ),
    ),
  ].join('');
}
