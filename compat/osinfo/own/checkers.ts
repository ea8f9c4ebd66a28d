/**
 * The installers' own checkers, as far as Debian packages them (cloud-init,
 * debconf, python3-jsonschema, jing), on every answer file they are for.
 * Published schemas that no package has are taken from a directory that the
 * caller filled; none of them is part of this project.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import type { Database } from '../../../osinfo/database/database.ts';
import { runTool } from '../../../src/base/run-tool.ts';
import { newTally, record, type Tally } from '../tally.ts';
import { type Choice, cases, generate, ownSystems } from './answers.ts';

interface Checker {
  name: string;
  /** Part of a script's id. */
  kind: string;
  /** Below the directory of schemas; undefined where a package brings all. */
  schema?: string;
  /** What is written for it to check, and its name. */
  file: (text: string) => [name: string, text: string];
  command: (file: string, schema: string) => [tool: string, args: string[]];
  /** An answer file that it must refuse: a checker that takes all proves nothing. */
  spoil: (text: string) => string;
}

const jsonSchema = `
import json, pathlib, sys
from jsonschema import validators, RefResolver
schema_file = pathlib.Path(sys.argv[1])
schema = json.loads(schema_file.read_text())
store = {}
for other in schema_file.parent.glob('*.json'):
    content = json.loads(other.read_text())
    store[other.as_uri()] = content
    store[content.get('$id', other.as_uri())] = content
resolver = RefResolver(schema_file.as_uri(), schema, store)
validators.validator_for(schema)(schema, resolver=resolver).validate(json.loads(pathlib.Path(sys.argv[2]).read_text()))
`;

const section = (text: string, name: string): string => {
  const found =
    new RegExp(`<${name}>[\\s\\S]*</${name}>|<${name} [\\s\\S]*</${name}>`).exec(text)?.[0] ?? '';
  return found.replace(
    `<${name}`,
    `<${name} xmlns="http://www.suse.com/1.0/yast2ns" xmlns:config="http://www.suse.com/1.0/configns"`,
  );
};

const autoyast = (name: string, file: string): Checker => ({
  name: `jing, AutoYaST's ${name}`,
  kind: '/autoyast/',
  schema: `autoyast-rnc/${file}.rnc`,
  file: (text) => ['profile.xml', section(text, name)],
  command: (checked, schema) => ['jing', ['-c', schema, checked]],
  spoil: (text) =>
    text.replace(`<${name}>`, `<${name}><nonsense/>`).replace(`<${name} `, `<${name} nonsense="" `),
});

const checkers: readonly Checker[] = [
  {
    name: 'cloud-init schema',
    kind: '/autoinstall/',
    file: (text) => ['user-data', text],
    command: (file) => ['cloud-init', ['schema', '--config-file', file]],
    spoil: (text) => `${text}users: 5\nruncmd: nothing\n`,
  },
  {
    name: "subiquity's JSON schema",
    kind: '/autoinstall/',
    schema: 'subiquity/autoinstall-schema.json',
    file: (text) => ['autoinstall.json', JSON.stringify(parse(text).autoinstall)],
    command: (file, schema) => ['python3', ['-W', 'ignore', '-c', jsonSchema, schema, file]],
    spoil: (text) => text.replace('shutdown: poweroff', 'shutdown: maybe'),
  },
  {
    name: "Agama's JSON schema",
    kind: '/agama/',
    schema: 'agama/profile.schema.json',
    file: (text) => ['autoinst.json', text],
    command: (file, schema) => ['python3', ['-W', 'ignore', '-c', jsonSchema, schema, file]],
    spoil: (text) => text.replace('"questions"', '"quests"'),
  },
  {
    name: 'debconf-set-selections --checkonly',
    kind: '/preseed/',
    file: (text) => ['preseed.cfg', text],
    command: (file) => ['debconf-set-selections', ['--checkonly', file]],
    spoil: (text) => `${text}d-i only-two\n`,
  },
  autoyast('general', 'general'),
  autoyast('partitioning', 'partitioning'),
  autoyast('software', 'software'),
  autoyast('scripts', 'scripts'),
  autoyast('report', 'reporting'),
];

/** The start of a grammar that has none: the section itself. */
async function startable(schema: string, name: string, directory: string): Promise<string> {
  if (!schema.endsWith('.rnc')) return schema;
  const file = path.join(directory, `${name}.rnc`);
  await writeFile(file, `include "${schema}"\nstart = ${name}\n`);
  return file;
}

export async function checkAnswers(
  database: Database,
  choice: Choice,
  schemas: string | undefined,
): Promise<Tally[]> {
  const tallies: Tally[] = [];
  const systems = ownSystems(database, choice);
  const files = systems.flatMap((os) =>
    cases.flatMap((one) =>
      generate(database, os, one).map((made) => ({ ...made, what: `${os.id}, ${one.name}` })),
    ),
  );
  const directory = await mkdtemp(path.join(tmpdir(), 'ozma-check-'));
  try {
    for (const checker of checkers) {
      const published = checker.schema && schemas && path.resolve(schemas, checker.schema);
      if (checker.schema && !(published && existsSync(published))) {
        console.log(`${checker.name}: NOT CHECKED, there is no ${checker.schema} in --schemas`);
        continue;
      }
      const start = checker.name.split(' ').at(-1) ?? '';
      const schema = published ? await startable(published, start, directory) : '';
      const tally = newTally(checker.name);
      const check = async (text: string): Promise<string> => {
        const [name, content] = checker.file(text);
        const file = path.join(directory, name);
        await writeFile(file, content);
        const [tool, args] = checker.command(file, schema);
        const { exitCode, stdout, stderr } = await runTool(tool, args, {
          okCodes: [0, 1, 2, 255],
        });
        const said = `${stdout.toString('utf8')}${stderr}`.trim();
        return exitCode === 0 && !/^(error|warning):/im.test(said)
          ? ''
          : said || `exit code ${exitCode}`;
      };
      const mine = files.filter(({ scriptId }) => scriptId.includes(checker.kind));
      for (const { what, text } of mine) {
        const said = await check(text);
        record(tally, said === '', what, said.split('\n').slice(-3).join(' ').slice(0, 300));
      }
      const first = mine[0];
      if (first) {
        const refused = (await check(checker.spoil(first.text))) !== '';
        record(tally, refused, 'a spoilt file', 'it is not refused');
      }
      tallies.push(tally);
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return tallies;
}
