import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OzError } from '../../src/base/errors.ts';
import { type BuildOptions, build } from '../../src/engine/build.ts';
import { createEventStream } from '../../src/engine/event-stream.ts';
import type { BuildEvent } from '../../src/engine/events.ts';
import { type Ledger, openLedger } from '../../src/engine/ledger.ts';
import { cpioArchive } from '../../src/media/cpio.ts';
import type { PlanOptions } from '../../src/plan/input.ts';
import { plan } from '../../src/plan/plan.ts';
import type { BuildPlan } from '../../src/plan/types.ts';
import { testConfig, testInput, testTdl } from '../fakes/inputs.ts';
import {
  type MemoryBackend,
  type MemoryBackendOptions,
  memoryBackend,
  type ScriptedRun,
  testClock,
} from '../fakes/memory-backend.ts';

let dir: string;
let ledger: Ledger;
const at = (...parts: string[]) => path.join(dir, ...parts);

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-build-'));
  const netboot = at('tree/netboot/debian-installer/amd64');
  mkdirSync(netboot, { recursive: true });
  mkdirSync(at('out'));
  writeFileSync(path.join(netboot, 'linux'), 'kernel');
  writeFileSync(path.join(netboot, 'initrd.gz'), gzipSync(cpioArchive([])));
  ledger = openLedger(at('data'));
});
afterEach(() => {
  ledger.close();
  rmSync(dir, { recursive: true, force: true });
});

/** The same plan for a place with a catalogue. */
const cataloguePlan = (result: 'glance' | 'download' | 'both'): BuildPlan => {
  const made = testPlan();
  return { ...made, outputs: { ...made.outputs, result } };
};

function testPlan(change: { jeos?: boolean; options?: Partial<PlanOptions> } = {}): BuildPlan {
  const config = testConfig({
    paths: {
      outputDir: at('out'),
      dataDir: at('data'),
      screenshotDir: at('shots'),
      sshPrivKey: at('key'),
    },
    cache: { originalMedia: true, modifiedMedia: false, jeos: change.jeos ?? false },
  });
  const install = { type: 'url' as const, url: `file://${at('tree/netboot')}`, extras: [] };
  return plan(
    testInput({
      config,
      tdl: testTdl({ install, diskSize: 1024 * 1024 }),
      cwd: at('out'),
      options: {
        customize: false,
        icicle: false,
        forceDownload: false,
        cleanup: false,
        ...change.options,
      },
    }),
  );
}

/** What the gzip members of an initrd unpack to. */
function everyMember(initrd: Buffer): string {
  const magic = Buffer.from([0x1f, 0x8b, 8]);
  const starts: number[] = [];
  for (let i = initrd.indexOf(magic); i >= 0; i = initrd.indexOf(magic, i + 1)) starts.push(i);
  const texts = starts.map((start) => {
    try {
      return gunzipSync(initrd.subarray(start)).toString('latin1');
    } catch {
      return '';
    }
  });
  return initrd.toString('latin1') + texts.join('');
}

const installs: ScriptedRun = {
  stopAfter: 20_000,
  writes: 'installed',
  activity: (elapsed) => ({ diskRequests: elapsed, networkBytes: 0 }),
};

interface Outcome {
  backend: MemoryBackend;
  events: BuildEvent[];
  result?: Awaited<ReturnType<typeof build>>;
  error?: unknown;
}

/** Builds on a clock that runs as fast as it can. */
async function run(
  made: BuildPlan,
  place: MemoryBackendOptions,
  options: Partial<BuildOptions> & { abortAfter?: number } = {},
): Promise<Outcome> {
  const clock = testClock();
  const backend = memoryBackend({ clock, ledger, ...place });
  const stream = createEventStream();
  const events: BuildEvent[] = [];
  stream.subscribe((event) => events.push(event));
  const abort = new AbortController();
  let over = false;
  const outcome: Outcome = { backend, events };
  const done = build(made, {
    backend,
    ledger,
    emit: stream.emit,
    clock,
    signal: abort.signal,
    ...options,
  })
    .then(
      (result) => {
        outcome.result = result;
      },
      (error: unknown) => {
        outcome.error = error;
      },
    )
    .finally(() => {
      over = true;
    });
  while (!over) {
    await clock.advance(500);
    if (clock.now() > (options.abortAfter ?? Number.POSITIVE_INFINITY)) {
      abort.abort(new Error('Ctrl-C'));
    }
  }
  await done;
  return outcome;
}

