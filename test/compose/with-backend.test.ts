import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { OzError } from '../../src/base/errors.ts';
import { pidSpace } from '../../src/base/process-identity.ts';
import type { Place } from '../../src/compose/places.ts';
import { withBackend } from '../../src/compose/with-backend.ts';
import { createEventStream } from '../../src/engine/event-stream.ts';
import { testConfig, testInput } from '../fakes/inputs.ts';
import { memoryBackend } from '../fakes/memory-backend.ts';

let dir: string;
let ledgerFile: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-with-'));
  mkdirSync(path.join(dir, 'ledger'));
  ledgerFile = path.join(dir, 'ledger', '1-a.jsonl');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The ledger of a run that was killed. */
function abandon(entries: readonly object[]): void {
  const lines = [
    { owner: { pid: process.pid, started: 'never', space: pidSpace() } },
    ...entries.map((add) => ({ add })),
  ];
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  writeFileSync(ledgerFile, text, { mode: 0o600 });
}

interface Changes {
  close?: () => Promise<void>;
  work?: () => Promise<string>;
}

/** Opens a place whose `remove` this is; gives what the log says. */
async function open(
  remove: (ref: string) => Promise<void>,
  signal = new AbortController().signal,
  { work = async () => 'done', ...changes }: Changes = {},
) {
  const stream = createEventStream();
  const said: string[] = [];
  stream.subscribe((event) => {
    if (event.type === 'log') said.push(`${event.level}: ${event.text}`);
  });
  const { tdl, osinfo } = testInput();
  const config = testConfig({ paths: { ...testConfig().paths, dataDir: dir } });
  const backend = { ...memoryBackend(), remove: (one: { ref: string }) => remove(one.ref) };
  Object.assign(backend, changes);
  const place = { type: 'libvirt', open: async () => backend } as unknown as Place;
  const done = withBackend({ tdl, config, osinfo, place }, stream, signal, work);
  return { result: await done.catch((error: Error) => error.message), said };
}

const server = { place: 'openstack', kind: 'server', at: 'mycloud/project' };

it('tells even without -d what an earlier run has left and cannot be removed here', async () => {
  abandon([
    { place: 'memory', kind: 'guest', ref: 'stuck' },
    { place: 'memory', kind: 'guest', ref: 'far', at: 'another memory' },
    { ...server, ref: '1' },
    { ...server, ref: '2' },
  ]);
  const { result, said } = await open(async (ref) => {
    throw ref === 'far'
      ? new OzError('OZ_MEMORY_PLACE', 'it is not here')
      : new Error('it does not answer');
  });
  expect(result).toBe('done');
  expect(said).toEqual([
    'error: cannot remove guest stuck of an earlier run: it does not answer',
    'error: 2 things of an earlier run are still in openstack mycloud/project: the next run there clears up',
    'error: 1 thing of an earlier run is still in memory another memory: the next run there clears up',
  ]);
  expect(existsSync(ledgerFile)).toBe(true);
});

it('can be interrupted while it removes what an earlier run has left', async () => {
  abandon(['a', 'b', 'c'].map((ref) => ({ place: 'memory', kind: 'guest', ref })));
  const asked: string[] = [];
  const ctrlC = new AbortController();
  const { result } = await open(async (ref) => {
    asked.push(ref);
    ctrlC.abort(new Error('Ctrl-C'));
  }, ctrlC.signal);
  expect(result).toBe('Ctrl-C');
  expect(asked).toEqual(['c']);
  expect(existsSync(ledgerFile)).toBe(true);
});

it('loses neither result nor error by a place that can not be closed', async () => {
  const close = async () => {
    throw new Error('libvirtd is gone');
  };
  const nothing = async () => {};
  const good = await open(nothing, undefined, { close });
  expect(good.result).toBe('done');
  expect(good.said).toEqual(['error: cannot close libvirt in good order: libvirtd is gone']);
  const work = async () => {
    throw new Error('the disk is full');
  };
  expect((await open(nothing, undefined, { close, work })).result).toBe('the disk is full');
});
