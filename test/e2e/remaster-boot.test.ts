/** A copy of a hybrid ISO starts wherever the ISO itself does: CD or disk, BIOS or EFI. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { overlayIso } from '../../src/media/iso-overlay.ts';
import { remasterIso } from '../../src/media/remaster.ts';
import { makeHybridIso } from '../media/hybrid-iso.ts';

let dir: string;
let made: string;
let overlay: string;
beforeAll(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-boot-'));
  const iso = makeHybridIso(dir);
  made = path.join(dir, 'made.iso');
  writeFileSync(path.join(dir, 'new'), 'new\n');
  const add = [{ from: path.join(dir, 'new'), to: '/new' }];
  await remasterIso({ iso, target: made, add });
  overlay = path.join(dir, 'overlay');
  expect(await overlayIso({ iso, target: overlay, add })).toBe(true);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const minutes = 60_000;

/** Resolves with true once the guest has written `word` on its serial port. */
function boots(args: readonly string[], word: string): Promise<boolean> {
  const common = ['-accel', 'tcg', '-m', '128', '-nodefaults', '-display', 'none', '-net', 'none'];
  const qemu = spawn('qemu-system-x86_64', [...common, '-serial', 'stdio', ...args]);
  return new Promise((resolve, reject) => {
    let seen = '';
    let errors = '';
    const timer = setTimeout(() => qemu.kill(), 5 * minutes);
    qemu.on('error', reject);
    qemu.stderr.on('data', (chunk: Buffer) => {
      errors += chunk;
    });
    qemu.stdout.on('data', (chunk: Buffer) => {
      seen += chunk;
      if (seen.includes(`${word}\n`)) qemu.kill();
    });
    qemu.on('close', () => {
      clearTimeout(timer);
      if (seen.includes(`${word}\n`)) resolve(true);
      else reject(new Error(`no ${word}: ${seen.slice(-500)}${errors.slice(-500)}`));
    });
  });
}

const ovmf = ['-bios', '/usr/share/ovmf/OVMF.fd'];

describe('a remastered ISO', () => {
  it.each<[string, () => string[], string]>([
    ['a CD, by BIOS', () => ['-cdrom', made, '-boot', 'd'], 'BIOS'],
    ['a disk, by BIOS', () => ['-drive', `file=${made},format=raw,if=ide,snapshot=on`], 'MBR'],
    ['a CD, by EFI', () => [...ovmf, '-cdrom', made], 'EFI'],
    ['a CD that is an overlay, by BIOS', () => ['-cdrom', overlay, '-boot', 'd'], 'BIOS'],
    ['a CD that is an overlay, by EFI', () => [...ovmf, '-cdrom', overlay], 'EFI'],
  ])('starts as %s', async (_name, args, word) => {
    expect(await boots(args(), word)).toBe(true);
  });
});
