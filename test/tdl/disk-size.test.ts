import { describe, expect, it } from 'vitest';
import { parseDiskSize } from '../../src/tdl/disk-size.ts';

describe('parseDiskSize()', () => {
  it.each<[string, number]>([
    ['10', 10 * 2 ** 30],
    ['10G', 10 * 2 ** 30],
    ['2T', 2 * 2 ** 40],
    ['2t', 2 * 2 ** 40],
    ['10 GiB', 10 * 2 ** 30],
    ['10GB', 10e9],
    ['1kB', 1000],
    ['1KiB', 1024],
    ['512mib', 512 * 2 ** 20],
    ['7b', 7],
    ['1PiB', 2 ** 50],
    ['1EiB', 2 ** 60],
    ['1ZB', 1e21],
    ['1YiB', 2 ** 80],
  ])('%s', (text, bytes) => expect(parseDiskSize(text)).toBe(bytes));

  it.each([
    '',
    '0',
    '0GiB',
    '-1',
    '1.5G',
    'G',
    '10k',
    '10M',
    '10i',
    '10Gi',
    '10 X',
    '1e3',
    '9'.repeat(400),
  ])('refuses %j', (text) => expect(parseDiskSize(text)).toHaveProperty('problem'));
});
