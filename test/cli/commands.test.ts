import { execFile, execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OzError } from '../../src/base/errors.ts';
import { packageFile } from '../../src/base/package-root.ts';
import type { Io } from '../../src/cli/io.ts';
import { main as cleanupCache } from '../../src/cli/oz-cleanup-cache.ts';
import { main as customize } from '../../src/cli/oz-customize.ts';
import { main as generateIcicle } from '../../src/cli/oz-generate-icicle.ts';
import { main as install } from '../../src/cli/oz-install.ts';
import { main as planCommand } from '../../src/cli/plan.ts';
import type { FindPlace } from '../../src/compose/places.ts';
import type { MemoryBackendOptions } from '../fakes/memory-backend.ts';
import { fakeIo } from './fake-io.ts';
import {
  anyFileServer,
  memoryPlace,
  rootPassword,
  type Workshop,
  workshop,
} from './memory-place.ts';

let web: { url: string; server: Server };
let place: Workshop;

beforeAll(async () => {
  web = await anyFileServer();
});
afterAll(() => void web.server.close());
beforeEach(() => {
  place = workshop(web.url);
});
afterEach(() => place.remove());

type Command = (argv: readonly string[], io: Io, find: FindPlace) => Promise<number>;

async function run(command: Command, argv: string[], options: MemoryBackendOptions = {}) {
  const io = fakeIo({ cwd: place.dir });
  const { find, opened } = memoryPlace(options);
  const code = await command(['-c', 'oz.cfg', ...argv], io, find);
  return { code, out: io.out(), err: io.err(), backend: opened[0] };
}

const finished = { runs: [{ stopAfter: 5, writes: 'installed' }] };

