import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/plan.ts';
import { fakeIo } from './fake-io.ts';
import { memoryPlace, rootPassword, type Workshop, workshop } from './memory-place.ts';

let place: Workshop;

beforeAll(() => {
  place = workshop('http://deb.example.org/debian/dists/trixie/', '[libvrt]\nuri = x');
});
afterAll(() => place.remove());

async function plan(...argv: string[]) {
  const io = fakeIo({ cwd: place.dir });
  const { find, opened } = memoryPlace();
  const code = await main(['-c', 'oz.cfg', ...argv], io, find);
  return { code, out: io.out(), err: io.err(), opened };
}

/** An ISO as far as its descriptors, which is all that is read of it. */
function madeIso(label: string): string {
  const image = Buffer.alloc(0x8000 + 3 * 2048);
  image.write('\u0001CD001\u0001', 0x8000, 'latin1');
  image.fill(' ', 0x8000 + 8, 0x8000 + 72);
  image.write(label, 0x8000 + 40);
  image.writeUInt16LE(2048, 0x8000 + 128);
  image.write('EL TORITO SPECIFICATION', 0x8800 + 7);
  const iso = path.join(place.dir, 'x.iso');
  writeFileSync(iso, image);
  return iso;
}

describe('oz plan', () => {
  it('takes the TDL from standard input for -, and says so of what is wrong with it', async () => {
    const text = readFileSync(path.join(place.dir, 'x.tdl'), 'utf8');
    const read = async (input: string) => {
      const io = fakeIo({ cwd: place.dir, input: [input.slice(0, 99), input.slice(99)] });
      const code = await main(['-c', 'oz.cfg', '--json', '-'], io, memoryPlace().find);
      return { code, out: io.out(), err: io.err() };
    };
    const { code, out } = await read(text);
    expect([code, JSON.parse(out).name]).toEqual([0, 'x-guest']);
    expect((await read('<template/>')).err).toContain('standard input');
  });

  it('tells each part, the password masked, and touches nothing', async () => {
    const { code, out, err, opened } = await plan('-ug', 'x.tdl');
    expect(err).toBe('');
    expect(code).toBe(0);
    for (const section of [
      'Plan for x-guest: for a test',
      'Operating system',
      'Hardware',
      'Media',
      'Delivery of the answer file',
      'Boot of the installer',
      'Answer file preseed.cfg',
      'Domain XML',
      'Customization',
      'Outputs',
      'Warnings',
    ])
      expect(out).toMatch(new RegExp(`^${section}`, 'm'));
    expect(out).toContain('packages less');
    expect(out).toContain('file /etc/motd (5 B)');
    expect(out).toContain('command touch (');
    expect(out).toContain('chosen        initrd: ');
    expect(out).toContain("<domain type='memory'><name>x-guest</name>");
    expect(out).not.toContain(rootPassword);
    expect(opened).toEqual([]);
    expect(place.files()).toEqual([]);
  });

  it.each([
    ['-u', true, /^ {2}second boot +over SSH: as it happens$/m],
    ['-u', false, /^ {2}second boot +by cloud-init, from user data: as it happens$/m],
    ['-g', false, /^Customization\n {2}none\n {2}second boot +by cloud-init/m],
  ])('says how a cloud does the work of %s (SSH: %s), and why', async (option, reachable, row) => {
    const io = fakeIo({ cwd: place.dir });
    const { find } = memoryPlace();
    const cloud: typeof find = async (...asked) => {
      const memory = await find(...asked);
      const sshReachable = { reachable, reason: 'as it happens' };
      return {
        ...memory,
        capabilities: async () => ({ ...(await memory.capabilities()), sshReachable }),
      };
    };
    const argv = ['-c', 'oz.cfg', '--backend=openstack', option, 'x.tdl'];
    expect(await main(argv, io, cloud)).toBe(0);
    expect(io.out()).toMatch(row);
  });

  it('--json is one document, the password masked', async () => {
    const { code, out } = await plan('--json', '-x', 'out.xml', '-t', '90', 'x.tdl');
    expect(code).toBe(0);
    expect(out).not.toContain(rootPassword);
    const document = JSON.parse(out);
    expect(document).toMatchObject({
      schema: 1,
      name: 'x-guest',
      backend: 'libvirt',
      uri: 'memory:///',
      customise: null,
      outputs: { domainXml: path.join(place.dir, 'out.xml') },
      timeouts: { install: 90_000 },
    });
    expect(document).not.toHaveProperty('secrets');
    expect(document.install.answer.text).toContain('********');
  });

  it.each([
    ['-b ide', (p: PlanJson) => p.hardware.diskBus, 'ide'],
    ['-n e1000', (p: PlanJson) => p.hardware.nicModel, 'e1000'],
    ['-m 52:54:00:12:34:56', (p: PlanJson) => p.hardware.mac, '52:54:00:12:34:56'],
    ['-s /srv/y.img', (p: PlanJson) => p.outputs.image, '/srv/y.img'],
    ['-g -i y.icicle', (p: PlanJson) => path.basename(p.icicle?.file ?? ''), 'y.icicle'],
    ['--backend=libvirt', (p: PlanJson) => p.backend, 'libvirt'],
  ])('%s is seen in it', async (option, pick, expected) => {
    const { out, err } = await plan('--json', ...option.split(' '), 'x.tdl');
    expect(err).toBe('');
    expect(pick(JSON.parse(out))).toBe(expected);
  });

  it('says what an ISO on this machine holds, and what the TDL should say', async () => {
    const iso = madeIso('Debian 12.5.0 amd64 n');
    const text = readFileSync(path.join(place.dir, 'x.tdl'), 'utf8').replace(
      /<install type=.url.>[\s\S]*<\/install>/,
      `<install type="iso"><iso>file://${iso}</iso></install>`,
    );
    writeFileSync(path.join(place.dir, 'iso.tdl'), text);
    const { code, out } = await plan('iso.tdl');
    expect(code).toBe(0);
    expect(out).toMatch(/^ {4}holds +Debian 12/m);
    expect(out).toMatch(/the installer is Debian 12.*<version>12<\/version>/);
    const document = JSON.parse((await plan('--json', 'iso.tdl')).out);
    expect(document.installer).toMatchObject({
      file: iso,
      holds: expect.stringMatching(/^Debian 12/),
    });
  });

  describe('of a TDL that leaves version or architecture to its ISO', () => {
    const withIso = (url: string): string =>
      readFileSync(path.join(place.dir, 'x.tdl'), 'utf8').replace(
        /<install type=.url.>[\s\S]*<\/install>/,
        `<install type="iso"><iso>${url}</iso></install>`,
      );
    const write = (text: string): void => writeFileSync(path.join(place.dir, 'open.tdl'), text);

    it('says what they would be', async () => {
      const iso = madeIso('Debian 12.5.0 amd64 n');
      const text = withIso(`file://${iso}`);
      write(text.replace(/<version>.*<\/version>/, ''));
      const { code, out, err } = await plan('open.tdl');
      expect(code).toBe(1);
      expect(out).toBe('');
      const file = path.join(place.dir, 'open.tdl');
      const [start, name, end] = err.split(/(Debian 12.*?) \(x86_64\)/);
      expect([start, end]).toEqual([
        `Error: Cannot plan ${file}: it has no <version>; ${iso} is `,
        '\nHint: write <version>12</version> into <os>\n',
      ]);
      write(text.replace(/<version>.*<\/version>/, '<version/>').replace(/<arch>.*<\/arch>/, ''));
      expect((await plan('open.tdl')).err).toContain(
        'Hint: write <version>12</version><arch>x86_64</arch> into <os>',
      );
      const json = await plan('--json', 'open.tdl');
      expect(json.code).toBe(1);
      expect(JSON.parse(json.out)).toEqual({
        tdl: file,
        missing: ['version', 'arch'],
        installer: { file: iso, holds: `${name} (x86_64)` },
        proposal: { version: '12', arch: 'x86_64' },
      });
    });

    it('reads a kept ISO, unless there are several', async () => {
      write(withIso('http://deb.example.org/x.iso').replace(/<version>.*<\/version>/, ''));
      const isos = path.join(place.dir, 'data', 'isos');
      mkdirSync(isos, { recursive: true });
      const keep = (name: string, label: string): void =>
        copyFileSync(madeIso(label), path.join(isos, name));
      keep('Debian13i386-iso.iso', 'Debian 13.1.0 i386 n');
      keep('Ubuntu24.04x86_64-iso.iso', 'Ubuntu-Server 24.04 LTS amd64');
      expect((await plan('open.tdl')).err).toContain('it has no element <version>');
      keep('Debian12x86_64-iso.iso', 'Debian 12.5.0 amd64 n');
      expect((await plan('open.tdl')).err).toContain('Hint: write <version>12</version>');
      keep('Debian11x86_64-iso.iso', 'Debian 11.1.0 amd64 n');
      expect((await plan('open.tdl')).err).toContain('it has no element <version>');
      rmSync(isos, { recursive: true });
    });

    it.each([
      ['another system', 'Ubuntu-Server 24.04 LTS amd64', (text: string) => text],
      ['nothing that is known', 'Whatever', (text: string) => text],
      ['another architecture than it does say', 'Debian 12.5.0 i386 n', (text: string) => text],
      [
        'a system, but is wrong in another way too',
        'Debian 12.5.0 amd64 n',
        (text: string) => text.replace('<os>', '<os><nonsense/>'),
      ],
    ])('tells the ordinary error where the ISO is %s', async (_, label, change) => {
      const text = withIso(`file://${madeIso(label)}`);
      write(change(text.replace(/<version>.*<\/version>/, '')));
      const { code, out, err } = await plan('--json', 'open.tdl');
      expect(code).toBe(1);
      expect(out).toBe('');
      expect(err).toMatch(/open\.tdl: line \d+, element os/);
    });
  });

  it('-a takes the answer file as it is', async () => {
    writeFileSync(path.join(place.dir, 'my.cfg'), 'd-i my/own string 1\n');
    const { out } = await plan('--json', '-a', 'my.cfg', 'x.tdl');
    expect(JSON.parse(out).install.answer).toMatchObject({
      text: 'd-i my/own string 1\n',
      origin: path.join(place.dir, 'my.cfg'),
    });
  });

  it.each([
    [['-i', 'f', 'x.tdl'], 3, 'The -i option must be combined with the -g option'],
    [['-s', 'rel.img', 'x.tdl'], 2, 'not an absolute path'],
    [['-a', 'none.cfg', 'x.tdl'], 1, 'Cannot read answer file none.cfg: there is no such file'],
    [['-a', '.', 'x.tdl'], 1, 'Cannot read answer file .: '],
    [['none.tdl'], 1, 'Cannot read TDL '],
    [['oz.cfg'], 1, 'Cannot '],
    [['-c', 'none.cfg', 'x.tdl'], 1, 'none.cfg'],
  ] as const)('%j fails with exit code %i', async (argv, code, message) => {
    const result = await plan(...argv);
    expect(result.err).toContain(`Error: `);
    expect(result.err).toContain(message);
    expect(result.err).not.toContain('not foreseen');
    expect([result.code, result.out]).toEqual([code, '']);
  });
});

interface PlanJson {
  backend: string;
  hardware: { diskBus: string; nicModel: string; mac?: string };
  outputs: { image: string };
  icicle: { file: string | null } | null;
}
