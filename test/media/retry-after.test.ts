import { expect, it } from 'vitest';
import { retryAfterMs } from '../../src/media/sources/failures.ts';

const at = (ms: number) => new Date(ms).toUTCString();
const wrong = Date.now() + 5 * 3_600_000;

it.each([
  ['seconds', '7', undefined, 7000],
  ["a date, by the server's clock", at(wrong + 8000), at(wrong), 8000],
  ['a date that is over', at(wrong), at(wrong + 8000), 0],
  ['nothing', undefined, at(wrong), undefined],
  ['nonsense', 'soon', at(wrong), undefined],
])('takes %s', (_, header, date, expected) => {
  expect(retryAfterMs(header, date)).toBe(expected);
});
