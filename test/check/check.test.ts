import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageFile } from '../../src/base/package-root.ts';
import { main as check } from '../../src/cli/check.ts';
import { main as migrate } from '../../src/cli/migrate.ts';
import { fakeIo } from '../cli/fake-io.ts';
import { osinfoEnv } from '../fakes/osinfo-env.ts';

const template = (change: { os?: string; arch?: string; install?: string; rest?: string } = {}) =>
  `<template>
  <name>web</name>
  <os>
    ${change.os ?? '<name>Debian</name><version>13</version>'}
    <arch>${change.arch ?? 'x86_64'}</arch>
    ${change.install ?? "<install type='url'><url>http://deb.example.org/debian/</url></install>"}
    <rootpw>a-secret-word</rootpw>
  </os>
  <disk><size>2G</size></disk>
  ${change.rest ?? ''}
</template>
`;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'ozma-check-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const put = (name: string, text: string) => {
  mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
  writeFileSync(path.join(dir, name), text);
};
const get = (name: string) => readFileSync(path.join(dir, name), 'utf8');

async function run(command: typeof check, ...argv: string[]) {
  const io = fakeIo({ cwd: dir, env: { HOME: dir, ...osinfoEnv } });
  const code = await command(argv, io);
  return { code, out: io.out(), err: io.err() };
}

async function report(...argv: string[]) {
  const { code, out } = await run(check, '--json', ...argv);
  return { code, ...JSON.parse(out) };
}

