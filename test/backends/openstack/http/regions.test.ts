import { expect, test } from 'vitest';
import { createRegions } from '../../../../backends/openstack/http/regions.ts';

test('gives memory out again once it is given back', () => {
  const regions = createRegions();
  const first = regions.take();
  const second = regions.take();
  expect(second.buffer).not.toBe(first.buffer);
  regions.giveBack([first.subarray(0, 10), first.subarray(10, 20)]);
  expect(regions.take().buffer).toBe(first.buffer);
  expect(regions.take().buffer).not.toBe(first.buffer);
});

test('keeps no memory of others', () => {
  const regions = createRegions();
  const other = Buffer.allocUnsafeSlow(10);
  regions.giveBack([other, Buffer.from('of the pool that all share')]);
  expect(regions.take().length).toBe(256 << 10);
});
