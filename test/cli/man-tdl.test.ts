/** oz-tdl(5) beside the grammar, and its example beside parser and plan. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from '../../src/base/package-root.ts';
import { main as check } from '../../src/cli/check.ts';
import { manPages } from '../../src/cli/man-pages.ts';
import { main as plan } from '../../src/cli/plan.ts';
import { tdlWords } from '../../src/cli/tdl-words.ts';
import { secretsOf } from '../../src/plan/planned-work.ts';
import { parseTdl } from '../../src/tdl/parse.ts';
import { readTree } from '../../src/tdl/xml.ts';
import type { XmlElementNode } from '../../src/tdl/xml-tree.ts';
import { osinfoEnv } from '../fakes/osinfo-env.ts';
import { fakeIo } from './fake-io.ts';
import { memoryPlace } from './memory-place.ts';

const page = manPages()['oz-tdl.5'] ?? '';

/** The page as it is read; mandoc is what npm test installs for the other pages. */
function shown(): string {
  const args = ['-Tutf8', '-Owidth=200', packageFile('docs', 'man', 'oz-tdl.5')];
  const { stdout, error } = spawnSync('mandoc', args, { encoding: 'utf8' });
  if (error) throw error;
  return stdout.replace(/.[\b]/g, '');
}

interface Grammar {
  /** Names below an element, attributes with an @. */
  inside: Map<string, Set<string>>;
  /** Those of which the grammar wants one in every case. */
  required: Set<string>;
}

const groups = new Set(['group', 'interleave', 'choice', 'optional', 'zeroOrMore', 'oneOrMore']);
const loose = new Set(['choice', 'optional', 'zeroOrMore']);

/** Walks tdl.rng from <template> on. */
async function grammar(): Promise<Grammar> {
  const file = packageFile('src', 'tdl', 'tdl.rng');
  const root = await readTree(readFileSync(file, 'utf8'), file);
  const plain = (node: XmlElementNode) => node.name.replace(/^\{.*\}/, '');
  const defines = new Map(root.children.map((node) => [node.attributes.name, node]));
  const inside = new Map<string, Set<string>>();
  const required = new Set<string>();
  const walk = (node: XmlElementNode, at: string, needed: boolean): void => {
    const kind = plain(node);
    const name = node.attributes.name ?? '';
    if (kind === 'ref') {
      for (const part of defines.get(name)?.children ?? []) walk(part, at, needed);
    } else if (groups.has(kind)) {
      for (const part of node.children) walk(part, at, needed && !loose.has(kind));
    } else if (kind === 'element' || kind === 'attribute') {
      const own = kind === 'element' ? name : `@${name}`;
      const full = kind === 'element' ? (at ? `${at}/${name}` : name) : `${at}${own}`;
      if (at) inside.set(at, (inside.get(at) ?? new Set()).add(own));
      if (needed) required.add(full);
      if (kind === 'element') for (const part of node.children) walk(part, full, true);
    }
  };
  const template = defines.get('template');
  if (!template) throw new Error('tdl.rng has no template');
  for (const part of template.children) walk(part, '', true);
  return { inside, required };
}

