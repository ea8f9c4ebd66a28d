/** When a build lets go of its media: not before its guest is gone, and never of a kept guest's. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OzError } from '../../src/base/errors.ts';
import { build } from '../../src/engine/build.ts';
import { type Ledger, openLedger } from '../../src/engine/ledger.ts';
import { cpioArchive } from '../../src/media/cpio.ts';
import { plan } from '../../src/plan/plan.ts';
import type { BuildPlan } from '../../src/plan/types.ts';
import { testConfig, testInput, testTdl } from '../fakes/inputs.ts';
import { memoryBackend, type ScriptedRun, testClock } from '../fakes/memory-backend.ts';
import { testDir } from '../media/support.ts';

let dir: string;
let ledger: Ledger;
const at = (...parts: string[]) => path.join(dir, ...parts);

const tree = (name: string, kernel: string) => {
  const files = at(name, 'netboot/debian-installer/amd64');
  mkdirSync(files, { recursive: true });
  writeFileSync(path.join(files, 'linux'), kernel);
  writeFileSync(path.join(files, 'initrd.gz'), gzipSync(cpioArchive([])));
  return `file://${at(name, 'netboot')}`;
};

beforeEach(() => {
  dir = testDir();
  mkdirSync(at('out'));
  ledger = openLedger(at('data'));
});
afterEach(() => ledger.close());

function planOf(url: string, { jeos = false, name = 'test' } = {}): BuildPlan {
  const paths = {
    ...{ outputDir: at('out'), dataDir: at('data') },
    ...{ screenshotDir: at('shots'), sshPrivKey: at('key') },
  };
  const config = testConfig({ paths, cache: { originalMedia: true, modifiedMedia: false, jeos } });
  const install = { type: 'url' as const, url, extras: [] };
  const tdl = testTdl({ name, install, diskSize: 1 << 20 });
  return plan(testInput({ config, tdl, cwd: at('out') }));
}

const installs: ScriptedRun = {
  stopAfter: 20_000,
  writes: 'installed',
  activity: (elapsed) => ({ diskRequests: elapsed, networkBytes: 0 }),
};
const crashes: ScriptedRun = { stopAfter: 2_000, stop: { reason: 'crashed' } };

const pins = () => readdirSync(at('data/kernels')).filter((name) => /\.used-|\.lock$/.test(name));

async function run(made: BuildPlan, script: ScriptedRun, onError?: 'keep', onRemove = () => {}) {
  const clock = testClock();
  const log: string[] = [];
  let over = false;
  const backend = memoryBackend({ clock, ledger, runs: [script] });
  const { remove } = backend;
  backend.remove = async (...args) => {
    onRemove();
    return remove(...args);
  };
  const emit = (event: { type: string; text?: string }) => void log.push(event.text ?? '');
  const done = build(made, { backend, ledger, emit, clock, onError })
    .then(
      () => ({ error: undefined }),
      (error: OzError) => ({ error }),
    )
    .finally(() => {
      over = true;
    });
  while (!over) await clock.advance(500);
  return { ...(await done), log, backend };
}

const manifest = (name = 'test') =>
  JSON.parse(readFileSync(at('out', `${name}.dsk.manifest.json`), 'utf8'));

describe('media of a build', () => {
  it('are pinned until the guest of a failed build is gone', async () => {
    const seen: number[] = [];
    const { error } = await run(planOf(tree('a', 'k')), crashes, undefined, () =>
      seen.push(pins().filter((name) => !name.endsWith('.lock')).length),
    );
    expect(error).toMatchObject({ code: 'OZ_INSTALL_CRASHED' });
    expect(seen).toEqual([2]);
    expect(pins()).toEqual([]);
    expect(ledger.entries()).toEqual([]);
  });

  it('stay with a guest that is kept, and are named', async () => {
    const { error } = await run(planOf(tree('a', 'k')), crashes, 'keep');
    expect(pins()).toHaveLength(2);
    for (const name of pins())
      expect(error?.kept?.remove.join('\n')).toContain(at('data/kernels', name));
    expect(error?.kept?.remove.join()).not.toContain('.lock');
    const other = await run(planOf(tree('b', 'other'), { name: 'other' }), installs);
    expect(other.error).toBeUndefined();
    const kernel = pins().find((name) => name.includes('kernel')) ?? '';
    expect(readFileSync(at('data/kernels', kernel), 'utf8')).toBe('k');
  });

  it('do not stay where no guest was made, and errors call them by the names that users know', async () => {
    const url = tree('a', 'k');
    writeFileSync(at('a/netboot/debian-installer/amd64/initrd.gz'), 'a web page');
    const { error } = await run(planOf(url), installs, 'keep');
    expect(error).toMatchObject({ code: 'OZ_INITRD' });
    expect(pins()).toEqual([]);
    expect(`${error?.message} ${error?.hint}`).not.toContain('.used-');
  });
});

describe('the manifest', () => {
  it('names what the guest was given, not what the cache holds by then', async () => {
    const other = tree('b', 'another kernel');
    const made = planOf(tree('a', 'k'));
    const late: ScriptedRun = {
      ...installs,
      activity: (elapsed) => {
        writeFileSync(made.media[0]?.cachePath ?? '', 'replaced meanwhile');
        return { diskRequests: elapsed, networkBytes: 0 };
      },
    };
    expect((await run(made, late)).error).toBeUndefined();
    expect(manifest().media[0]).toMatchObject({
      role: 'kernel',
      bytes: 1,
      sha256: '8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a',
    });
    expect(other).toBeDefined();
  });

  it('of a build from a cached JEOS names the media of that installation', async () => {
    const first = planOf(tree('a', 'k'), { jeos: true });
    expect((await run(first, installs)).error).toBeUndefined();
    // Another build has other media in the cache, and no JEOS.
    const between = await run(planOf(tree('b', 'other'), { name: 'between' }), installs);
    expect(between.error).toBeUndefined();
    const again = planOf(`file://${at('gone/netboot')}`, { jeos: true, name: 'again' });
    expect((await run(again, installs)).error).toBeUndefined();
    expect(manifest('again').media).toEqual(manifest().media);
    expect(manifest('again').jeos).toEqual({ path: first.jeos?.path });
  });
});

describe('a cached JEOS', () => {
  const sums = (digest: string) => {
    writeFileSync(at('sums'), `${digest}  linux\n`);
    return `file://${at('sums')}`;
  };
  const checked = (made: BuildPlan, url: string): BuildPlan => {
    const checksum = { type: 'sha256' as const, url };
    const media = made.media.map((one) => (one.role === 'kernel' ? { ...one, checksum } : one));
    return { ...made, media };
  };

  it.each([
    ['is used where its media have the checksum of the TDL', 'right', true],
    ['is used where the checksum is out of reach', 'unreachable', true],
    ['is not used where they have another one', 'wrong', false],
  ])(
    '%s',
    async (_, kind, used) => {
      expect((await run(planOf(tree('a', 'k'), { jeos: true }), installs)).error).toBeUndefined();
      writeFileSync(at('a/netboot/debian-installer/amd64/linux'), 'new'); // the right one by now
      const digests: Record<string, string> = {
        right: '8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a',
        wrong: '11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437',
      };
      const url = kind === 'unreachable' ? 'http://127.0.0.1:9/sums' : sums(digests[kind] ?? '');
      const made = checked(planOf(`file://${at('a/netboot')}`, { jeos: true, name: 'again' }), url);
      const { error, backend, log } = await run(made, installs);
      expect(error).toBeUndefined();
      expect(backend.boots.length === 0).toBe(used);
      expect(log.join('\n').includes('had another sha256')).toBe(!used);
    },
    30_000,
  );

  it('of others is not used', async () => {
    const made = planOf(tree('a', 'k'), { jeos: true });
    const file = made.jeos?.path ?? '';
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, 'planted', { mode: 0o666 });
    chmodSync(file, 0o666);
    const { error, log } = await run(made, installs);
    expect(error).toBeUndefined();
    expect(log.join('\n')).toContain('others can write to it');
    expect(readFileSync(at('out/test.dsk'), 'utf8')).toContain('installed');
    expect(existsSync(file)).toBe(true);
  });
});