describe('oz check', () => {
  it('says how each backend builds a template, with no secret in it', async () => {
    put('web.tdl', template());
    const { code, files, backend } = await report('web.tdl');
    expect([code, backend]).toEqual([0, 'libvirt']);
    expect(files).toMatchObject([
      {
        kind: 'tdl',
        file: 'web.tdl',
        problem: null,
        os: 'Debian 13',
        backends: {
          libvirt: { builds: true, delivery: 'initrd', answer: { filename: 'preseed.cfg' } },
          openstack: { builds: true, delivery: 'initrd', strategy: 'direct' },
        },
        differences: [{ class: 'unknown-to-oz' }],
        deprecated: [],
      },
    ]);
    expect(JSON.stringify(files)).not.toContain('a-secret-word');
    const { out } = await run(check, 'web.tdl');
    expect(out).toMatch(/^web\.tdl +Debian 13 +initrd +direct: initrd$/m);
    expect(out).toContain('differs  Oz does not take Debian 13\n');
    expect(out).toMatch(/\n1 file: all right for libvirt\n$/);
  });

  it('looks into directories for templates and configurations, and at nothing else', async () => {
    put('lib/a.tdl', template());
    put('lib/deep/b.xml', template());
    put('lib/deep/c.xml', `<?xml version="1.0"?>\n<!-- <lib> -->\n${template()}`);
    put('lib/deep/domain.xml', '<domain/>');
    put('lib/deep/script.xml', '<libosinfo><!-- x --><template>d-i</template></libosinfo>');
    put('lib/oz.cfg', '[libvirt]\nimage_type = qcow2\n');
    put('lib/setup.cfg', 'nonsense');
    put('lib/.hidden/c.tdl', 'nonsense');
    const { code, files } = await report('lib');
    expect(code).toBe(0);
    expect(files.map(({ file }: { file: string }) => file)).toEqual([
      'lib/a.tdl',
      'lib/deep/b.xml',
      'lib/deep/c.xml',
      'lib/oz.cfg',
    ]);
  });

  it('tells what is wrong, goes on, and exits with 1', async () => {
    put('bad.tdl', template({ arch: 'x86-64' }));
    put('good.tdl', template());
    put('oz.cfg', '[libvirt]\nmemory = much\n');
    const { code, files } = await report('bad.tdl', 'good.tdl', 'oz.cfg');
    expect(code).toBe(1);
    expect(files).toMatchObject([
      {
        problem: { code: 'OZ_TDL_SCHEMA', message: expect.stringContaining('line 5') },
        backends: {},
      },
      { problem: null },
      { kind: 'config', problem: { code: 'OZ_CONFIG_VALUE' } },
    ]);
  });

  it('takes a template from standard input for -', async () => {
    put('good.tdl', template());
    const io = fakeIo({
      cwd: dir,
      env: { HOME: dir, ...osinfoEnv },
      input: [template({ arch: 'x86-64' })],
    });
    expect(await check(['--json', 'good.tdl', '-'], io)).toBe(1);
    expect(JSON.parse(io.out()).files).toMatchObject([
      { file: '-', problem: { message: expect.stringContaining('standard input') } },
      { file: 'good.tdl', problem: null },
    ]);
  });

  it('minds the backend that is asked for', async () => {
    put('plan9.tdl', template({ os: '<name>Plan9</name><version>4</version>' }));
    const { code, files } = await report('plan9.tdl');
    expect(code).toBe(1);
    expect(files[0].backends).toMatchObject({
      libvirt: { builds: false, problem: { code: 'OZ_PLAN_UNKNOWN_OS' } },
      openstack: { builds: false },
    });
    const { out } = await run(check, '--backend=openstack', 'plan9.tdl');
    expect(out).toContain('both     Cannot build Plan9 4');
    expect(out).toContain('1 file: 1 not right for openstack');
  });

  it('says what Oz did otherwise, and what is outdated', async () => {
    const install =
      "<install type='iso'><iso>ftp://x.example/xp.iso</iso><md5sum>http://x.example/S</md5sum></install>";
    const rest = `<packages><package name='a'><arguments>-x</arguments></package></packages>
      <repositories><repository name='r'><url>http://r.example/</url><signed>False</signed></repository></repositories>
      <commands><command name='c'>#!/usr/bin/python3
print(1)</command></commands>`;
    put('old.tdl', template({ os: '<name>Ubuntu</name><version>12.04</version>', install, rest }));
    const { files } = await report('old.tdl');
    const classes = (list: { class: string }[]) => list.map((each) => each.class);
    expect(classes(files[0].differences)).toEqual(
      expect.arrayContaining(['checksum', 'package-parts', 'programs']),
    );
    expect(classes(files[0].differences)).not.toContain('unknown-to-oz');
    expect(classes(files[0].deprecated)).toEqual(['weak-checksum', 'ftp', 'unverified']);
  });

  it('tells an ISO that gets files from one that stays as it is', async () => {
    const iso = (extras: string) =>
      `<install type='iso'><iso>http://x.example/f.iso</iso>${extras}</install>`;
    const extras = "<extras><file source='http://x.example/f' destination='f'/></extras>";
    const os = '<name>Fedora</name><version>44</version>';
    put('plain.tdl', template({ os, install: iso('') }));
    put('extras.tdl', template({ os, install: iso(extras) }));
    const { files } = await report('.');
    const classes = files.map((one: { differences: { class: string }[] }) =>
      one.differences.map((each) => each.class).filter((name) => /^(iso|unknown)/.test(name)),
    );
    expect(classes).toEqual([['iso-in-one-pass'], ['iso-untouched']]);
  });

  it.each([
    ['Mageia', '5', 'x86_64', 'iso', ['not-customized-by-oz']],
    ['OpenSUSE', '13.1', 'x86_64', 'url', ['refused-by-oz']],
    ['Windows', '2000', 'x86_64', 'iso', ['refused-by-oz', 'not-customized-by-oz']],
    ['Ubuntu', '10.04', 'i386', 'iso', ['not-customized-by-oz', 'kept-repositories']],
    ['Ubuntu', '12.04', 'i386', 'iso', ['kept-repositories']],
    ['CentOS-5', 'U11', 'x86_64', 'url', []],
    ['RHEL-3', 'U9', 'i386', 'iso', ['refused-by-oz', 'not-customized-by-oz']],
  ])('knows what Oz makes of %s %s for %s from %s', async (name, version, arch, type, expected) => {
    const os = `<name>${name}</name><version>${version}</version><key>x</key>`;
    const install = `<install type='${type}'><${type}>http://x.example/x</${type}></install>`;
    const rest = `<repositories><repository name='r'><url>http://r.example/</url>
      <persisted>no</persisted></repository></repositories>
      <commands><command name='c'>true</command></commands>`;
    put('old.tdl', template({ os, arch, install, rest }));
    const { files } = await report('old.tdl');
    expect(files[0].problem).toBe(null);
    const asked = ['refused-by-oz', 'not-customized-by-oz', 'kept-repositories'];
    const classes = files[0].differences.map((each: { class: string }) => each.class);
    expect(classes.filter((each: string) => asked.includes(each))).toEqual(expected);
  });

  it.each(['libvirt', 'openstack'])(
    'finds nothing to change in the examples for %s',
    async (place) => {
      const examples = packageFile('tdl-examples');
      const { code, files } = await report(`--backend=${place}`, examples);
      expect([code, files.length]).toEqual([0, readdirSync(examples).length]);
      for (const { file, deprecated, backends } of files)
        expect([file, deprecated, backends[place].warnings]).toEqual([file, [], []]);
    },
  );

  it('refuses what is not there, an empty directory, and no file at all', async () => {
    mkdirSync(path.join(dir, 'empty'));
    expect(await run(check, 'none.tdl')).toMatchObject({ code: 1, out: '' });
    expect((await run(check, 'empty')).err).toContain('no template is in it');
    expect((await run(check)).code).toBe(2);
  });
});

