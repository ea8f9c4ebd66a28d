/**
 * Every operating system, platform, device and deployment of the installed
 * database beside osinfo-query's output, every property of each.
 */
import type { Database } from '../../osinfo/database/database.ts';
import { columns, type ListKind } from '../../osinfo/query/columns.ts';
import { formatTable, listEntities } from '../../osinfo/query/list.ts';
import { runTool } from '../../src/base/run-tool.ts';
import { firstDifference, newTally, record, type Tally } from './tally.ts';

const environment = { LC_ALL: 'C.UTF-8', LANGUAGE: '' };

async function reference(args: string[]): Promise<string> {
  const { stdout } = await runTool('osinfo-query', args, {
    env: environment,
    okCodes: [0, 1],
    most: Infinity,
  });
  return stdout.toString('utf8');
}

/** Lines by the entity's id, which is asked for with each property. */
function byId(table: string, properties: readonly string[]): Map<string, string> {
  const lines = table.split('\n').slice(2, -1);
  const at = properties.indexOf('id');
  return new Map(lines.map((line) => [line.split(' | ')[at]?.trim() ?? '', line]));
}

async function property(
  database: Database,
  kind: ListKind,
  name: string,
  tally: Tally,
): Promise<void> {
  const order = columns[kind].map((c) => c.property);
  const fields = order.filter((p) => p === name || p === 'id');
  const theirs = byId(await reference([kind, '-f', fields.join(',')]), fields);
  const rows = listEntities(database, kind, { fields });
  const ours = byId(formatTable(kind, rows, fields), fields);
  for (const [id, line] of theirs) {
    record(
      tally,
      ours.get(id) === line,
      `${kind} ${id} ${name}`,
      `ours ${ours.get(id)}, theirs ${line}`,
    );
  }
  for (const id of ours.keys()) {
    if (!theirs.has(id)) record(tally, false, `${kind} ${id}`, 'theirs has none');
  }
}

/** The whole output, headings and order included, where the sort key is never missing or doubled. */
const whole: [ListKind, string[]][] = [
  ['os', []],
  ['os', ['-s', 'id']],
  ['os', ['-s', 'id', '-f', columns.os.map((c) => c.property).join(',')]],
  ['os', ['-s', 'id', 'family=linux']],
  ['os', ['-s', 'id', 'vendor=Fedora Project', 'version=30']],
  ['os', ['-s', 'id', 'short-id=debianbullseye']],
  ['os', ['-s', 'id', 'family=none']],
  ['platform', ['-s', 'id']],
  ['device', ['-s', 'id']],
  ['device', ['-s', 'id', 'class=net']],
  ['deployment', []],
];

function parse(args: readonly string[]) {
  const value = (flag: string): string | undefined =>
    args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined;
  const filter = args
    .filter((arg) => arg.includes('='))
    .map((arg) => arg.split('=') as [string, string]);
  return { sort: value('-s'), fields: value('-f')?.split(','), filter: Object.fromEntries(filter) };
}

export async function compareQueries(database: Database): Promise<Tally[]> {
  const tallies: Tally[] = [];
  for (const kind of ['os', 'platform', 'device', 'deployment'] as const) {
    const tally = newTally(`osinfo-query ${kind}, each property of each entity`);
    for (const { property: name } of columns[kind]) await property(database, kind, name, tally);
    tallies.push(tally);
  }
  const outputs = newTally('osinfo-query, whole outputs');
  for (const [kind, args] of whole) {
    const options = parse(args);
    const ours = formatTable(kind, listEntities(database, kind, options), options.fields);
    const theirs = await reference([kind, ...args]);
    record(outputs, ours === theirs, [kind, ...args].join(' '), firstDifference(ours, theirs));
  }
  return [...tallies, outputs];
}
