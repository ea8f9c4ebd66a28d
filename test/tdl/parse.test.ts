import { describe, expect, it } from 'vitest';
import { parseTdl } from '../../src/tdl/parse.ts';
import { parse, refusal, template } from './templates.ts';

const full = `<template version="1.0">
  <name>web</name>
  <description>a &amp; b</description>
  <os>
    <name>Debian</name>
    <version>13</version>
    <arch>aarch64</arch>
    <install type="iso">
      <iso>http://h/debian.iso</iso>
      <sha256sum>http://h/SHA256SUMS</sha256sum>
      <extras>
        <file source="http://h/f" destination="/a/f"/>
        <directory source="file:///srv/d" destination="d"/>
      </extras>
    </install>
    <rootpw> pass word </rootpw>
    <key>KEY</key>
    <kernelparam>a=1
      b</kernelparam>
    <icicle><extra_command>dpkg -s</extra_command></icicle>
  </os>
  <disk><size>20 GB</size></disk>
  <packages><package name="vim"><repository>r</repository><file>f</file><arguments>-x</arguments></package></packages>
  <repositories><repository name="r"><url>https://h/r</url><signed>Yes</signed><persisted>no</persisted><sslverify>TRUE</sslverify></repository></repositories>
  <files><file name="/a" type="base64">AAH/</file><file name="/b">
    text
  </file></files>
  <precommands><command name="p" type="url">https://h/p.sh</command></precommands>
  <commands>
    <command name="second" position="2">echo 2</command>
    <command name="first" position="1">echo 1</command>
  </commands>
</template>`;

describe('parseTdl()', () => {
  it('reads every element of TDL 1.0', async () => {
    const tdl = await parse(full);
    expect({ ...tdl }).toEqual({
      source: '/tdl/test.tdl',
      name: 'web',
      description: 'a & b',
      distro: 'Debian',
      version: '13',
      arch: 'aarch64',
      install: {
        type: 'iso',
        url: 'http://h/debian.iso',
        checksum: { type: 'sha256', url: 'http://h/SHA256SUMS' },
        extras: [
          { kind: 'directory', source: 'file:///srv/d', destination: 'd' },
          { kind: 'file', source: 'http://h/f', destination: 'a/f' },
        ],
      },
      rootpw: ' pass word ',
      key: 'KEY',
      kernelparam: 'a=1 b',
      icicleExtraCommand: 'dpkg -s',
      packages: [{ name: 'vim', repository: 'r', file: 'f', arguments: '-x' }],
      repositories: [
        { name: 'r', url: 'https://h/r', signed: true, persisted: false, sslverify: true },
      ],
      files: [
        { name: '/a', content: { bytes: Buffer.from([0, 1, 255]) } },
        { name: '/b', content: { bytes: Buffer.from('text') } },
      ],
      precommands: [{ name: 'p', content: { url: 'https://h/p.sh' } }],
      commands: [
        { name: 'first', content: { bytes: Buffer.from('echo 1') } },
        { name: 'second', content: { bytes: Buffer.from('echo 2') } },
      ],
      diskSize: 20e9,
    });
  });

  it('has Oz defaults for repositories, and nothing for what is not there', async () => {
    const tdl = await parse(
      template({
        rest: "<repositories><repository name='r'><url>http://h/</url></repository></repositories>",
      }),
    );
    expect(tdl.repositories).toEqual([
      { name: 'r', url: 'http://h/', signed: false, persisted: true, sslverify: false },
    ]);
    expect([tdl.rootpw, tdl.key, tdl.diskSize, tdl.kernelparam]).toEqual(Array(4).fill(undefined));
  });

  it('names file, line and element', async () => {
    const error = await refusal(
      parse(template({ rest: "<files>\n<file name='/a' type='base64'>YQ</file>\n</files>" })),
    );
    expect(error.message).toBe(
      'Cannot use TDL /tdl/test.tdl: line 5, element files/file: its base64 content is cut short',
    );
    expect(error.code).toBe('OZ_TDL_VALUE');
  });

  it('suggests the element that was meant', async () => {
    const error = await refusal(parse(template({ rest: '<pakages/>' })));
    expect(error.message).toMatch(/line 4, element pakages: .*did you mean packages\?/);
    expect(error.code).toBe('OZ_TDL_SCHEMA');
  });

  it('is not fooled by names that every object has', async () => {
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      const element = await refusal(parse(template({ rest: `<${name}/>` })));
      expect(element.message).toContain('there is no such element');
      const attribute = await refusal(parse(template({ attributes: ` ${name}='1'` })));
      expect(attribute.message).toContain(`unknown attribute ${name}`);
    }
    const type = await refusal(
      parse(template({ install: "<install type='constructor'><url>http://h/</url></install>" })),
    );
    expect(type.message).toContain("must be 'url' or 'iso'");
  });

  it('says that a checksum is given by the URL of a file', async () => {
    const sum = `<sha256sum>${'0a'.repeat(32)}</sha256sum>`;
    const install = `<install type='iso'><iso>http://h/x.iso</iso>${sum}</install>`;
    const { hint } = await refusal(parse(template({ install })));
    expect(hint).toBe('name the URL of a file of checksums, not the checksum itself');
  });

  it('requires a root password where that is asked for', async () => {
    const options = { source: 'x.tdl', rootpwRequired: true };
    await expect(parseTdl(template(), options)).rejects.toThrow(/root password/);
    const tdl = await parseTdl(template({ inOs: '<rootpw>x</rootpw>' }), options);
    expect(tdl.rootpw).toBe('x');
  });

  it('never shows what may be part of a secret', async () => {
    const hidden = 'hunter2';
    const inPassword = (text: string) => template({ inOs: `<rootpw>${text}</rootpw>` });
    for (const text of [
      inPassword(`a&${hidden};`),
      inPassword(`a<${hidden}`),
      inPassword(`a<${hidden}>b`),
      inPassword(`${hidden}&`),
      inPassword(`${hidden}\u0001`),
      inPassword(`${hidden}\n`),
      inPassword(hidden).replace('</rootpw>', '</rootpv>'),
      template({ rest: `<files><file name='/a' type='base64'>${hidden}!</file></files>` }),
      template({ install: `<install type='url'><url>gopher://u:${hidden}@h/</url></install>` }),
    ]) {
      const error = await refusal(parse(text));
      const all = `${error.message} ${error.hint} ${error.stack} ${String(error.cause)}`;
      expect(all).not.toContain(hidden);
    }
  });

  it('reads a large template in reasonable time', async () => {
    const packages = Array.from({ length: 5000 }, (_, i) => `<package name='p${i}'/>`).join('\n');
    const tdl = await parse(template({ rest: `<packages>${packages}</packages>` }));
    expect(tdl.packages).toHaveLength(5000);
  });
});
