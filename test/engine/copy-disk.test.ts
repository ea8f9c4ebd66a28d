import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LedgerEntry } from '../../src/base/ledger-entry.ts';
import type { WorkContext } from '../../src/engine/build-context.ts';
import { copyDisk } from '../../src/engine/copy-disk.ts';
import { openLedger } from '../../src/engine/ledger.ts';
import { plan } from '../../src/plan/plan.ts';
import { testInput } from '../fakes/inputs.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-copy-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Exports a remote disk by `write`; tells what the ledger had meanwhile. */
async function copy(write: (file: string) => void) {
  const ledger = openLedger(path.join(dir, 'data'));
  let known: LedgerEntry[] = [];
  const guest = {
    async exportDisk(file: string) {
      write(file);
      known = ledger.entries();
    },
    destroy: async () => {},
  };
  const context = {
    plan: plan(testInput()),
    ledger,
    backend: { createGuest: async () => guest },
  } as unknown as WorkContext;
  const disk = { ref: 'image:1', remote: true, format: 'qcow2', size: 1 };
  const failure = await copyDisk(context, disk, path.join(dir, 'web.qcow2'), {
    format: 'qcow2',
    onProgress: () => {},
  }).catch((error: Error) => error.message);
  const left = ledger.entries();
  ledger.close();
  return { known, left, failure };
}

it('has what is not yet whole in a directory that a later run clears', async () => {
  let file = '';
  const { known, left } = await copy((to) => {
    file = to;
    writeFileSync(to, 'disk', { mode: 0o644 });
  });
  expect(known).toEqual([{ place: 'file', kind: 'path', ref: path.dirname(file) }]);
  expect(path.dirname(path.dirname(file))).toBe(dir);
  expect(left).toEqual([]);
  expect(readdirSync(dir).sort()).toEqual(['data', 'web.qcow2']);
  expect(readFileSync(path.join(dir, 'web.qcow2'), 'utf8')).toBe('disk');
  expect(statSync(path.join(dir, 'web.qcow2')).mode & 0o777).toBe(0o600);
});

it('leaves nothing of a copy that fails', async () => {
  const { left, failure } = await copy((to) => {
    writeFileSync(`${to}.half`, 'di');
    throw new Error('the line is dead');
  });
  expect(failure).toBe('the line is dead');
  expect(left).toEqual([]);
  expect(readdirSync(dir)).toEqual(['data']);
});