const files = (name: string) => {
  try {
    return readdirSync(at(name)).sort();
  } catch {
    return [];
  }
};

describe('build()', () => {
  it('leaves image, libvirt XML and manifest, and nothing else', async () => {
    const { result, error, backend, events } = await run(testPlan(), { runs: [installs] });
    expect(error).toBeUndefined();
    expect(files('out')).toEqual([
      'test.dsk',
      'test.dsk.manifest.json',
      'testNov_22_2026-14:03:09',
    ]);
    expect(readFileSync(at('out/test.dsk'), 'utf8')).toContain('installed');
    expect(statSync(at('out/test.dsk')).mode & 0o777).toBe(0o600);
    expect(result).toMatchObject({ image: at('out/test.dsk'), imageFormat: 'raw' });
    expect(backend.live().guests).toEqual([]);
    expect(backend.calls.map((call) => call.operation)).toContain('syncDisk');
    expect(ledger.entries()).toEqual([]);
    expect(events.flatMap((event) => (event.type === 'phase-end' ? [event.phase] : []))).toEqual([
      'fetch-media',
      'stage-media',
      'create-disk',
      'install',
      'customize',
      'icicle',
      'seal',
      'export',
      'record',
    ]);
  });

  it('never shows the root password', async () => {
    const { events } = await run(testPlan(), { runs: [installs] });
    const manifest = readFileSync(at('out/test.dsk.manifest.json'), 'utf8');
    expect(JSON.stringify(events) + manifest).not.toContain('a&secret');
  });

  it.each([
    ['a failure', (cause: Error) => new OzError('OZ_X', 'Cannot do it', { cause })],
    ['what nobody foresaw', (cause: Error) => new Error('it broke', { cause })],
  ])('does not show it with -d3 either, as the cause of %s', async (_, make) => {
    const failure = make(new Error('qemu-img: a&secret<pw: no such file'));
    const { error } = await run(testPlan(), { runs: [installs], fail: { createDisk: failure } });
    expect(error).toBeInstanceOf(OzError);
    expect((error as Error).message).toMatch(/Cannot do it$|it broke$/);
    expect((error as Error).cause).toBeUndefined();
  });

  it('boots the kernel with an initrd that ends in the answer file', async () => {
    let initrd = '';
    const spy = (ref: unknown) => {
      if (String(ref).endsWith('/initrd')) initrd = everyMember(readFileSync(String(ref)));
      return undefined;
    };
    const { backend } = await run(testPlan(), { runs: [installs], fail: { stage: spy } });
    expect(backend.boots[0]).toMatchObject({
      kind: 'kernel',
      cmdline: expect.stringMatching(/^auto=true /),
    });
    expect(initrd).toContain('preseed.cfg');
    expect(initrd).toContain('debian-installer/exit/poweroff');
  });

  it('tells what is to be beside the disk before that is made', async () => {
    const made = testPlan();
    const attach = [{ role: 'installer', device: 'cdrom' } as const];
    const { backend } = await run(
      { ...made, install: { ...made.install, attach } },
      { runs: [installs] },
    );
    expect(backend.disks[0]).toMatchObject({ beside: ['cdrom'] });
  });

  it('refuses to overwrite an image, and does with cleanup', async () => {
    writeFileSync(at('out/test.dsk'), 'precious');
    const refused = await run(testPlan(), { runs: [installs] });
    expect(refused.error).toMatchObject({
      code: 'OZ_DISK_EXISTS',
      hint: expect.stringContaining('-p'),
    });
    expect(readFileSync(at('out/test.dsk'), 'utf8')).toBe('precious');
    const done = await run(testPlan(), { runs: [installs] }, { cleanup: true });
    expect(done.error).toBeUndefined();
  });

  it('refuses a guest of the same name', async () => {
    const leftovers = [{ kind: 'guest' as const, name: 'test' }];
    const { error } = await run(testPlan(), { runs: [installs], leftovers });
    expect(error).toMatchObject({ code: 'OZ_GUEST_EXISTS' });
  });

  it('leaves evidence of a hanging installer and nothing else', async () => {
    const hangs: ScriptedRun = {
      console: [{ at: 0, text: 'password is a&secret<pw\n' }],
      activity: [{ diskRequests: 5, networkBytes: 0 }],
    };
    const { error, backend } = await run(testPlan(), { runs: [hangs] });
    expect(error).toMatchObject({ code: 'OZ_INSTALL_INACTIVE', evidence: expect.any(String) });
    const evidence = (error as { evidence: string }).evidence;
    expect(readdirSync(evidence).sort()).toEqual(
      expect.arrayContaining(['error.json', 'guest.json', 'preseed.cfg', 'screenshot.png']),
    );
    for (const name of readdirSync(evidence)) {
      expect(readFileSync(path.join(evidence, name), 'utf8')).not.toContain('a&secret');
    }
    expect(readFileSync(path.join(evidence, 'preseed.cfg'), 'utf8')).toContain('********');
    expect(files('out')).toEqual([]);
    expect(backend.live().guests).toEqual([]);
    expect(ledger.entries()).toEqual([]);
  });

  it("copies no answer file of the user's, whose passwords nobody here knows", async () => {
    const made = testPlan();
    const answer = { filename: 'preseed.cfg', text: 'password hunter2', origin: '/home/me/my.cfg' };
    const crash: ScriptedRun = { stopAfter: 2_000, stop: { reason: 'crashed' } };
    const plan = { ...made, install: { ...made.install, answer } };
    const { error } = await run(plan, { runs: [crash] });
    const evidence = (error as OzError).evidence ?? '';
    expect(readdirSync(evidence)).toContain('error.json');
    expect(readdirSync(evidence)).not.toContain('preseed.cfg');
  });

  const panic = (bytesWritten: number | undefined, line: string): ScriptedRun => ({
    console: [{ at: 2_000, text: `${line}\n` }],
    activity: [{ diskRequests: 3, networkBytes: 0, bytesWritten }],
  });
  const timer = '[    0.048000] Kernel panic - not syncing: IO-APIC + timer';
  const late = '[   93.048000] Kernel panic - not syncing: Fatal exception';

  it.each<[string, ScriptedRun]>([
    ['panics before it writes', panic(0, late)],
    ['panics at once, where nobody counts what is written', panic(undefined, timer)],
    ['is lost before it writes', { stopAfter: 2_000, stop: { reason: 'failed' } }],
  ])('tries a guest once more that %s', async (_, first) => {
    const { error, backend, events } = await run(testPlan(), { runs: [first, installs] });
    expect(error).toBeUndefined();
    expect(backend.specs).toHaveLength(2);
    expect(backend.live().guests).toEqual([]);
    expect(readFileSync(at('out/test.dsk'), 'utf8')).toContain('installed');
    expect(events).toContainEqual(
      expect.objectContaining({
        level: 'warning',
        text: expect.stringContaining('starting it once more'),
      }),
    );
    expect(events).toContainEqual(expect.objectContaining({ mark: 'guest-started-once-more' }));
  });

  it.each<[string, ScriptedRun, number]>([
    ['has written', panic(512, timer), 1],
    ['may have written', panic(undefined, late), 1],
    [
      'had written before it was lost',
      { stopAfter: 2_000, stop: { reason: 'failed' }, writes: 'x' },
      1,
    ],
    ['was ended by somebody', { stopAfter: 2_000, stop: { reason: 'destroyed' } }, 1],
    ['fails the same way twice', panic(0, late), 2],
  ])('does not go on trying a guest that %s', async (_, first, guests) => {
    const { error, backend } = await run(testPlan(), { runs: [first] });
    expect((error as OzError).code).toMatch(/^OZ_INSTALL_(FAILED|CRASHED)$/);
    expect(backend.specs).toHaveLength(guests);
    expect(files('out')).toEqual([]);
  });

  it('keeps guest and disk of a failed build when told to', async () => {
    const crash: ScriptedRun = { stopAfter: 2_000, stop: { reason: 'crashed' } };
    const { error, backend, events } = await run(
      testPlan(),
      { runs: [crash] },
      { onError: 'keep' },
    );
    expect(error).toMatchObject({
      code: 'OZ_INSTALL_CRASHED',
      evidence: expect.stringContaining(at('shots')),
    });
    expect(backend.live().guests).toEqual(['test']);
    expect(files('out')).toHaveLength(1);
    expect(ledger.entries()).toEqual([]);
    const dir = at('out', files('out')[0] ?? '');
    const { kept } = error as OzError;
    expect(kept).toEqual({
      look: [`less -R ${dir}/install-console-2.log`],
      remove: [
        'forget guest test',
        // its media, which another build's would else take the place of
        ...['ramdisk', 'kernel'].map((role) =>
          expect.stringMatching(`^rm -rf .*/Debian13x86_64-${role}\\.used-[0-9a-f]{8}$`),
        ),
        `rm -rf ${dir}`,
      ],
    });
    expect(events).toContainEqual(expect.objectContaining({ type: 'kept', ...kept }));
  });

  it('says how to look at a kept guest that still runs', async () => {
    const hangs: ScriptedRun = { activity: [{ diskRequests: 5, networkBytes: 0 }] };
    const { error } = await run(testPlan(), { runs: [hangs] }, { onError: 'keep' });
    expect((error as OzError).kept?.look).toContain('look at test');
  });

  it('says at the start how to look at the installer', async () => {
    const { events } = await run(testPlan(), { runs: [installs] });
    const watch = events.filter(({ type }) => type === 'watch');
    expect(watch).toMatchObject([{ guest: 'test', screen: 'vnc://memory:5900' }]);
    expect(watch[0]).toMatchObject({ consoleLog: expect.stringMatching(/install-console\.log$/) });
  });

  it('shows the last lines of the console, readable and without secrets', async () => {
    const hangs: ScriptedRun = {
      console: [
        { at: 0, text: `first\r\n${'cut'.repeat(20_000)}\r\n${'x'.repeat(500)}\r\n` },
        { at: 0, text: '\u001b[1;31mpassword is a&secret<pw\u001b[0m\r\n\r\nlast?' },
      ],
      activity: [{ diskRequests: 5, networkBytes: 0 }],
    };
    const { error } = await run(testPlan(), { runs: [hangs] });
    expect((error as OzError).console).toEqual(['x'.repeat(160), 'password is ********', 'last?']);
  });

  it('leaves nothing after Ctrl-C, whose reason it throws', async () => {
    const { error, backend } = await run(
      testPlan(),
      { runs: [{ activity: installs.activity }] },
      { abortAfter: 5_000 },
    );
    expect(error).toMatchObject({ message: 'Ctrl-C' });
    expect(files('out')).toEqual([]);
    expect(files('shots')).toEqual([]);
    expect(backend.live().guests).toEqual([]);
  });

  it('does not call a guest installed that never wrote to its disk', async () => {
    const idle: ScriptedRun = {
      stopAfter: 5_000,
      activity: [{ diskRequests: 1, networkBytes: 0 }],
    };
    const { error } = await run(testPlan(), { runs: [idle] });
    expect(error).toMatchObject({ code: 'OZ_INSTALL_NOTHING_WRITTEN' });
    expect(files('out')).toEqual([]);
  });

  it('believes the disk of a guest that ended before anybody looked at it', async () => {
    const short: ScriptedRun = { stopAfter: 300, writes: 'installed', activity: [null] };
    const { error } = await run(testPlan(), { runs: [short] });
    expect(error).toBeUndefined();
    expect(readFileSync(at('out/test.dsk'), 'utf8')).toContain('installed');
  });

  it('does not call a guest installed that read a lot and wrote nothing', async () => {
    const reader: ScriptedRun = { stopAfter: 20_000, activity: installs.activity };
    const { error } = await run(testPlan(), { runs: [reader] });
    expect(error).toMatchObject({ code: 'OZ_INSTALL_NOTHING_WRITTEN' });
  });

  it('says that a medium is missing, before any guest is made', async () => {
    rmSync(at('tree'), { recursive: true });
    const { error, backend } = await run(testPlan(), { runs: [installs] });
    expect(error).toMatchObject({ hint: expect.any(String) });
    expect((error as { code: string }).code).toMatch(/^OZ_DOWNLOAD/);
    expect(backend.specs).toEqual([]);
    expect(files('out')).toEqual([]);
  });

  it.each([
    ['ENOSPC', undefined, 'the file system is full (OUT)'],
    ['EDQUOT', undefined, 'the disk quota is used up (OUT)'],
    ['ENOSPC', '/scratch/stage/x.iso', 'the file system is full (/scratch/stage)'],
  ])('words a full disk: %s, %s', async (code, dest, why) => {
    const full = Object.assign(new Error('write'), { code, path: '/isos/x.iso', dest });
    if (dest === undefined) Reflect.deleteProperty(full, 'path');
    const { error } = await run(testPlan(), { runs: [installs], fail: { createDisk: full } });
    expect(error).toMatchObject({
      code: 'OZ_NO_SPACE',
      message: `Cannot build test: ${why.replace('OUT', at('out'))}`,
    });
  });

  it('keeps the installed disk where no image can be made of it', async () => {
    const made = testPlan();
    const image = at('out/test.vmdk');
    mkdirSync(path.join(image, 'in the way'), { recursive: true });
    const plan = { ...made, outputs: { ...made.outputs, image, imageType: 'vmdk' as const } };
    const { error } = await run(plan, { runs: [installs] });
    expect(error).toMatchObject({
      hint: expect.stringContaining(
        `; the installed disk is kept: qemu-img convert -f raw -O vmdk ${image}.installed ${image}`,
      ),
    });
    expect(readFileSync(`${image}.installed`, 'utf8')).toContain('installed');
    expect(files('out')).toEqual(['test.vmdk', 'test.vmdk.installed']);
    expect(ledger.entries()).toEqual([]);
  });

  it.each(['download', 'glance', 'both'] as const)(
    'keeps a finished image whose records can’t be written: %s',
    async (kind) => {
      const made = cataloguePlan(kind);
      const domainXml = at('out/here');
      mkdirSync(path.join(domainXml, 'in the way'), { recursive: true });
      const plan = { ...made, outputs: { ...made.outputs, domainXml } };
      const catalogue = new Map<string, string>();
      const { error } = await run(plan, { runs: [installs], catalogue });
      const places = {
        download: at('out/test.dsk'),
        glance: 'memory-test in the catalog',
        both: `${at('out/test.dsk')}, memory-test in the catalog`,
      };
      expect(error).toMatchObject({
        code: 'OZ_NOT_WRITABLE',
        message: `Cannot write ${domainXml}: a directory is where a file is needed (${at('out')})`,
        hint: expect.stringContaining(`; the image is finished and stays: ${places[kind]}`),
      });
      expect([...catalogue.keys()]).toEqual(kind === 'download' ? [] : ['memory-test']);
      expect(files('out').includes('test.dsk')).toBe(kind !== 'glance');
      expect(ledger.entries()).toEqual([]);
    },
  );

  it('refuses names that would turn out too long after the install', async () => {
    const made = testPlan();
    const image = at('out', `${'ü'.repeat(114)}.dsk`);
    const plan = { ...made, outputs: { ...made.outputs, image } };
    const { error, backend } = await run(plan, { runs: [installs] });
    expect(error).toMatchObject({
      code: 'OZ_NAME_TOO_LONG',
      message: "Cannot build test: its files' names would be 5 bytes too long",
    });
    expect(backend.calls).toEqual([]);
  });

  it.each([
    ['keeps', true, 2],
    ['drops', false, 0],
  ])('%s the media in the cache as configured, and no locks', async (_, keep, left) => {
    const made = testPlan();
    const media = made.media.map((medium) => ({ ...medium, keep }));
    const { error } = await run({ ...made, media }, { runs: [installs] });
    expect(error).toBeUndefined();
    const kept = files('data/kernels');
    expect(kept.filter((name) => !name.endsWith('.json'))).toHaveLength(left);
    expect(kept.filter((name) => name.includes('lock'))).toEqual([]);
  });

  it('finishes without a JEOS that can not be cached', async () => {
    writeFileSync(at('data/jeos'), 'in its way');
    const { error, events } = await run(testPlan({ jeos: true }), { runs: [installs] });
    expect(error).toBeUndefined();
    expect(readFileSync(at('out/test.dsk'), 'utf8')).toContain('installed');
    expect(events).toContainEqual(
      expect.objectContaining({ level: 'warning', text: expect.stringContaining('not cached') }),
    );
  });

  it('installs once and starts from the JEOS the next time', async () => {
    const first = await run(testPlan({ jeos: true }), { runs: [installs] });
    expect(first.error).toBeUndefined();
    expect(files('data/jeos')).toEqual(['Debian13x86_64.dsk', 'Debian13x86_64.dsk.ozma.json']);
    const again = await run(testPlan({ jeos: true }), { runs: [installs] }, { cleanup: true });
    expect(again.error).toBeUndefined();
    expect(again.backend.specs).toEqual([]);
    expect(readFileSync(at('out/test.dsk'), 'utf8')).toContain('installed');
    const forced = await run(
      testPlan({ jeos: true }),
      { runs: [installs] },
      { cleanup: true, forceDownload: true },
    );
    expect(forced.backend.specs).toHaveLength(1);
  });

  it('does not let two builds write one image', async () => {
    const both = await Promise.all([
      run(testPlan(), { runs: [installs] }),
      run(testPlan(), { runs: [installs] }),
    ]);
    const codes = both.map((one) => (one.error as { code?: string } | undefined)?.code);
    expect(codes.filter((code) => code === undefined)).toHaveLength(1);
    expect(codes.filter((code) => code === 'OZ_BUILD_RUNS')).toHaveLength(1);
  });

  describe('in a place with a catalog', () => {
    const remote = { runs: [installs], remote: true };

    it('leaves an entry there and no image here', async () => {
      const catalogue = new Map<string, string>();
      const { result, error } = await run(cataloguePlan('glance'), { ...remote, catalogue });
      expect(error).toBeUndefined();
      expect([...catalogue.keys()]).toEqual(['memory-test']);
      expect(result).toMatchObject({ published: { id: 'memory-test', at: 'memory:///' } });
      expect(result?.image).toBeUndefined();
      expect(files('out')).toEqual([
        'memory-test.entry',
        'test.dsk.manifest.json',
        'testNov_22_2026-14:03:09',
      ]);
      const manifest = JSON.parse(readFileSync(at('out/test.dsk.manifest.json'), 'utf8'));
      expect(manifest).toMatchObject({ published: { id: 'memory-test', at: 'memory:///' } });
      expect(manifest.image).toBeUndefined();
      const xml = readFileSync(at('out/testNov_22_2026-14:03:09'), 'utf8');
      expect(xml).toContain('<disk></disk><id>memory-test</id>');
      expect(ledger.entries()).toEqual([]);
    });

    it('brings the entry here as well', async () => {
      const catalogue = new Map<string, string>();
      const { result, error, backend } = await run(cataloguePlan('both'), {
        ...remote,
        catalogue,
      });
      expect(error).toBeUndefined();
      expect(result).toMatchObject({ image: at('out/test.dsk'), published: { id: 'memory-test' } });
      expect(readFileSync(at('out/test.dsk'), 'utf8')).toContain('installed');
      const xml = readFileSync(at('out/testNov_22_2026-14:03:09'), 'utf8');
      expect(xml).toContain(`<disk>${at('out/test.dsk')}</disk><id>memory-test</id>`);
      const exported = backend.specs.at(-1)?.disk.ref;
      expect(exported).toBe(catalogue.get('memory-test'));
    });

    it('downloads only, and publishes nothing', async () => {
      const { result, backend } = await run(cataloguePlan('download'), remote);
      expect(result?.published).toBeUndefined();
      expect(readFileSync(at('out/test.dsk'), 'utf8')).toContain('installed');
      expect(backend.calls.map(({ operation }) => operation)).not.toContain('publish');
    });

    it.each(['download', 'both'] as const)(
      'asks for qemu-img before it works: %s',
      async (kind) => {
        vi.stubEnv('PATH', at('nothing'));
        try {
          const { error, backend } = await run(cataloguePlan(kind), remote);
          expect(error).toMatchObject({
            code: 'OZ_TOOL_MISSING',
            message: 'Cannot make an image of type raw: qemu-img is not installed',
            hint: expect.stringContaining('image_type = qcow2'),
          });
          expect(backend.specs).toEqual([]);
        } finally {
          vi.unstubAllEnvs();
        }
      },
    );

    it('takes the entry away again when the download fails', async () => {
      const catalogue = new Map<string, string>();
      const { error } = await run(cataloguePlan('both'), {
        ...remote,
        catalogue,
        fail: { exportDisk: new Error('the line is dead') },
      });
      expect(String(error)).toContain('the line is dead');
      expect([...catalogue.keys()]).toEqual([]);
      expect(ledger.entries()).toEqual([]);
    });
  });
});
