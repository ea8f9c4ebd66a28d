/** What the user is told of a guest that was kept. */
import { describe, expect, it } from 'vitest';
import type { Guest } from '../../backends/backend.ts';
import { OzError } from '../../src/base/errors.ts';
import type { LedgerEntry } from '../../src/base/ledger-entry.ts';
import type { WorkContext } from '../../src/engine/build-context.ts';
import { keepAll } from '../../src/engine/keep.ts';

const access = { username: 'root', privateKeyPath: '/k/my key', publicKey: '', via: 'answer' };

/** A context with as much in it as is looked at. */
function context(guest: Partial<Guest> | null, more: { method?: string; password?: string } = {}) {
  const entries: LedgerEntry[] = [
    { place: 'memory', kind: 'guest', ref: 'd' },
    { place: 'file', kind: 'path', ref: '/i/.d.ozma-1' },
  ];
  const events: unknown[] = [];
  const made = {
    plan: { access: { ...access, ...more } },
    backend: { removal: async ({ kind, ref }: LedgerEntry) => `forget ${kind} ${ref}` },
    emit: (event: unknown) => events.push(event),
    ledger: { entries: () => [...entries], drop: () => entries.pop() },
    witness: { guest, consoleLog: null, lastActivity: null, entered: true },
  };
  return { made: made as unknown as WorkContext, events, entries };
}

const at = { host: '192.0.2.1', port: 2222 };
const noHostKey = '-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null';

describe('a guest that is kept', () => {
  it('is entered as the build did', async () => {
    const { made, events, entries } = context({ address: async () => at });
    const { kept } = await keepAll(made, new OzError('OZ_X', 'x'));
    expect(kept).toEqual({
      look: [`ssh -i '/k/my key' -p 2222 ${noHostKey} root@192.0.2.1`],
      remove: ['forget guest d', 'rm -rf /i/.d.ozma-1'],
    });
    expect(events).toEqual([{ type: 'kept', ...kept }]);
    expect(entries).toEqual([]);
  });

  it('is entered through a bastion, without a key where there is a password', async () => {
    const bastion = { user: 'u', host: 'b', port: 22 };
    const { made } = context({ address: async () => ({ ...at, bastion }) }, { password: 'p4ss' });
    const { kept } = await keepAll(made, new OzError('OZ_X', 'x'));
    expect(kept?.look).toEqual([`ssh -J u@b:22 -p 2222 ${noHostKey} root@192.0.2.1`]);
  });

  it('is not entered where nobody gets in', async () => {
    const { made } = context({ address: async () => at }, { method: 'cloud-init' });
    expect((await keepAll(made, new OzError('OZ_X', 'x'))).kept?.look).toEqual([]);
  });

  it('keeps the error whatever goes wrong', async () => {
    const fail = async () => {
      throw new Error('gone');
    };
    const { made, entries } = context({ address: fail, watch: fail });
    made.ledger.drop = () => {
      entries.pop();
      throw Object.assign(new Error('write'), { code: 'ENOSPC' });
    };
    const error = new OzError('OZ_X', 'x');
    expect(await keepAll(made, error)).toBe(error);
    expect(error.kept?.remove).toHaveLength(2);
  });
});
