import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, refusal, template } from './templates.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'ozma tdl-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const source = path.join(dir, 'main.tdl');
const put = (name: string, text: string) => {
  mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
  writeFileSync(path.join(dir, name), text);
};
const xi = "xmlns:xi='http://www.w3.org/2001/XInclude'";
const include = (href: string, more = '') =>
  template({ rest: `<xi:include ${xi} href='${href}'${more}/>` });
const one = "<packages>\n\n<package name='a'/></packages>";

describe('XInclude', () => {
  it('finds files beside the TDL, in other directories, by path and by URL', async () => {
    put('p.xml', one);
    put('sub/p.xml', one);
    put('a b.xml', one);
    for (const href of [
      'p.xml',
      'sub/p.xml',
      'sub/../p.xml',
      'a b.xml',
      'a%20b.xml',
      path.join(dir, 'p.xml'),
      `file://${encodeURI(dir)}/p.xml`,
    ]) {
      expect((await parse(include(href), source)).packages).toHaveLength(1);
    }
  });

  it('finds files of an included file beside that', async () => {
    put('sub/outer.xml', `<packages ${xi}><xi:include href='inner.xml'/></packages>`);
    put('sub/inner.xml', "<package name='inner'/>");
    const tdl = await parse(include('sub/outer.xml'), source);
    expect(tdl.packages.map(({ name }) => name)).toEqual(['inner']);
  });

  it('tells the included file and its line in errors', async () => {
    put('bad.xml', "<packages>\n\n<package nam='a'/></packages>");
    put('sub/bad.xml', "<packages>\n<package name=''/></packages>");
    const schema = await refusal(parse(include('bad.xml'), source));
    expect(schema.message).toContain(
      `${path.join(dir, 'bad.xml')}: line 3, element packages/package`,
    );
    const value = await refusal(parse(include('sub/bad.xml'), source));
    expect(value.message).toContain(`${path.join(dir, 'sub/bad.xml')}: line 2`);
  });

  it('tells the line of an include that fails', async () => {
    const missing = await refusal(parse(include('none.xml'), source));
    expect(missing.code).toBe('OZ_TDL_INCLUDE');
    expect(missing.message).toMatch(
      /main\.tdl: line 4, element xi:include: there is no file .*none\.xml/,
    );
    const remote = await refusal(parse(include('https://h/p.xml'), source));
    expect(remote.message).toMatch(/line 4, element xi:include: only files on this machine/);
  });

  it('includes text', async () => {
    put('script.sh', 'echo "<&>"\n');
    const tdl = await parse(
      template({
        rest: `<commands><command name='c'><xi:include ${xi} href='script.sh' parse='text'/></command></commands>`,
      }),
      source,
    );
    expect(tdl.commands[0]?.content).toEqual({ bytes: Buffer.from('echo "<&>"') });
  });
});
