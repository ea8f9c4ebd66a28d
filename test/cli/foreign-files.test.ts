/** Whatever lies where Ozma keeps its records: builds go on, and the cache can be emptied. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import type { Server } from 'node:http';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { main as cleanupCache } from '../../src/cli/oz-cleanup-cache.ts';
import { main as install } from '../../src/cli/oz-install.ts';
import { fakeIo } from './fake-io.ts';
import { anyFileServer, memoryPlace, type Workshop, workshop } from './memory-place.ts';

let web: { url: string; server: Server };
let place: Workshop;
let data: string;

beforeAll(async () => {
  web = await anyFileServer();
});
afterAll(() => void web.server.close());
beforeEach(() => {
  place = workshop(web.url);
  data = path.join(place.dir, 'data');
});
afterEach(() => place.remove());

async function build(): Promise<{ code: number; err: string }> {
  const io = fakeIo({ cwd: place.dir });
  const { find } = memoryPlace({ runs: [{ stopAfter: 5, writes: 'installed' }] });
  const code = await install(['-c', 'oz.cfg', '--progress=none', 'x.tdl'], io, find);
  return { code, err: io.err() };
}

/** What can lie under a name, made there. */
const things: readonly [what: string, make: (file: string) => void][] = [
  ['null', (file) => writeFileSync(file, 'null\n')],
  ['a number', (file) => writeFileSync(file, '5')],
  ['nothing', (file) => writeFileSync(file, '')],
  ['bytes', (file) => writeFileSync(file, Buffer.from([0, 255, 10, 123, 34, 10, 0]))],
  [
    'a file of 1 GiB',
    (file) => {
      writeFileSync(file, '');
      truncateSync(file, 2 ** 30);
    },
  ],
  ['a directory', (file) => mkdirSync(file)],
  ['a named pipe', (file) => execFileSync('mkfifo', [file])],
  ['a link to nowhere', (file) => symlinkSync('/nowhere/at/all', file)],
  ['a link in a circle', (file) => symlinkSync(file, file)],
  [
    'what nobody may read',
    (file) => {
      writeFileSync(file, 'null\n');
      chmodSync(file, 0);
    },
  ],
];

it.each(things)(
  'builds go on beside a ledger that is %s, and say so without -d',
  async (_, make) => {
    mkdirSync(path.join(data, 'ledger'), { recursive: true });
    const file = path.join(data, 'ledger', '1-a.jsonl');
    make(file);
    const { code, err } = await build();
    expect(err).toMatch(
      new RegExp(`^Warning: left ${file} of an earlier run alone: .*remove the file$`, 'm'),
    );
    expect(code).toBe(0);
    expect(readdirSync(path.dirname(file))).toEqual(['1-a.jsonl']);
  },
);

it.each(things)('the cache is emptied around records and locks that are %s', async (_, make) => {
  for (const directory of ['isos', 'kernels', 'jeos', 'ledger']) {
    const at = path.join(data, directory);
    mkdirSync(at, { recursive: true });
    for (const name of ['x.iso.ozma.json', 'x.iso.lock', 'x.iso.used-0a1b2c3d.lock', '1.jsonl']) {
      make(path.join(at, name));
    }
    writeFileSync(path.join(at, 'x.iso'), 'x');
  }
  const io = fakeIo({ cwd: place.dir });
  const code = await cleanupCache(['-c', 'oz.cfg', '-f'], io);
  expect(io.err()).toBe('');
  expect(code).toBe(0);
  for (const directory of ['isos', 'kernels', 'jeos']) {
    expect(readdirSync(path.join(data, directory))).toEqual([]);
  }
  expect(existsSync(path.join(data, 'ledger', 'x.iso'))).toBe(true);
});