describe('oz check in a directory', () => {
  it('waits for no pipe', async () => {
    put('lib/web.tdl', template());
    for (const name of ['pipe.tdl', 'pipe.xml', 'oz.cfg'])
      execFileSync('mkfifo', [path.join(dir, 'lib', name)]);
    const { code, files } = await report('lib');
    expect([code, files.length]).toEqual([0, 1]);
  });
});

describe('oz migrate', () => {
  const config = `# mine
[paths]
output_dir = /srv/images
[libvirt]
uri = qemu:///system
imagetype = qcow2
  and more
memory = 2048
`;

  it('writes a configuration for a cloud, and keeps what counts', async () => {
    put('oz.cfg', config);
    const { code, out, err } = await run(migrate, '--backend=openstack', 'oz.cfg');
    expect(code).toBe(0);
    expect(out).toMatch(
      /^# mine\n\[backend\]\ntype = openstack\n\n\[paths\]\noutput_dir = \/srv\/images\n\[libvirt\]\n# ozma: .*\n#uri = qemu:\/\/\/system\n# ozma: .* image_type\?\n#imagetype = qcow2\n# {2}and more\nmemory = 2048\n\n\[openstack\]\n/,
    );
    expect(err).toContain('oz.cfg: line 5: a cloud is no libvirt connection;');
    expect(get('oz.cfg')).toBe(config);
    put('new.cfg', out);
    expect((await report('new.cfg')).files).toMatchObject([
      { problem: null, backend: 'openstack', warnings: [] },
    ]);
  });

  it('goes back, and finds nothing to change the second time', async () => {
    put('oz.cfg', '[backend]\ntype = openstack\n[openstack]\ncloud = dev\n');
    await run(migrate, '--backend=libvirt', '--in-place', 'oz.cfg');
    expect(get('oz.cfg')).toBe('[backend]\ntype = libvirt\n[openstack]\ncloud = dev\n');
    const again = await run(migrate, '--backend=libvirt', 'oz.cfg');
    expect([again.out, again.err]).toEqual(['', 'oz.cfg: nothing to change\n']);
  });

  const head = '[backend]\ntype = openstack\n';
  const outdated = '# ozma: a cloud is no libvirt connection\n';
  it.each([
    [
      '[libvirt]\n  uri = x\n  memory = 9\n',
      `${head}\n[libvirt]\n${outdated}#  uri = x\n  memory = 9\n`,
    ],
    [
      '  [libvirt]\n  memory = 9\n',
      `  [backend]\n  type = openstack\n\n  [libvirt]\n  memory = 9\n`,
    ],
    ['[backend]\ntype =\n  libvirt\n[libvirt]\n', `${head}[libvirt]\n`],
    [
      '[paths]\nbase = /x\noutput_dir = %(base)s/y\n',
      `${head}\n[paths]\nbase = /x\noutput_dir = %(base)s/y\n`,
    ],
    [
      '[Libvirt]\nmemory = 9\n',
      `${head}\n[Libvirt]\n# ozma: nobody reads section [Libvirt]: did you mean libvirt?\n#memory = 9\n`,
    ],
    ['# nothing\n\n', `# nothing\n${head}`],
    ['', head],
    [
      '\uFEFF[libvirt]\r\nmemory = 9\r\n',
      `\uFEFF${head}\n[libvirt]\nmemory = 9\n`.replaceAll('\n', '\r\n'),
    ],
  ])('keeps what counts of %j', async (before, after) => {
    put('oz.cfg', before);
    expect((await run(migrate, '--backend=openstack', '--in-place', 'oz.cfg')).code).toBe(0);
    const once = get('oz.cfg');
    expect(once.slice(0, once.search(/\r?\n\[openstack\]/))).toBe(after);
    const again = await run(migrate, '--backend=openstack', 'oz.cfg');
    expect(again.err).toBe('oz.cfg: nothing to change\n');
  });

  it('refuses a configuration that is wrong', async () => {
    put('oz.cfg', '[libvirt]\nmemory = much\n');
    expect((await run(migrate, 'oz.cfg')).err).toContain(
      "[libvirt] memory: 'much' must be a whole",
    );
  });

  it('notes in a template what needs a change, and nothing in a good one', async () => {
    put('lib/bad.tdl', template({ arch: 'x86-64' }));
    put('lib/good.tdl', template());
    const { code, out, err } = await run(migrate, 'lib');
    expect(code).toBe(0);
    expect(out).toContain('    <!-- ozma: element os/arch: it must be one of');
    expect(out.split('\n').findIndex((line) => line.includes('<!-- ozma'))).toBe(4);
    expect(err).toContain('lib/good.tdl: nothing to change\n');
    expect(get('lib/bad.tdl')).toBe(template({ arch: 'x86-64' }));
  });

  it('--in-place changes the files, keeps their mode, and adds nothing twice', async () => {
    put('bad.tdl', template({ arch: 'x86-64' }));
    chmodSync(path.join(dir, 'bad.tdl'), 0o600);
    await run(migrate, '--in-place', 'bad.tdl');
    const once = get('bad.tdl');
    expect(once.match(/<!-- ozma/g)).toHaveLength(1);
    expect(statSync(path.join(dir, 'bad.tdl')).mode & 0o777).toBe(0o600);
    await run(migrate, '--in-place', 'bad.tdl');
    expect(get('bad.tdl')).toBe(once);
    put('bad.tdl', once.replace('x86-64', 'x86_64'));
    await run(migrate, '--in-place', 'bad.tdl');
    expect(get('bad.tdl')).toBe(template());
  });

  it('changes what a link leads to', async () => {
    put('lib/bad.tdl', template({ arch: 'x86-64' }));
    symlinkSync('lib/bad.tdl', path.join(dir, 'link.tdl'));
    await run(migrate, '--in-place', 'link.tdl');
    expect(lstatSync(path.join(dir, 'link.tdl')).isSymbolicLink()).toBe(true);
    expect(get('lib/bad.tdl')).toContain('<!-- ozma');
  });

  it.each([
    ['is not UTF-8', Buffer.from(template({ rest: '<!-- caf\xe9 -->', arch: 'x86-64' }), 'latin1')],
    [
      'says that it is ISO-8859-1',
      Buffer.from(
        `<?xml version="1.0" encoding="ISO-8859-1"?>\n${template({ rest: '<!-- café -->', arch: 'x86-64' })}`,
      ),
    ],
  ])('changes nothing that it can not read without loss: %s', async (why, bytes) => {
    const file = path.join(dir, 'odd.tdl');
    writeFileSync(file, bytes);
    const { code, err } = await run(migrate, '--in-place', 'odd.tdl');
    expect([code, err]).toEqual([1, expect.stringContaining(why)]);
    expect(err).toContain('Hint: convert it first');
    expect(readFileSync(file)).toEqual(bytes);
  });

  it.each([
    ['behind a comment with another one in it', `<!--\n<template>\n-->\n`, /-->\n<!-- ozma/],
    ['behind a declaration', '<?xml version="1.0"?>', /^<\?xml version="1\.0"\?>\n<!-- ozma/],
    ['behind a byte order mark', '\uFEFF', /^\uFEFF<!-- ozma/],
  ])('puts remarks before the root: %s', async (_, ahead, expected) => {
    put('web.tdl', ahead + template().replace('<name>web</name>', ''));
    await run(migrate, '--in-place', 'web.tdl');
    const once = get('web.tdl');
    expect(once).toMatch(expected);
    expect(once).toMatch(/-->\n<template>\n/);
    await run(migrate, '--in-place', 'web.tdl');
    expect(get('web.tdl')).toBe(once);
  });

  it('says why it can not write', async () => {
    put('web.tdl', template());
    put('file', '');
    const { code, err } = await run(migrate, '-o', 'file', 'web.tdl');
    expect(code).toBe(1);
    expect(err).toMatch(/Error: Cannot write .*file\/web\.tdl: .*\nHint: name another directory/);
  });

  it('takes what is named twice once, and writes no two files to one name', async () => {
    put('lib/a.tdl', template());
    put('other/a.tdl', template());
    expect((await report('lib', 'lib/a.tdl', './lib/a.tdl')).files).toHaveLength(1);
    const { code, err } = await run(migrate, '-o', 'new', 'lib', 'other');
    expect([code, err]).toEqual([1, expect.stringContaining('two files would have this name')]);
  });

  it('-o writes a copy of the library, and replaces nothing', async () => {
    put('lib/sub/good.tdl', template());
    expect((await run(migrate, '-o', 'new', 'lib')).code).toBe(0);
    expect(get('new/sub/good.tdl')).toBe(template());
    const { code, err } = await run(migrate, '-o', 'new', 'lib');
    expect(code).toBe(1);
    expect(err).toContain('it is there already');
    expect((await run(migrate, '-o', 'x', '--in-place', 'lib')).code).toBe(2);
  });
});
