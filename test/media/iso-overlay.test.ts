import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { overlayIso, spliceIso } from '../../src/media/iso-overlay.ts';
import { blocksOf, piecesOf, readPieces, type Splice } from '../../src/media/splice.ts';
import { makeHybridIso } from './hybrid-iso.ts';

const payload = randomBytes(32 * 1024 * 1024);
let dir: string;
let iso: string;
const at = (...parts: string[]) => path.join(dir, ...parts);
beforeAll(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-overlay-'));
  iso = makeHybridIso(dir, {
    fill: (tree) => {
      writeFileSync(path.join(tree, 'payload'), payload);
      mkdirSync(path.join(tree, 'many'));
      for (let i = 0; i < 300; i++)
        writeFileSync(path.join(tree, 'many', `a-long-name-for-rock-ridge-${i}`), `${i}\n`);
    },
  });
  writeFileSync(at('new'), 'new\n');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const report = (image: string, kind: string) =>
  execFileSync('xorriso', ['-indev', image, kind, 'plain'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    encoding: 'utf8',
  });
/** Which images boot and where they lie, and the partitions; not where the catalogue lies. */
const bootRecords = (image: string) =>
  [report(image, '-report_el_torito'), report(image, '-report_system_area')]
    .join('')
    .replace(/^(El Torito catalog|ISO image size).*$/gm, '');

function flat(overlay: string): string {
  const image = `${overlay}.flat`;
  execFileSync('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', overlay, image]);
  return image;
}

/** The ISO that a splice gives, in a file; read both ways. */
async function spliced(file: string, splice: Splice): Promise<string> {
  const pieces = await piecesOf(file, splice);
  const bytes = await buffer(readPieces(pieces));
  const blocks = [...blocksOf(pieces)].map(({ end }) => end);
  expect(blocks.at(-1)).toBe(bytes.length);
  const image = `${file}.spliced`;
  writeFileSync(image, bytes);
  return image;
}

describe.each(['overlay', 'splice'] as const)('an ISO with more in it, as %s', (form) => {
  it('holds what is new, and shows the rest of the ISO where it was', async () => {
    mkdirSync(at('extra/deep'), { recursive: true });
    writeFileSync(at('extra/deep/file'), 'deep\n');
    const before = readFileSync(iso);
    const target = at(form);
    const add = [
      { from: at('extra'), to: '/many' },
      { from: at('new'), to: 'hello' },
    ];
    const request = { iso, target, add };
    const splice = form === 'splice' ? await spliceIso(request) : null;
    if (form === 'overlay') expect(await overlayIso(request)).toBe(true);
    else expect(splice?.base).toBe(iso);
    expect(readFileSync(iso).equals(before)).toBe(true);
    expect(statSync(target).blocks * 512).toBeLessThan(before.length / 10);
    expect(statSync(target).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir).filter((name) => /tmp|session/.test(name))).toEqual([]);

    const image = splice ? await spliced(target, splice) : flat(target);
    const read = (name: string, ...names: string[]) =>
      execFileSync('isoinfo', [...names, '-i', image, '-x', name], {
        maxBuffer: 2 * payload.length,
      });
    expect(read('/many/deep/file', '-R').toString()).toBe('deep\n');
    expect(read('/hello', '-R').toString()).toBe('new\n');
    expect(read('/hello', '-J').toString()).toBe('new\n');
    expect(read('/payload', '-R').equals(payload)).toBe(true);
    expect(read('/many/a-long-name-for-rock-ridge-299', '-R').toString()).toBe('299\n');
    expect(bootRecords(image)).toBe(bootRecords(iso));
    expect(bootRecords(iso)).toMatch(/El Torito boot img.*BIOS[\s\S]*El Torito boot img.*UEFI/);
    // the boot programs themselves: the MBR, and what El Torito points to (blocks 34 to 755)
    const boots = (file: string) => {
      const bytes = readFileSync(file);
      return [bytes.subarray(0, 512), bytes.subarray(34 * 2048, 755 * 2048)];
    };
    const [mbr, images] = boots(iso);
    expect(boots(image)[0]?.equals(mbr ?? Buffer.of())).toBe(true);
    expect(boots(image)[1]?.equals(images ?? Buffer.of())).toBe(true);
  });
});

describe('overlayIso()', () => {
  it.each([
    ['a file that boots', () => [{ from: at('new'), to: '/boot/bios.img' }]],
    [
      'one in a directory',
      () => {
        mkdirSync(at('with-boot/boot'), { recursive: true });
        copyFileSync(at('new'), at('with-boot/boot/efi.img'));
        return [{ from: at('with-boot'), to: '/' }];
      },
    ],
  ])('leaves %s to a copy', async (_what, add) => {
    expect(await overlayIso({ iso, target: at('none'), add: add() })).toBe(false);
    expect(await spliceIso({ iso, target: at('none'), add: add() })).toBe(null);
    expect(existsSync(at('none'))).toBe(false);
  });

  it('leaves an ISO with data behind its volume to a copy', async () => {
    const longer = at('longer.iso');
    copyFileSync(iso, longer);
    appendFileSync(longer, Buffer.alloc(2 * 1024 * 1024, 'x'));
    const add = [{ from: at('new'), to: '/new' }];
    expect(await overlayIso({ iso: longer, target: at('none'), add })).toBe(false);
  });

  it('leaves nothing behind when it fails', async () => {
    const add = [{ from: at('missing'), to: '/new' }];
    await expect(overlayIso({ iso, target: at('none'), add })).rejects.toMatchObject({
      code: 'OZ_REMASTER',
    });
    expect(readdirSync(dir).filter((name) => /tmp|session|none/.test(name))).toEqual([]);
  });
});
