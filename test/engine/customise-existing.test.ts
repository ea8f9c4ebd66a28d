import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StagedDisk } from '../../backends/backend.ts';
import { customiseExisting } from '../../src/engine/customise-existing.ts';
import { createEventStream } from '../../src/engine/event-stream.ts';
import { type Ledger, openLedger } from '../../src/engine/ledger.ts';
import { acquireLock } from '../../src/media/lock.ts';
import { planExisting } from '../../src/plan/plan-existing.ts';
import type { PlannedEntry } from '../../src/plan/types.ts';
import { testCapabilities, testConfig, testInput, testTdl } from '../fakes/inputs.ts';
import { type MemoryBackendOptions, memoryBackend } from '../fakes/memory-backend.ts';

/** The guest itself has tests of its own: here it takes its disk and gives another one back. */
vi.mock('../../src/engine/second-boot.ts', () => ({
  lookInGuest: async () => '<icicle/>',
  workInGuest: async (_context: unknown, disk: StagedDisk) => {
    const ref = `${disk.ref}.customised`;
    writeFileSync(ref, `${readFileSync(disk.ref, 'utf8')} and more`);
    return { disk: { ...disk, ref } };
  },
}));

let dir: string;
let ledger: Ledger;
const at = (...parts: string[]) => path.join(dir, ...parts);

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-existing-'));
  for (const name of ['out', 'cloud', 'cloud/disks']) mkdirSync(at(name));
  writeFileSync(at('cloud/disks/old'), 'as built');
  ledger = openLedger(at('data'));
});
afterEach(() => {
  ledger.close();
  rmSync(dir, { recursive: true, force: true });
});

function work(what: 'customize' | 'icicle', download: PlannedEntry['download'] = null) {
  return planExisting({
    ...testInput({
      tdl: testTdl({ packages: [{ name: 'less' }] }),
      config: testConfig({
        paths: {
          outputDir: at('out'),
          dataDir: at('data'),
          screenshotDir: at('shots'),
          sshPrivKey: at('key'),
        },
      }),
      backend: {
        type: 'openstack',
        uri: 'dev/demo',
        capabilities: {
          ...testCapabilities,
          userData: { maxBytes: 48_000, configDrive: true, url: null },
        },
      },
      options: {
        customize: what === 'customize',
        icicle: what === 'icicle',
        forceDownload: false,
        cleanup: false,
      },
    }),
    guest: {
      name: 'web',
      disk: download ?? { path: null, format: 'raw' },
      published: { cloud: 'dev/demo', id: 'old', name: 'web', userData: true },
      hardware: testGuestHardware,
    },
  });
}

const testGuestHardware = {
  arch: 'x86_64',
  firmware: 'bios',
  memory: 512,
  cpus: 1,
  diskBus: 'virtio',
  cdromBus: 'ide',
  nicModel: 'virtio',
  video: 'none',
  input: { type: 'mouse', bus: 'ps2' },
  clock: 'utc',
} as const;

async function run(plan: ReturnType<typeof work>, options: MemoryBackendOptions = {}) {
  const catalogue = new Map([['old', at('cloud/disks/old')]]);
  const backend = memoryBackend({ ledger, catalogue, remote: true, ...options });
  const { emit } = createEventStream();
  const done = customiseExisting(plan, { backend, ledger, emit });
  const [result] = await Promise.allSettled([done]);
  return { result, backend, catalogue };
}

describe('customiseExisting() on an image of a catalogue', () => {
  it('puts a new image in the place of the old one', async () => {
    const { result, catalogue } = await run(work('customize'));
    expect(result).toMatchObject({
      status: 'fulfilled',
      value: { published: { id: 'memory-web-2', name: 'web', userData: true } },
    });
    expect([...catalogue.keys()]).toEqual(['memory-web-2']);
    expect(readFileSync(catalogue.get('memory-web-2') ?? '', 'utf8')).toBe('as built and more');
    expect(readdirSync(at('out'))).toEqual([]);
    expect(ledger.entries()).toEqual([]);
  });

  it('renews the file here that holds the same image', async () => {
    writeFileSync(at('out/web.dsk'), 'as built');
    await run(work('customize', { path: at('out/web.dsk'), format: 'raw' }));
    expect(readFileSync(at('out/web.dsk'), 'utf8')).toBe('as built and more');
    expect(readdirSync(at('out'))).toEqual(['web.dsk']);
  });

  it.each([
    ['raw', ['check']],
    ['qcow2', ['check', 'published']],
  ])('asks for qemu-img before it works, where a file is to be %s', async (format, calls) => {
    vi.stubEnv('PATH', at('nothing'));
    try {
      const fail = { published: new Error('no more') };
      const { result, backend } = await run(
        work('customize', { path: at('out/web.dsk'), format }),
        { fail },
      );
      expect(result).toMatchObject({ status: 'rejected' });
      expect(backend.calls.map(({ operation }) => operation)).toEqual(calls);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it.each(['publish', 'exportDisk', 'published'] as const)(
    'leaves all as it was when %s fails',
    async (operation) => {
      writeFileSync(at('out/web.dsk'), 'as built');
      const plan = work('customize', { path: at('out/web.dsk'), format: 'raw' });
      const { result, catalogue } = await run(plan, {
        fail: { [operation]: new Error('no more') },
      });
      expect(result).toMatchObject({ status: 'rejected' });
      expect([...catalogue.keys()]).toEqual(['old']);
      expect(readFileSync(at('out/web.dsk'), 'utf8')).toBe('as built');
      expect(readdirSync(at('out'))).toEqual(['web.dsk']);
      expect(ledger.entries()).toEqual([]);
    },
  );

  it('only looks for an ICICLE', async () => {
    const { result, catalogue, backend } = await run(work('icicle'));
    expect(result).toMatchObject({ value: { icicleText: '<icicle/>' } });
    expect([...catalogue.keys()]).toEqual(['old']);
    expect(backend.calls.map(({ operation }) => operation)).not.toContain('publish');
  });
});

describe('customiseExisting() on a file', () => {
  it('refuses one that is just being built or changed: the guest would have it below its own', async () => {
    const file = at('out/web.dsk');
    writeFileSync(file, 'as built');
    const building = await acquireLock(at('out/.web.dsk.lock'));
    const plan = { ...work('customize', { path: file, format: 'raw' }), published: undefined };
    const { result, backend } = await run(plan);
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'OZ_BUILD_RUNS' } });
    expect(backend.calls).toEqual([]);
    await building.release();
  });
});
