import { readFileSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FindPlace } from '../../src/compose/places.ts';
import { type BuildEvent, build, OzError, plan, readTdl, type Tdl } from '../../src/index.ts';
import {
  anyFileServer,
  memoryPlace,
  rootPassword,
  type Workshop,
  workshop,
} from '../cli/memory-place.ts';
import type { MemoryBackend } from '../fakes/memory-backend.ts';

const given = vi.hoisted(() => ({ find: undefined as FindPlace | undefined }));
vi.mock('../../src/compose/places.ts', () => ({
  findPlace: (...args: Parameters<FindPlace>) => given.find?.(...args),
}));

let web: { url: string; server: Server };
let place: Workshop;
let opened: MemoryBackend[];
let tdl: Tdl;

beforeAll(async () => {
  web = await anyFileServer();
});
afterAll(() => void web.server.close());
beforeEach(async () => {
  place = workshop(web.url);
  const memory = memoryPlace({ runs: [{ stopAfter: 5, writes: 'installed' }] });
  given.find = memory.find;
  opened = memory.opened;
  tdl = await readTdl(path.join(place.dir, 'x.tdl'));
});
afterEach(() => place.remove());

const options = () => ({ config: 'oz.cfg', cwd: place.dir });

describe('plan()', () => {
  it('decides by the options, and opens nothing', async () => {
    writeFileSync(path.join(place.dir, 'my.cfg'), 'my own preseed\n');
    const decided = await plan(tdl, {
      ...options(),
      customize: true,
      icicle: 'x.icicle',
      xmlFile: 'x.xml',
      disk: 'mine.img',
      timeout: 60,
      answerFile: 'my.cfg',
      backend: 'openstack',
    });
    expect(decided).toMatchObject({
      backend: 'openstack',
      outputs: {
        image: path.join(place.dir, 'mine.img'),
        domainXml: path.join(place.dir, 'x.xml'),
      },
      icicle: { file: path.join(place.dir, 'x.icicle') },
      timeouts: { install: 60_000 },
      install: { answer: { text: 'my own preseed\n' } },
    });
    expect(opened).toEqual([]);
  });
});

describe('build()', () => {
  it('builds, tells each event, and gives the result', async () => {
    const events: BuildEvent[] = [];
    const result = await build(tdl, {
      ...options(),
      xmlFile: 'x.xml',
      onEvent: (event) => events.push(event),
    });
    const image = path.join(place.dir, 'images/x-guest.dsk');
    expect(result).toMatchObject({
      name: 'x-guest',
      image,
      domainXml: path.join(place.dir, 'x.xml'),
    });
    expect(readFileSync(image, 'utf8')).toContain('installed');
    expect(events.at(-1)).toMatchObject({ type: 'result', result: { image } });
    expect(JSON.stringify(events)).not.toContain(rootPassword);
    expect(opened[0]?.closed).toBe(true);
  });

  it('refuses what is there unless told to replace it', async () => {
    await build(tdl, options());
    await expect(build(tdl, options())).rejects.toMatchObject({ code: 'OZ_DISK_EXISTS' });
    await build(tdl, { ...options(), replace: true });
  });

  it('ends with the reason of its signal, and leaves nothing', async () => {
    const memory = memoryPlace({ runs: [{}] }); // runs for ever
    given.find = memory.find;
    const abort = new AbortController();
    const reason = new OzError('MY_CODE', 'enough');
    const onEvent = (event: BuildEvent) => {
      if (event.type === 'mark' && event.mark === 'guest-started') abort.abort(reason);
    };
    const done = build(tdl, { ...options(), signal: abort.signal, onEvent });
    await expect(done).rejects.toBe(reason);
    expect(memory.opened[0]?.live()).toEqual({ guests: [], running: [] });
    expect(place.files().filter((file) => /^images\/|ledger\//.test(file))).toEqual([]);
  });
});

describe('options that make no sense', () => {
  it.each([
    [{ backend: 'vmware' }, 'OZ_OPTION_BACKEND'],
    [{ onError: 'ask' }, 'OZ_OPTION_ON_ERROR'],
    [{ mac: '52:54:00' }, 'OZ_OPTION_MAC'],
    [{ mac: '01:00:00:00:00:01' }, 'OZ_OPTION_MAC'],
    [{ timeout: -3 }, 'OZ_OPTION_TIMEOUT'],
    [{ timeout: '60' }, 'OZ_OPTION_TIMEOUT'],
    [{ disk: '.' }, 'OZ_OUTPUT'],
    [{ diskBus: 'floppy' }, 'OZ_OPTION_DISK_BUS'],
  ] as [object, string][])('%j is %s', async (wrong, code) => {
    await expect(build(tdl, { ...options(), ...wrong })).rejects.toMatchObject({ code });
    expect(opened.flatMap(({ specs }) => specs)).toEqual([]);
  });
});
