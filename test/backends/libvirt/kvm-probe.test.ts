import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DomainEvent } from '../../../backends/libvirt/connection.ts';
import { vir } from '../../../backends/libvirt/ffi.ts';
import { kvmWorks } from '../../../backends/libvirt/kvm-probe.ts';
import { noLedger } from '../../../src/base/ledger-entry.ts';
import { limits } from '../../../src/base/limits.ts';
import { failure, fakeConnection, lifecycle } from './fake-connection.ts';

let cacheDir: string;
beforeEach(async () => {
  cacheDir = await mkdtemp(path.join(tmpdir(), 'ozma-probe-test-'));
});
afterEach(() => rm(cacheDir, { recursive: true, force: true }));

const lines: string[] = [];
const context = { ledger: noLedger, log: (line: string) => void lines.push(line) };

/** A connection on which the probe's guest does this. */
function probing(...events: (DomainEvent | Error)[]) {
  const connection = fakeConnection({
    version: () => 7_002_022,
    createDomain(xml) {
      const uuid = /<uuid>(.*)<\/uuid>/.exec(String(xml))?.[1] ?? '';
      for (const event of events) {
        if (event instanceof Error) throw event;
        connection.emit(uuid, event);
      }
    },
  });
  return connection;
}

const off = lifecycle(vir.event.stopped, vir.stopped.shutdown);

describe('kvmWorks', () => {
  it('asks once, and believes a guest that powers off', async () => {
    const first = probing(lifecycle(vir.event.started), off);
    expect(await kvmWorks(first, cacheDir, context)).toMatchObject({ works: true });
    expect(first.calls).toContain('destroyDomain');
    const second = probing();
    expect(await kvmWorks(second, cacheDir, context)).toMatchObject({ works: true });
    expect(second.calls).not.toContain('createDomain');
    await appendFile(path.join(cacheDir, 'kvm-probe.json'), ' '.repeat(limits.record));
    const third = probing(lifecycle(vir.event.started), off);
    expect(await kvmWorks(third, cacheDir, context)).toMatchObject({ works: true });
    expect(third.calls).toContain('destroyDomain');
  });

  it.each([
    [lifecycle(vir.event.suspended), /internal error/],
    [lifecycle(vir.event.stopped, vir.stopped.crashed), /crashed/],
    [failure(vir.error.internal, 'Could not access KVM kernel module'), /Could not access KVM/],
  ])('does not believe others', async (event, reason) => {
    const verdict = await kvmWorks(probing(event), cacheDir, context);
    expect(verdict.works).toBe(false);
    expect(verdict.reason).toMatch(reason);
    expect(lines.at(-1)).toContain('[libvirt] type in oz.cfg overrides');
  });

  it('gives up on one that hangs, and asks again after a day', async () => {
    const verdict = await kvmWorks(probing(lifecycle(vir.event.started)), cacheDir, context);
    expect(verdict).toMatchObject({ works: false, reason: expect.stringContaining('10 s') });
    const file = path.join(cacheDir, 'kvm-probe.json');
    const kept = JSON.parse(await readFile(file, 'utf8')) as { until: number };
    expect(kept.until).toBeGreaterThan(Date.now());
    expect(await kvmWorks(probing(off), cacheDir, context)).toMatchObject({ works: false });
    await writeFile(file, JSON.stringify({ ...kept, until: Date.now() - 1 }));
    expect(await kvmWorks(probing(off), cacheDir, context)).toMatchObject({ works: true });
  });

  it('has the daemon that takes logs run meanwhile, as every guest needs it', async () => {
    const connection = probing(off);
    const order: string[] = [];
    const hold = async () => {
      order.push(connection.calls.includes('createDomain') ? 'too late' : 'held');
      return () => void order.push('released');
    };
    await kvmWorks(connection, cacheDir, context, undefined, hold);
    expect(order).toEqual(['held', 'released']);
  });

  it('asks again where the guest could not even be made', async () => {
    const refused = probing(failure(vir.error.internal, 'Failed to connect socket'));
    expect(await kvmWorks(refused, cacheDir, context)).toMatchObject({ works: false });
    expect(await kvmWorks(probing(off), cacheDir, context)).toMatchObject({ works: true });
  });

  it('asks again after a reboot or an update, and when what was kept is broken', async () => {
    const file = path.join(cacheDir, 'kvm-probe.json');
    for (const content of ['{"key":"another boot","works":false}', '{"wor', '[]', 'null']) {
      await writeFile(file, content);
      expect(await kvmWorks(probing(off), cacheDir, context)).toMatchObject({ works: true });
    }
  });

  it('does not judge when it is interrupted', async () => {
    const abort = new AbortController();
    const asked = kvmWorks(probing(), cacheDir, context, abort.signal);
    setTimeout(() => abort.abort(new Error('enough')), 50);
    await expect(asked).rejects.toThrow('enough');
    expect(await kvmWorks(probing(off), cacheDir, context)).toMatchObject({ works: true });
  });
});
