import { describe, expect, it } from 'vitest';
import { editDistance, suggest } from '../../src/base/suggest.ts';

describe('editDistance()', () => {
  it.each<[string, string, number]>([
    ['', '', 0],
    ['a', '', 1],
    ['memory', 'memory', 0],
    ['memroy', 'memory', 1],
    ['memor', 'memory', 1],
    ['xmemory', 'memory', 1],
    ['nemory', 'memory', 1],
    ['kitten', 'sitting', 3],
  ])('of %j and %j is %d', (a, b, distance) => expect(editDistance(a, b)).toBe(distance));
});

describe('suggest()', () => {
  it('names the nearest, and nothing that is far', () => {
    const known = ['uri', 'type', 'memory', 'cpus'];
    expect(suggest('Memroy', known)).toBe('memory');
    expect(suggest('cpu', known)).toBe('cpus');
    expect(suggest('colour', known)).toBeUndefined();
    expect(suggest('x'.repeat(10_000), known)).toBeUndefined();
  });
});
