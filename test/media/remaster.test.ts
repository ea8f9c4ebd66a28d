import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { remasterIso } from '../../src/media/remaster.ts';
import { makeHybridIso } from './hybrid-iso.ts';

let dir: string;
let iso: string;
const at = (...parts: string[]) => path.join(dir, ...parts);
beforeAll(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-remaster-'));
  iso = makeHybridIso(dir);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What boots, without the block addresses, which move. */
function bootRecords(image: string): string[] {
  const report = (kind: string) =>
    execFileSync('xorriso', ['-indev', image, kind, 'plain'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .toString()
      .split('\n')
      .filter((line) => /^(El Torito|GPT partition path)/.test(line));
  const lines = [...report('-report_el_torito'), ...report('-report_system_area')];
  // the last column of an image is where it begins
  return lines.map((line) =>
    line
      .replace(/(catalog {2}:).*|(boot img :.*) +\d+ *$/, '$1$2')
      .replace(/ +/g, ' ')
      .trim(),
  );
}

describe('remasterIso()', () => {
  it('adds files and keeps what boots, in one pass and one copy', async () => {
    mkdirSync(at('extra/deep'), { recursive: true });
    writeFileSync(at('extra/deep/file'), 'deep\n');
    writeFileSync(at('new'), 'new\n');
    await remasterIso({
      iso,
      target: at('made.iso'),
      add: [
        { from: at('extra'), to: '/more' },
        { from: at('new'), to: 'hello' },
      ],
    });
    const read = (name: string) =>
      execFileSync('isoinfo', ['-R', '-i', at('made.iso'), '-x', name]).toString();
    expect([read('/more/deep/file'), read('/hello')]).toEqual(['deep\n', 'new\n']);
    const before = bootRecords(iso);
    expect(before.join('\n')).toMatch(/El Torito boot img.*BIOS[\s\S]*El Torito boot img.*UEFI/);
    expect(bootRecords(at('made.iso'))).toEqual(before);
    // the boot programs themselves: the MBR's code, and what El Torito points to
    const code = (image: string) => readFileSync(image).subarray(0, 432).toString('hex');
    expect(code(at('made.iso'))).toBe(code(iso));
    expect(readdirSync(dir).filter((name) => name.includes('.tmp'))).toEqual([]);
  });

  it.each([
    ['a file that is missing', '/nowhere/at/all', '/x', 'OZ_REMASTER'],
    ['a name no ISO can have', os.tmpdir(), '/a\nb', 'OZ_REMASTER'],
  ])('says what is wrong with %s, and leaves nothing', async (_name, from, to, code) => {
    const target = at('bad.iso');
    await expect(remasterIso({ iso, target, add: [{ from, to }] })).rejects.toMatchObject({ code });
    expect(readdirSync(dir).filter((name) => name.includes('bad.iso'))).toEqual([]);
  });

  it('refuses what is no ISO', async () => {
    writeFileSync(at('page.html'), '<html>');
    const request = {
      iso: at('page.html'),
      target: at('x.iso'),
      add: [{ from: at('new'), to: 'x' }],
    };
    await expect(remasterIso(request)).rejects.toMatchObject({ code: 'OZ_ISO' });
  });
});
