import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  buildFloppy,
  buildIso,
  buildUsb,
  type MediumRequest,
} from '../../src/media/answer-medium.ts';
import { isoInfo } from '../../src/media/iso.ts';
import { testDir } from './support.ts';

const files = [
  { name: 'user-data', content: '#cloud-config\n' },
  { name: '$OEM$/A Long Directory/Some long file name.txt', content: Buffer.from([0, 1, 2, 255]) },
];

const tool = (name: string, ...args: string[]) => execFileSync(name, args, { stdio: 'pipe' });

async function built(build: (request: MediumRequest) => Promise<void>, label: string) {
  const dir = testDir();
  const target = path.join(dir, 'medium.img');
  await build({ label, files, target });
  expect(readdirSync(dir)).toEqual(['medium.img']);
  expect(statSync(target).mode & 0o777).toBe(0o600);
  const again = path.join(dir, 'again.img');
  await build({ label, files, target: again });
  expect(readFileSync(again).equals(readFileSync(target)), 'same input, same bytes').toBe(true);
  return target;
}

function readFat(image: string) {
  return {
    label: tool('mlabel', '-s', '-i', image, '::').toString(),
    text: tool('mtype', '-i', image, '::user-data').toString(),
    bytes: tool('mtype', '-i', image, `::${files[1]?.name}`),
  };
}

describe('answer media', () => {
  it('makes an ISO with a label, read back by isoinfo', async () => {
    const iso = await built(buildIso, 'OEMDRV');
    expect((await isoInfo(iso)).volumeId).toBe('OEMDRV');
    const path2 = '/$OEM$/A Long Directory/Some long file name.txt';
    expect(tool('isoinfo', '-R', '-i', iso, '-x', path2)).toEqual(files[1]?.content);
    expect(tool('isoinfo', '-J', '-i', iso, '-x', '/user-data').toString()).toBe(files[0]?.content);
  });

  it('makes a 1.44 MB floppy, read back by mtools', async () => {
    const image = await built(buildFloppy, 'ANSWER');
    const sector = readFileSync(image);
    expect(sector.length).toBe(1_474_560);
    expect(sector[21]).toBe(0xf0);
    expect(sector.toString('latin1', 54, 62)).toBe('FAT12   ');
    // jmp 3e; there int 18h, hlt, jmp to itself
    expect(sector.toString('hex', 0, 3)).toBe('eb3c90');
    expect(sector.toString('hex', 0x3e, 0x43)).toBe('cd18f4ebfd');
    expect(sector.toString('hex', 510, 512)).toBe('55aa');
    const { label, text, bytes } = readFat(image);
    expect(label).toMatch(/ANSWER/);
    expect(text).toBe(files[0]?.content);
    expect(bytes).toEqual(files[1]?.content);
  });

  it('makes a FAT16 USB disk, read back by mtools', async () => {
    const image = await built(buildUsb, 'CIDATA');
    const sector = readFileSync(image).subarray(0, 512);
    expect(sector.toString('latin1', 54, 62)).toBe('FAT16   ');
    expect(sector.readUInt16LE(510)).toBe(0xaa55);
    expect(readFat(image).label).toMatch(/CIDATA/);
    expect(readFat(image).bytes).toEqual(files[1]?.content);
  });

  it.each([
    ['a name that climbs out', { files: [{ name: '../x', content: '' }] }],
    ['an absolute name', { files: [{ name: '/x', content: '' }] }],
    ['a label that is too long', { label: 'x'.repeat(33) }],
    ['a label of control characters', { label: 'a\nb' }],
  ])('refuses %s', async (_, change) => {
    const dir = testDir();
    const request = { label: 'L', files, target: path.join(dir, 'x'), ...change };
    await expect(buildIso(request)).rejects.toMatchObject({ code: 'OZ_ANSWER_MEDIUM' });
    expect(readdirSync(dir)).toEqual([]);
  });

  it('reports a floppy that is too small and leaves nothing', async () => {
    const dir = testDir();
    const big = [{ name: 'x', content: Buffer.alloc(2_000_000) }];
    const promise = buildFloppy({ label: 'L', files: big, target: path.join(dir, 'x') });
    await expect(promise).rejects.toMatchObject({ code: 'OZ_TOOL_FAILED' });
    expect(readdirSync(dir)).toEqual([]);
  });

  it('replaces what is there only when done', async () => {
    const dir = testDir();
    const target = path.join(dir, 'x');
    writeFileSync(target, 'old');
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(buildIso({ label: 'L', files, target, signal })).rejects.toThrow('stop');
    expect(readFileSync(target, 'utf8')).toBe('old');
  });
});
