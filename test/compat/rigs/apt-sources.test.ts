import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aptMirror, parseDeb822, parseOneLine } from '../../../compat/rigs/lib/apt-sources.ts';

describe('deb822 sources', () => {
  it('reads stanzas, folded values and comments', () => {
    const text = `Types: deb deb-src
# URIs: http://commented.example/debian
URIs: http://one.example/debian
 http://two.example/debian
Suites: trixie trixie-updates
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: trixie

Types: deb-src
URIs: http://source.example/debian
Suites: trixie
`;
    expect(parseDeb822(text)).toEqual([
      { uri: 'http://one.example/debian', suites: ['trixie', 'trixie-updates'] },
      { uri: 'http://two.example/debian', suites: ['trixie', 'trixie-updates'] },
    ]);
  });
});

describe('one-line sources', () => {
  it('reads options and leaves comments and sources out', () => {
    const text = `# deb http://commented.example/debian trixie main
deb [arch=amd64 signed-by=/x.gpg] http://one.example/debian trixie main
deb-src http://source.example/debian trixie main
deb\thttp://two.example/debian/ bookworm main contrib
`;
    expect(parseOneLine(text)).toEqual([
      { uri: 'http://one.example/debian', suites: ['trixie'] },
      { uri: 'http://two.example/debian/', suites: ['bookworm'] },
    ]);
  });
});

describe('aptMirror', () => {
  let etc: string;
  beforeEach(async () => {
    etc = await mkdtemp(path.join(tmpdir(), 'ozma-apt-'));
    await mkdir(path.join(etc, 'sources.list.d'));
  });
  afterEach(() => rm(etc, { recursive: true, force: true }));
  const source = (name: string, text: string) => writeFile(path.join(etc, name), text);

  it('passes over security and third-party repositories', async () => {
    await source('sources.list.d/a.list', 'deb https://other.example/apt nodistro main\n');
    await source(
      'sources.list.d/b.sources',
      'Types: deb\nURIs: http://sec.example/debian-security\nSuites: bookworm-security\n',
    );
    await source('sources.list', 'deb http://mirror.example/debian/ bookworm main\n');
    expect(aptMirror(etc)).toBe('http://mirror.example/debian');
  });

  it('follows a list of mirrors', async () => {
    const list = path.join(etc, 'mirrors.list');
    await writeFile(list, '# first come\nhttps://mirror.example/debian\n');
    await source('sources.list', `deb mirror+file:${list} trixie main\n`);
    expect(aptMirror(etc)).toBe('https://mirror.example/debian');
  });

  it('says what to do when there is none', async () => {
    expect(() => aptMirror(etc)).toThrow(
      expect.objectContaining({ code: 'OZ_RIG_MIRROR', hint: expect.stringContaining('--mirror') }),
    );
  });
});