describe('oz-install', () => {
  it('leaves image and libvirt XML, and says where the XML is, as Oz does', async () => {
    const { code, out, err, backend } = await run(install, ['x.tdl'], finished);
    expect(err).not.toContain('Error');
    expect(code).toBe(0);
    const [, name = ''] = /^Libvirt XML was written to (.*)\n$/.exec(out) ?? [];
    expect(name).toMatch(/^x-guest[A-Z][a-z]{2}_\d\d_\d{4}-\d\d:\d\d:\d\d$/);
    expect(readFileSync(path.join(place.dir, name), 'utf8')).toContain('x-guest');
    expect(readFileSync(path.join(place.dir, 'images/x-guest.dsk'), 'utf8')).toContain('installed');
    expect(backend?.live()).toEqual({ guests: [], running: [] });
    expect(backend?.closed).toBe(true);
    expect(place.files().filter((f) => f.startsWith('data/ledger/'))).toEqual([]);
  });

  it('-x names the file, in the words of the user', async () => {
    const { out } = await run(install, ['-x', 'out.xml', 'x.tdl'], finished);
    expect(out).toBe('Libvirt XML was written to out.xml\n');
    expect(existsSync(path.join(place.dir, 'out.xml'))).toBe(true);
  });

  it('shows phases as plain lines on standard error, none with --progress=none', async () => {
    const plain = await run(install, ['x.tdl'], finished);
    expect(plain.err).toMatch(/^\[00:\d\d\] x-guest: memory, x86_64\n/);
    expect(plain.err).toContain('install Debian 13');
    const none = await run(install, ['-p', '--progress=none', 'x.tdl'], finished);
    expect([none.code, none.err]).toEqual([0, '']);
  });

  it('--json gives events only, the result among them', async () => {
    const { code, out } = await run(install, ['--json', '-x', 'out.xml', 'x.tdl'], finished);
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(code).toBe(0);
    expect(events[0]).toMatchObject({ type: 'build-start', name: 'x-guest' });
    expect(events.at(-1)).toMatchObject({
      type: 'result',
      result: { name: 'x-guest', domainXml: path.join(place.dir, 'out.xml') },
    });
    expect(out).not.toContain(rootPassword);
  });

  it('fails with message, hint, evidence and exit code 1, and leaves nothing', async () => {
    const runs = [{ stopAfter: 5, stop: { reason: 'crashed' } as const, console: [] }];
    const { code, out, err, backend } = await run(install, ['--progress=none', 'x.tdl'], { runs });
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^Error: Cannot .*\n/);
    expect(err).toMatch(/^Evidence: .*screenshots/m);
    expect(err).not.toContain(rootPassword);
    expect(backend?.live()).toEqual({ guests: [], running: [] });
    expect(place.files().filter((f) => f.startsWith('images/'))).toEqual([]);
  });

  it('says so, too, where the evidence can not be kept', async () => {
    writeFileSync(path.join(place.dir, 'screenshots'), 'a file');
    const runs = [{ stopAfter: 5, stop: { reason: 'crashed' } as const, console: [] }];
    const { code, err } = await run(install, ['--progress=none', 'x.tdl'], { runs });
    expect(code).toBe(1);
    expect(err).toMatch(
      /^no evidence is kept: Cannot .*screenshots.*: set screenshot_dir in \[paths\]/m,
    );
    expect(err).not.toMatch(/^Evidence:|ENOTDIR/m);
  });

  it('says where the image is in Glance, and -p and -s are as ever', async () => {
    const config = readFileSync(path.join(place.dir, 'oz.cfg'), 'utf8');
    const cloud = '[backend]\ntype = openstack\n[openstack]\nresult = both\n';
    writeFileSync(path.join(place.dir, 'oz.cfg'), `${config}${cloud}`);
    const catalogue = new Map<string, string>();
    const image = path.join(place.dir, 'mine.img');
    writeFileSync(image, 'old');
    const options = { ...finished, remote: true, catalogue };
    const { code, out } = await run(install, ['-p', '-s', image, '-x', 'x.xml', 'x.tdl'], options);
    expect(code).toBe(0);
    expect(out).toBe('Image x-guest in Glance: memory-x-guest\nLibvirt XML was written to x.xml\n');
    expect(readFileSync(image, 'utf8')).toContain('installed');
    expect([...catalogue.keys()]).toEqual(['memory-x-guest']);
  });

  it('says what did not go as asked with the image in Glance, at -d0 too', async () => {
    const options = { ...finished, publishWarning: 'the image is not public' };
    const line = ['--backend=openstack', '--progress=none', 'x.tdl'];
    const { code, err } = await run(install, line, options);
    expect([code, err]).toEqual([0, 'Warning: the image is not public\n']);
    const more = await run(install, ['-p', '-d1', ...line], options);
    expect([more.code, more.err]).toEqual([0, 'the image is not public\n']);
  });

  it('--json has the error as an event with its code', async () => {
    const { code, out } = await run(install, ['--json', 'none.tdl']);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      type: 'error',
      code: 'OZ_TDL_FILE',
      message: expect.stringContaining('none.tdl'),
    });
  });

  it('refuses a disk that is there, unless -p', async () => {
    mkdirSync(path.join(place.dir, 'images'));
    writeFileSync(path.join(place.dir, 'images/x-guest.dsk'), 'old');
    const refused = await run(install, ['--progress=none', 'x.tdl'], finished);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('already exists');
    expect((await run(install, ['-p', 'x.tdl'], finished)).code).toBe(0);
  });

  it('refuses outputs in a directory that is not there before anything is made', async () => {
    const { code, err, backend } = await run(install, ['-x', 'none/out.xml', 'x.tdl']);
    expect(code).toBe(1);
    expect(err).toContain('no such directory');
    expect(backend).toBeUndefined();
    expect(place.files()).toEqual([]);
  });

  it.each([
    ['oz-install', install],
    ['oz plan', planCommand],
  ])('refuses a directory that -x names before anything is made: %s', async (_, command) => {
    mkdirSync(path.join(place.dir, 'out'));
    const { code, err } = await run(command, ['-x', 'out', 'x.tdl'], finished);
    expect(code).toBe(1);
    expect(err).toBe(
      `Error: Cannot write ${place.dir}/out: it is a directory\nHint: name a file\n`,
    );
    expect(place.files()).toEqual(['out']);
  });

  it('writes the XML into a pipe', async () => {
    execFileSync('mkfifo', [path.join(place.dir, 'pipe')]);
    const reading = promisify(execFile)('cat', [path.join(place.dir, 'pipe')]);
    expect((await run(install, ['-x', 'pipe', 'x.tdl'], finished)).code).toBe(0);
    expect((await reading).stdout).toContain('<domain');
  });

  it('hides secrets in what a place logs, a guest description with kernel arguments among it', async () => {
    const io = fakeIo({ cwd: place.dir });
    const { find } = memoryPlace(finished);
    const chatty: FindPlace = async (...args) => {
      const inner = await find(...args);
      return {
        ...inner,
        open(context, signal) {
          context.log(`<cmdline>passwd/root-password=${rootPassword}</cmdline>`);
          return inner.open(context, signal);
        },
      };
    };
    expect(await install(['-c', 'oz.cfg', '-d4', 'x.tdl'], io, chatty)).toBe(0);
    expect(io.err()).toContain('<cmdline>passwd/root-password=********</cmdline>');
    expect(io.err()).not.toContain(rootPassword);
  });

  it('-i without -g is exit code 3', async () => {
    const { code, err } = await run(install, ['-i', 'f', 'x.tdl']);
    expect(code).toBe(3);
    expect(err).toMatch(/^Error: The -i option must be combined with the -g option\n/);
  });

  it('an interruption cleans up and is exit code 130', async () => {
    const io = fakeIo({ cwd: place.dir });
    const { find, opened } = memoryPlace({ runs: [{}] }); // runs for ever
    const done = install(['-c', 'oz.cfg', 'x.tdl'], io, find);
    let ended = false;
    void done.finally(() => {
      ended = true;
    });
    while (!ended && opened[0]?.live().running.length !== 1)
      await new Promise((r) => setTimeout(r, 5));
    io.signals.emit('SIGINT', 'SIGINT');
    expect(await done).toBe(130);
    expect(io.err()).toContain('Error: Cannot finish: interrupted by SIGINT\n');
    expect(opened[0]?.live()).toEqual({ guests: [], running: [] });
    expect(place.files().filter((f) => /^images\/|ledger\//.test(f))).toEqual([]);
  });

  it('clears what a killed run has left', async () => {
    const left = path.join(place.dir, '.x.ozma-0a1b2c3d');
    mkdirSync(left);
    mkdirSync(path.join(place.dir, 'data/ledger'), { recursive: true });
    const lines = [
      { owner: { pid: 1, started: 'long ago' } },
      { add: { place: 'file', kind: 'path', ref: left } },
    ];
    writeFileSync(
      path.join(place.dir, 'data/ledger/1-dead.jsonl'),
      lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
      // whatever the umask: Debian 13's users share their files with their group
      { mode: 0o600 },
    );
    await run(install, ['x.tdl'], finished);
    expect(existsSync(left)).toBe(false);
    expect(place.files()).not.toContain('data/ledger/1-dead.jsonl');
  });
});