/** The page's entries by element path, as `name` → the line that says how often. */
function sections(): Map<string, Map<string, string>> {
  const found = new Map<string, Map<string, string>>();
  const [, ...parts] = page.split('\n.SS ');
  for (const part of parts) {
    const [head = '', ...lines] = part.split(/\n(?:\.SH [\s\S]*)?/);
    const entries = lines.flatMap((line, i): [string, string][] => {
      const [, label, count] = /^\\fB(.*)\\fR \((.*)\)$/.exec(line) ?? [];
      if (!label || !count) return [];
      const text = lines[i + 1] ?? '';
      expect(text, line).toMatch(/^[A-Z].{10,}|^(raw|url): /i);
      return [[label.startsWith('<') ? label.slice(1, -1) : `@${label.slice(0, -1)}`, count]];
    });
    for (const each of head.replace(/ type=\w+$/, '').split(', ')) {
      const full = each === 'template' ? each : `template/${each}`;
      found.set(full, new Map([...(found.get(full) ?? []), ...entries]));
    }
  }
  return found;
}

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'ozma-man-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('oz-tdl(5)', () => {
  it('describes each element and attribute of tdl.rng, and nothing else', async () => {
    const { inside } = await grammar();
    expect(inside.size).toBeGreaterThan(15);
    const described = sections();
    const names = (map: Map<string, Iterable<string>>) =>
      Object.fromEntries([...map].map(([key, value]) => [key, [...value].sort()]));
    expect(names(new Map([...described].map(([key, value]) => [key, value.keys()])))).toEqual(
      names(inside),
    );
  });

  it('says of which there must be one', async () => {
    const { inside, required } = await grammar();
    const told = sections();
    for (const [at, names] of inside) {
      // <url> and <iso> are each required in one of two shapes
      if (at === 'template/os/install') continue;
      for (const name of names) {
        const full = name.startsWith('@') ? `${at}${name}` : `${at}/${name}`;
        expect(told.get(at)?.get(name)?.endsWith('required'), full).toBe(required.has(full));
      }
    }
  });

  it('has no words for what there is not', async () => {
    const { inside } = await grammar();
    const known = [...inside].flatMap(([at, names]) =>
      [...names].map((name) => (name.startsWith('@') ? `${at}${name}` : `${at}/${name}`)),
    );
    const unknown = Object.keys(tdlWords).filter((key) => !known.includes(key));
    expect(unknown).toEqual(['template']);
  });

  it('tells the defaults that hold', async () => {
    const bare = `<template><name>x</name><os><name>Debian</name><version>13</version>
      <arch>x86_64</arch><install type='url'><url>http://deb.example.org/debian/</url></install></os>
      <repositories><repository name='r'><url>http://deb.example.org/r</url></repository></repositories>
      <files><file name='/x'>aGk=</file></files></template>`;
    const { repositories, files } = await parseTdl(bare, { source: 'x' });
    const [repository] = repositories;
    for (const key of ['signed', 'persisted', 'sslverify'] as const) {
      const told = tdlWords[`template/repositories/repository/${key}`]?.default;
      expect(told, key).toBe(repository?.[key] ? 'yes' : 'no');
    }
    writeFileSync(path.join(dir, 'bare.tdl'), bare);
    const io = fakeIo({ cwd: dir, env: { HOME: dir, ...osinfoEnv } });
    expect(await plan(['--json', '-u', 'bare.tdl'], io, memoryPlace().find)).toBe(0);
    const planned = JSON.parse(io.out());
    expect(tdlWords['template/disk/size']?.default).toMatch(/^10 GiB/);
    expect(planned.disk.size).toBe(10 * 1024 ** 3);
    expect(tdlWords['template/files/file@type']?.default).toBe('raw');
    expect(files).toEqual([{ name: '/x', content: { bytes: Buffer.from('aGk=') } }]);
    const secret = tdlWords['template/os/rootpw']?.default;
    expect([secret]).toEqual(secretsOf(await parseTdl(bare, { source: 'x' })));
  });

  it('has an example that parses, checks and plans on both backends as it is shown', async () => {
    const [example = ''] =
      /<template[\s\S]*<\/template>/.exec(shown().split('EXAMPLES')[1] ?? '') ?? [];
    const tdl = await parseTdl(example, { source: 'example' });
    expect(tdl).toMatchObject({
      name: 'web',
      diskSize: 8 * 1024 ** 3,
      icicleExtraCommand: `dpkg-query -W -f '\${Version}\\n'`,
      repositories: [{ name: 'site', signed: true, persisted: false, sslverify: false }],
      files: [{ name: '/etc/motd' }, { content: { bytes: Buffer.from('0123456789') } }],
      commands: [{ name: 'enable' }, { name: 'note' }],
    });
    writeFileSync(path.join(dir, 'example.tdl'), example);
    const io = fakeIo({ cwd: dir, env: { HOME: dir, ...osinfoEnv } });
    expect(await check(['--json', 'example.tdl'], io)).toBe(0);
    const { files } = JSON.parse(io.out());
    expect(files[0].backends).toMatchObject({
      libvirt: { builds: true },
      openstack: { builds: true },
    });
    const planIo = fakeIo({ cwd: dir, env: { HOME: dir, ...osinfoEnv } });
    expect(await plan(['--json', '-ug', 'example.tdl'], planIo, memoryPlace().find)).toBe(0);
    expect(JSON.parse(planIo.out()).customise.steps).toHaveLength(7);
  });
});
