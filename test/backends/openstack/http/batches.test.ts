import { expect, test, vi } from 'vitest';
import { createBatches } from '../../../../backends/openstack/http/batches.ts';

function made() {
  const told = { onRoom: vi.fn(), onRead: vi.fn(), onClose: vi.fn() };
  return { batches: createBatches(told), told };
}

const piece = Buffer.alloc(300_000, 'a');

test('does not keep a little until more comes', async () => {
  const { batches } = made();
  batches.push(Buffer.from('a little'));
  for await (const batch of batches.read()) {
    expect(Buffer.concat(batch).toString()).toBe('a little');
    break;
  }
});

test('brings what came before a failure, then that', async () => {
  const { batches } = made();
  const failure = new Error('gone');
  batches.push(piece);
  batches.end(failure);
  const reader = batches.read();
  expect((await reader.next()).value).toEqual([piece]);
  await expect(reader.next()).rejects.toBe(failure);
});

test('wants no more while its reader is slow', async () => {
  const { batches, told } = made();
  let pushed = 1;
  while (batches.push(piece)) pushed++;
  expect(pushed * piece.length).toBeLessThan(5 << 20);
  const reader = batches.read();
  expect((await reader.next()).value).toHaveLength(pushed);
  expect(told.onRoom).toHaveBeenCalledOnce();
});

test('tells what its reader has done with, and not before', async () => {
  const { batches, told } = made();
  batches.push(piece);
  batches.push(piece);
  const reader = batches.read();
  const { value } = await reader.next();
  batches.end();
  expect(told.onRead).not.toHaveBeenCalled();
  expect((await reader.next()).done).toBe(true);
  expect(told.onRead).toHaveBeenCalledExactlyOnceWith(value);
  expect(told.onClose).toHaveBeenCalledOnce();
});

test('closes when its reader leaves', async () => {
  const { batches, told } = made();
  batches.push(piece);
  batches.push(piece);
  for await (const _ of batches.read()) break;
  expect(told.onClose).toHaveBeenCalledOnce();
});