describe.each([
  ['oz-customize', customize],
  ['oz-generate-icicle', generateIcicle],
] as const)('%s', (_name, command) => {
  it.each([
    ['a file that is not there', undefined, 'there is no such file'],
    ['what is no XML', 'nonsense', 'Cannot use libvirt XML x.xml'],
    ['another document', '<network/>', 'not <domain>'],
    ['a truncated document', '<domain><name>x', 'Cannot use libvirt XML x.xml'],
    ['more than 5 MiB', ' '.repeat(5 * 1024 * 1024 + 1), 'larger than 5 MiB'],
  ])('refuses %s as the libvirt XML', async (_what, text, message) => {
    if (text !== undefined) writeFileSync(path.join(place.dir, 'x.xml'), text);
    const { code, err, backend } = await run(command, ['x.tdl', 'x.xml']);
    expect(code).toBe(1);
    expect(err).toContain(message);
    expect(err).toContain('Hint: give the file that oz-install wrote');
    expect(backend).toBeUndefined();
  });

  it('refuses a directory as the libvirt XML', async () => {
    expect((await run(command, ['x.tdl', '.'])).err).toContain('XML .: it is a directory\n');
  });

  it('warns of what oz.cfg has and nobody reads', async () => {
    const config = readFileSync(path.join(place.dir, 'oz.cfg'), 'utf8');
    writeFileSync(
      path.join(place.dir, 'oz.cfg'),
      config.replace('[libvirt]', '[libvirt]\nimagetype = qcow2'),
    );
    const xml = `<domain type='qemu'><name>x</name><memory unit='MiB'>64</memory><os><type arch='x86_64'>hvm</type></os>
      <devices><disk device='disk'><driver name='qemu' type='raw'/><source file='${place.dir}/none.dsk'/></disk></devices></domain>`;
    writeFileSync(path.join(place.dir, 'x.xml'), xml);
    expect((await run(command, ['x.tdl', 'x.xml'])).err).toMatch(/^Warning: .*imagetype/m);
    expect((await run(command, ['-d1', 'x.tdl', 'x.xml'])).err).not.toMatch(/^Warning: /m);
  });

  it('refuses a disk that is not there', async () => {
    const xml = `<domain type='qemu'><name>x</name><memory unit='MiB'>64</memory><os><type arch='x86_64'>hvm</type></os>
      <devices><disk device='disk'><driver name='qemu' type='raw'/><source file='${place.dir}/none.dsk'/></disk></devices></domain>`;
    writeFileSync(path.join(place.dir, 'x.xml'), xml);
    const { code, err, backend } = await run(command, ['x.tdl', 'x.xml']);
    expect(code).toBe(1);
    expect(err).toContain('none.dsk');
    expect(err).not.toContain('not foreseen');
    expect(backend?.closed).toBe(true);
  });
});

