/** Documents made to do harm. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, refusal, template } from './templates.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'ozma-tdl-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const source = path.join(dir, 'test.tdl');
const put = (name: string, text: string) => {
  mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
  writeFileSync(path.join(dir, name), text);
};
const xi = "xmlns:xi='http://www.w3.org/2001/XInclude'";
const include = (href: string, inner = '') =>
  template({ rest: `<xi:include ${xi} href='${href}'>${inner}</xi:include>` });

describe('entities', () => {
  const laughs = (depth: number) =>
    `<!DOCTYPE template [<!ENTITY l0 "${'lol'.repeat(100)}">${Array.from(
      { length: depth },
      (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`,
    ).join('')}]>`;

  it('that expand without end are refused, wherever they stand', async () => {
    for (const text of [
      template({ before: laughs(9), rest: '<description>&l9;</description>' }),
      template({ before: laughs(9), rest: "<packages><package name='&l9;'/></packages>" }),
    ]) {
      const error = await refusal(parse(text));
      expect(error.code).toBe('OZ_TDL_XML');
    }
  });

  it('that expand without end are refused in included files too', async () => {
    put(
      'bomb.xml',
      `${laughs(9).replace('template', 'description')}<description>&l9;</description>`,
    );
    const error = await refusal(parse(include('bomb.xml'), source));
    expect(error.code).toMatch(/^OZ_TDL_(INCLUDE|XML)$/);
  });

  it('of files are not read, in the template or in an included file', async () => {
    put('secret.txt', 'stolen');
    const doctype = `<!DOCTYPE d [<!ENTITY x SYSTEM "file://${dir}/secret.txt">]>`;
    const text = template({ before: doctype, rest: '<description>&x;</description>' });
    const own = await refusal(parse(text, source));
    expect(own.message).toContain('line 1, element template: external entities are not read');
    put('xxe.xml', `${doctype}<description>&x;</description>`);
    const included = await refusal(parse(include('xxe.xml'), source));
    expect(included.message).toContain('xxe.xml has external entities, which are not read');
  });
});

describe('the network', () => {
  it('is never asked', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end('<packages/>');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    put('remote.xml', `<!DOCTYPE packages SYSTEM "${base}/nested.dtd"><packages/>`);
    put('nested.xml', `<packages ${xi}><xi:include href='${base}/p.xml'/></packages>`);
    const texts = [
      include(`${base}/p.xml`),
      include(`${base}/p.xml`, '<xi:fallback/>'),
      include('remote.xml'),
      include('nested.xml'),
      `<!DOCTYPE template SYSTEM "${base}/t.dtd">${template()}`,
      `<!DOCTYPE template [<!ENTITY % p SYSTEM "${base}/p.ent"> %p;]>${template()}`,
      template({
        before: `<!DOCTYPE template [<!ENTITY e SYSTEM "${base}/e">]>`,
        rest: '<description>&e;</description>',
      }),
      template({ rest: `<commands><command name='c' type='url'>${base}/c</command></commands>` }),
    ];
    try {
      for (const text of texts) await parse(text, source).catch(() => undefined);
      expect(asked).toEqual([]);
    } finally {
      server.close();
    }
  });
});

describe('includes', () => {
  it('that multiply each other are refused before they fill the memory', async () => {
    for (let level = 0; level < 9; level++) {
      const next = `<xi:include href='level${level + 1}.xml'/>`.repeat(20);
      put(`level${level}.xml`, `<packages ${xi}>${next}</packages>`);
    }
    put('level9.xml', "<package name='x'/>");
    const error = await refusal(parse(include('level0.xml'), source));
    expect(error.code).toBe('OZ_TDL_INCLUDE');
    expect(error.message).toContain('repeat each other');
  });

  it('of huge files, directories and devices are refused', async () => {
    put('huge.xml', `<packages><!--${'x'.repeat(6 * 1024 * 1024)}--></packages>`);
    for (const href of [
      'huge.xml',
      '.',
      '/dev/zero',
      '/proc/self/mem',
      'a%00b',
      `${'x/'.repeat(3000)}y`,
      'x'.repeat(5000),
      '%ff',
    ]) {
      const error = await refusal(parse(include(href), source));
      expect(error.code).toBe('OZ_TDL_INCLUDE');
    }
  });

  it('in a circle are refused', async () => {
    put('a.xml', `<packages ${xi}><xi:include href='b.xml'/></packages>`);
    put('b.xml', `<packages ${xi}><xi:include href='a.xml'/></packages>`);
    const error = await refusal(parse(include('a.xml'), source));
    expect(error.code).toBe('OZ_TDL_INCLUDE');
  });

  it('leave nothing behind for the next document', async () => {
    put('good.xml', "<packages><package name='a'/></packages>");
    await refusal(parse(include('missing.xml'), source));
    const tdl = await parse(include('good.xml'), source);
    expect(tdl.packages).toHaveLength(1);
  });
});

describe('content on this machine', () => {
  it('is refused when it is no regular file', async () => {
    for (const url of ['file:///dev/zero', 'file:///etc', 'file:///nowhere', 'file://', 'file:']) {
      const text = template({
        rest: `<files><file name='/x' type='url'>${url}</file></files>`,
      });
      const error = await refusal(parse(text, source));
      expect(error.code).toBe('OZ_TDL_VALUE');
      expect(error.message).toContain('element files/file');
    }
  });
});

describe('structure', () => {
  it('nested without end is refused', async () => {
    const deep = template({ rest: '<a>'.repeat(100_000) + '</a>'.repeat(100_000) });
    const error = await refusal(parse(deep));
    expect(error.message).toContain('nested more than 256 deep');
  });

  it('of many attributes and elements is read or refused, not choked on', async () => {
    const attributes = Array.from({ length: 20_000 }, (_, i) => ` a${i}='1'`).join('');
    const error = await refusal(parse(template({ attributes })));
    expect(error.code).toBe('OZ_TDL_SCHEMA');
  });
});
