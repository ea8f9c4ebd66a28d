import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Addition } from '../../src/media/iso-additions.ts';
import { overlayIso } from '../../src/media/iso-overlay.ts';
import { remasterIso } from '../../src/media/remaster.ts';
import { makeHybridIso } from './hybrid-iso.ts';

let dir: string;
let iso: string;
const at = (...parts: string[]) => path.join(dir, ...parts);
beforeAll(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-remaster-'));
  iso = makeHybridIso(dir);
  writeFileSync(at('new'), 'new\n');
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
  // the last column of an image is where it begins; xorriso counts partitions in its own ways
  return lines.map((line) =>
    line
      .replace(/(catalog {2}:).*|(boot img :.*) +\d+ *$/, '$1$2')
      .replace(/^(GPT partition path : +)\d+/, '$1')
      .replace(/ +/g, ' ')
      .trim(),
  );
}

/** An ISO of `tree`'s files as `mkisofs` makes it with these options. */
function plainIso(name: string, files: Record<string, string>, ...options: string[]): string {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(at(`${name}-tree`, file)), { recursive: true });
    writeFileSync(at(`${name}-tree`, file), text);
  }
  const made = at(`${name}.iso`);
  execFileSync('genisoimage', ['-quiet', ...options, '-o', made, at(`${name}-tree`)], {
    stdio: 'pipe',
  });
  return made;
}

/** What an ISO holds by the names of ISO 9660 itself, or of an extension. */
const names = (image: string, ...extension: string[]) =>
  execFileSync('isoinfo', [...extension, '-f', '-i', image])
    .toString()
    .trim()
    .split('\n')
    .sort();

/** The additions in both ways in which they are made: a copy and an overlay. */
async function bothWays(source: string, add: Addition[]): Promise<string[]> {
  const [copy, overlay, flat] = ['copy', 'overlay', 'flat'].map((kind) => `${source}.${kind}`);
  const request = (target: string) => ({ iso: source, target, add });
  await remasterIso(request(copy as string));
  expect(await overlayIso(request(overlay as string))).toBe(true);
  const convert = ['convert', '-f', 'qcow2', '-O', 'raw', overlay as string, flat as string];
  execFileSync('qemu-img', convert);
  return [copy as string, flat as string];
}

describe('the names on the ISO', () => {
  it('keeps those of classic Windows, and finds its directories in any case', async () => {
    const files = { 'I386/SETUP.EXE': 'x', WIN51: 'x', 'I386/$OEM$/A-B.TXT': 'x' };
    const source = plainIso('classic', files, '-N', '-relaxed-filenames', '-iso-level', '2');
    expect(names(source)).toContain('/WIN51.');
    mkdirSync(at('classic-more/i386/$oem$'), { recursive: true });
    writeFileSync(at('classic-more/i386/$oem$/new.cmd'), 'new');
    writeFileSync(at('answers'), 'answers');
    const made = await bothWays(source, [
      { from: at('classic-more'), to: '/' },
      { from: at('answers'), to: 'i386/winnt.sif' },
    ]);
    for (const image of made) {
      expect(names(image)).toEqual(
        [...names(source), '/I386/$OEM$/NEW.CMD', '/I386/WINNT.SIF'].sort(),
      );
      expect(names(image, '-R')).toContain('/WIN51');
    }
  });

  it('keeps version numbers where they are', async () => {
    const source = plainIso('plain', { 'DIR/FILE.TXT': 'x', README: 'x' });
    for (const image of await bothWays(source, [{ from: at('new'), to: '/dir/new' }])) {
      expect(names(image)).toEqual([...names(source), '/DIR/NEW.;1'].sort());
    }
  });

  it('finds directories in any case where there is Joliet alone', async () => {
    const source = plainIso('joliet', { 'Dir/File.text': 'x' }, '-J');
    for (const image of await bothWays(source, [{ from: at('new'), to: '/dir/file.TEXT' }])) {
      expect(names(image, '-J')).toEqual(['/Dir', '/Dir/File.text']);
    }
  });

  it('takes Rock Ridge at its word', async () => {
    const source = plainIso('rock', { 'Dir/File': 'x' }, '-r');
    for (const image of await bothWays(source, [{ from: at('new'), to: '/dir/File' }])) {
      expect(names(image, '-R')).toEqual(['/Dir', '/Dir/File', '/dir', '/dir/File']);
    }
  });

  it('refuses an ISO with UDF, as that of a later Windows', async () => {
    const source = plainIso('udf', { bootmgr: 'x', 'sources/install.wim': 'x' }, '-udf', '-J');
    for (const write of [remasterIso, overlayIso]) {
      const request = { iso: source, target: at('none.iso'), add: [{ from: at('new'), to: '/x' }] };
      await expect(write(request)).rejects.toMatchObject({
        code: 'OZ_REMASTER',
        message: expect.stringContaining('UDF'),
      });
    }
    expect(readdirSync(dir)).not.toContain('none.iso');
  });

  it('puts no file in the place of a directory', async () => {
    const source = plainIso('place', { 'boot/kernel': 'x' }, '-r');
    const request = {
      iso: source,
      target: at('none.iso'),
      add: [{ from: at('new'), to: '/boot' }],
    };
    await expect(remasterIso(request)).rejects.toMatchObject({ code: 'OZ_REMASTER' });
  });
});

describe('remasterIso()', () => {
  it('adds files and keeps what boots, in one pass and one copy', async () => {
    mkdirSync(at('extra/deep'), { recursive: true });
    writeFileSync(at('extra/deep/file'), 'deep\n');
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
    ['a file in the place of all', os.devNull, '/', 'OZ_REMASTER'],
    ['a file that is missing', '/nowhere/at/all', '/x', 'OZ_REMASTER'],
    ['a name that would be cut', os.devNull, `/a/${'ß'.repeat(128)}`, 'OZ_REMASTER'],
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
