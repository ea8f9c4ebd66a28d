import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { dumpTdl } from '../../src/tdl/dump.ts';
import { mergePackages, mergeRepositories } from '../../src/tdl/merge.ts';
import { parse, template } from './templates.ts';

const text = template({
  install: "<install type='url'><url>http://bob:hunter3@h/</url></install>",
  inOs: '<rootpw>hunter2</rootpw><key>AAAA-BBBB</key><kernelparam>pw=hunter2</kernelparam>',
  rest:
    "<commands><command name='c'>echo root:hunter2 | chpasswd; echo AAAA-BBBB</command></commands>" +
    "<files><file name='/b' type='base64'>/wD/</file></files>" +
    "<repositories><repository name='r'><url>deb https://eve:hunter4@h/ ./</url></repository></repositories>",
});
const secrets = /hunter|AAAA|bob|eve/;

describe('dumpTdl()', () => {
  it('masks the root password, the key and credentials wherever they stand', async () => {
    const dump = dumpTdl(await parse(text));
    expect(JSON.stringify(dump)).not.toMatch(secrets);
    expect(dump).toMatchObject({
      name: 'thirteen',
      rootpw: '********',
      key: '********',
      install: { url: 'http://h/' },
      commands: [{ name: 'c', text: 'echo root:******** | chpasswd; echo ********' }],
      files: [{ name: '/b', size: 3 }],
      repositories: [{ url: 'deb https://h/ ./' }],
    });
  });

  it('does not invent secrets that are not there', async () => {
    const dump = dumpTdl(await parse(template()));
    expect(dump).not.toHaveProperty('rootpw');
    expect(dump).not.toHaveProperty('key');
  });

  it('is what JSON, console and string formatting show, after merging too', async () => {
    const tdl = await parse(text);
    const merged = await mergeRepositories(
      await mergePackages(tdl, "<packages><package name='a'/></packages>"),
      '<repositories/>',
    );
    for (const shown of [tdl, merged]) {
      expect(JSON.stringify({ shown })).not.toMatch(secrets);
      expect(inspect({ shown }, { depth: 9 })).not.toMatch(secrets);
      expect(shown.rootpw).toBe('hunter2');
    }
  });
});
