/** A build lets go of its media, whatever becomes of one of them. */
import { expect, it } from 'vitest';
import type { BuildContext } from '../../src/engine/build-context.ts';
import { endUses, settleUses } from '../../src/engine/media-uses.ts';

function uses(guest: boolean) {
  const done: string[] = [];
  const events: unknown[] = [];
  const fail = async () => {
    throw Object.assign(new Error('rm'), { code: 'EROFS' });
  };
  const use = (file: string, broken: boolean) => ({
    ...{ file, keep: true },
    use: {
      pin: `${file}.used-1`,
      end: broken ? fail : async () => void done.push(`end ${file}`),
      leave: broken ? fail : async () => void done.push(`leave ${file}`),
    },
  });
  const context = {
    uses: [use('/c/a', true), use('/c/b', false)],
    ledger: { entries: () => (guest ? [{ place: 'memory', kind: 'guest', ref: 'x' }] : []) },
    emit: (event: unknown) => events.push(event),
  };
  return { context: context as unknown as BuildContext, done, events };
}

it.each([
  ['ended', false, (context: BuildContext) => endUses(context, { drop: true }), 'end /c/b'],
  ['ended after a failure', false, settleUses, 'end /c/b'],
  ['left to a guest that is kept', true, settleUses, 'leave /c/b'],
])('goes on where one of them can not be let go of: %s', async (_, guest, letGo, expected) => {
  const { context, done, events } = uses(guest);
  await letGo(context);
  expect(done).toEqual([expected]);
  expect(context.uses).toEqual([]);
  expect(events).toMatchObject([{ level: 'error', text: expect.stringContaining('/c/a yet: ') }]);
});