describe('oz-cleanup-cache', () => {
  const fill = () => {
    for (const name of ['isos/a.iso', 'kernels/b', 'jeos/c.qcow2', 'other/d'])
      mkdirSync(path.dirname(path.join(place.dir, 'data', name)), { recursive: true });
    for (const name of ['isos/a.iso', 'kernels/b', 'jeos/c.qcow2', 'other/d'])
      writeFileSync(path.join(place.dir, 'data', name), 'x');
  };
  const cached = () => place.files().filter((f) => /^data\/.*\/.*/.test(f));
  const go = async (argv: string[], input: string[] = []) => {
    const io = fakeIo({ cwd: place.dir, input });
    const code = await cleanupCache(['-c', 'oz.cfg', ...argv], io);
    return { code, out: io.out(), err: io.err() };
  };

  it('warns of what oz.cfg has and nobody reads', async () => {
    const config = readFileSync(path.join(place.dir, 'oz.cfg'), 'utf8');
    writeFileSync(
      path.join(place.dir, 'oz.cfg'),
      config.replace('[libvirt]', '[libvirt]\nimagetype = qcow2'),
    );
    expect((await go(['-f'])).err).toMatch(/^Warning: .*imagetype/);
  });

  it('-f removes what is cached, asks nothing and leaves the rest', async () => {
    fill();
    const { code, out, err } = await go(['-f']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(`Removing cached content from ${place.dir}/data/isos\n`);
    expect(out).not.toContain('continue?');
    expect(cached()).toEqual(['data/other/d']);
  });

  it.each([
    ['y\n', true],
    ['Y\n', true],
    ['what\ny\n', true],
    ['n\n', false],
    ['\n', false],
    ['', false],
    ['what\n', false],
  ])('the answer %j: removed is %s', async (answer, removed) => {
    fill();
    const { code, out } = await go([], [answer]);
    expect(code).toBe(0);
    expect(out).toContain(`${place.dir}/data/isos`);
    expect(out).toContain('continue? (y/N) ');
    if (answer.startsWith('what')) expect(out).toContain("Please enter 'y' or 'n'\n");
    expect(cached()).toHaveLength(removed ? 1 : 4);
  });

  describe('with the backend openstack', () => {
    const images = () =>
      ['a', 'b'].map((ref) => ({
        name: `ozma ${ref}.iso`,
        size: 1024,
        entry: { place: 'openstack', kind: 'image', ref, at: 'memory:///' } as const,
      }));
    const inCloud = async (argv: string[], given: { tty?: boolean; input?: string[] } = {}) => {
      fill();
      const io = fakeIo({ cwd: place.dir, ...given });
      const { find, opened } = memoryPlace({ staged: images() });
      const code = await cleanupCache(['-c', 'oz.cfg', '--backend=openstack', ...argv], io, find);
      const removed = opened[0]?.calls.filter(({ operation }) => operation === 'remove');
      expect(opened[0]?.closed).toBe(true);
      return { code, out: io.out(), err: io.err(), removed: removed?.map((c) => c.argument) };
    };

    it.each(['-y', '--yes', '-f'])('%s removes the staged images as well', async (option) => {
      const { code, out, removed } = await inCloud([option]);
      expect(code).toBe(0);
      expect(out).toContain('Staged images in memory:///:\n  ozma a.iso  1.0 KiB\n');
      expect(removed).toEqual(['image a', 'image b']);
      expect(cached()).toEqual(['data/other/d']);
    });

    it('asks on a terminal', async () => {
      const yes = await inCloud([], { tty: true, input: ['y\n'] });
      expect(yes.out).toContain('and 2 staged images in memory:///; continue? (y/N) ');
      expect(yes.removed).toEqual(['image a', 'image b']);
      const no = await inCloud([], { tty: true, input: ['n\n'] });
      expect([no.code, no.removed]).toEqual([0, []]);
      expect(cached()).toHaveLength(4);
    });

    it('leaves them where nobody can be asked', async () => {
      const { code, err, removed } = await inCloud([], { input: ['y\n'] });
      expect([code, removed]).toEqual([0, []]);
      expect(err).toContain('Images in the cloud stay: there is no terminal to ask on; use -y');
      expect(cached()).toEqual(['data/other/d']);
    });

    it('removes what is here where the cloud is out of reach, and fails with its reason', async () => {
      fill();
      const io = fakeIo({ cwd: place.dir });
      const away = async () => {
        throw new OzError('OZ_CLOUD_UNREACHABLE', 'Cannot reach Keystone: ECONNREFUSED');
      };
      const argv = ['-c', 'oz.cfg', '--backend=openstack', '-f'];
      expect(await cleanupCache(argv, io, away)).toBe(1);
      expect(io.err()).toContain('Cannot reach Keystone');
      expect(cached()).toEqual(['data/other/d']);
    });
  });

  it('has nothing against a data directory that is not there', async () => {
    expect((await go(['-f'])).code).toBe(0);
  });
});

describe('the process', () => {
  /** Runs a command as a process of its own, from the sources. */
  const start = (redirect: string, ...words: string[]) => {
    const script = `import { runAsProcess } from ${JSON.stringify(packageFile('src/cli/process-io.ts'))};
      import { main } from ${JSON.stringify(packageFile('src/cli/oz.ts'))};
      await runAsProcess(main);`;
    const file = path.join(place.dir, 'start.mts');
    writeFileSync(file, script);
    const tsx = packageFile('node_modules/.bin/tsx');
    return spawnSync('bash', ['-c', `"$@" ${redirect}`, 'bash', tsx, file, ...words], {
      encoding: 'utf8',
    });
  };

  it('ends with the exit code of the command', () => {
    expect(start('', '-h')).toMatchObject({ status: 0, stderr: '' });
    expect(start('', '--nonsense')).toMatchObject({ status: 2, stdout: '' });
  });

  it('is not put out by a reader that goes away', () => {
    expect(start('| head -c 1; exit $PIPESTATUS', '-h')).toMatchObject({
      status: 0,
      stdout: 'U',
      stderr: '',
    });
  });

  it('fails when its output is lost', () => {
    const { status, stderr } = start('>/dev/full', '-h');
    expect(status).toBe(1);
    expect(stderr).toBe('Error: Cannot write to standard output: the file system is full\n');
  });
});

describe('bin', () => {
  it('says what to do in a copy that is not built', () => {
    const copy = mkdtempSync(path.join(tmpdir(), 'ozma-bin-'));
    try {
      cpSync(packageFile('bin'), path.join(copy, 'bin'), { recursive: true });
      writeFileSync(path.join(copy, 'package.json'), '{"type":"module"}');
      const { status, stderr } = spawnSync(
        process.execPath,
        [path.join(copy, 'bin/oz-install.js')],
        {
          encoding: 'utf8',
        },
      );
      expect(status).toBe(1);
      expect(stderr).toContain('Hint: run npm run build\n');
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});
