import { describe, expect, it } from 'vitest';
import { mergePackages, mergeRepositories } from '../../src/tdl/merge.ts';
import { parse, refusal, template } from './templates.ts';

const withPackages = template({
  rest: "<packages><package name='a'/><package name='b'/><package name='a'/></packages>",
});
const withRepositories = template({
  rest:
    "<repositories><repository name='a'><url>http://h/1</url></repository>" +
    "<repository name='b'><url>http://h/2</url></repository></repositories>",
});

describe('mergePackages()', () => {
  it('replaces all of a name, and puts the new one at the end', async () => {
    const tdl = await parse(withPackages);
    const merged = await mergePackages(
      tdl,
      "<packages><package name='c'/><package name='a'><file>f</file></package></packages>",
    );
    expect(merged.packages).toEqual([{ name: 'b' }, { name: 'c' }, { name: 'a', file: 'f' }]);
    expect(tdl.packages).toHaveLength(3);
  });

  it('names the document, line and element of a bad one', async () => {
    const tdl = await parse(withPackages);
    const error = await refusal(
      mergePackages(tdl, '<packages>\n<package/></packages>', { source: 'extra.xml' }),
    );
    expect(error.message).toBe(
      'Cannot use TDL extra.xml: line 2, element package: it has no attribute name',
    );
    expect((await refusal(mergePackages(tdl, withPackages))).message).toContain(
      'the root element must be <packages>',
    );
  });
});

describe('mergeRepositories()', () => {
  it('replaces by name in place, and adds at the end', async () => {
    const merged = await mergeRepositories(
      await parse(withRepositories),
      "<repositories><repository name='c'><url>http://h/3</url></repository>" +
        "<repository name='a'><url>http://h/4</url><persisted>no</persisted></repository></repositories>",
    );
    expect(merged.repositories.map(({ name, url, persisted }) => [name, url, persisted])).toEqual([
      ['a', 'http://h/4', false],
      ['b', 'http://h/2', true],
      ['c', 'http://h/3', true],
    ]);
  });
});
