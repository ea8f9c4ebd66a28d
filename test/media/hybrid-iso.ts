/**
 * A hybrid ISO whose boot programs, made here byte by byte, write their names to
 * the first serial port: `BIOS`, `MBR` or `EFI`. xorriso and mtools put it together.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const bytes = (...parts: (number[] | string)[]): Buffer =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))),
  );

/** mov dx,3f8h; mov al,c; out dx,al for each character, then cli; hlt; jmp to the hlt. */
function say(text: string, wide: boolean): Buffer {
  const port = wide ? [0x66, 0xba, 0xf8, 0x03] : [0xba, 0xf8, 0x03];
  const letters = [...`${text}\n`].flatMap((c) => [0xb0, c.charCodeAt(0), 0xee]);
  return bytes(port, letters, [0xfa, 0xf4, 0xeb, 0xfd]);
}

/** A PE32+ program for UEFI on x86-64 with one section. */
function efiProgram(code: Buffer): Buffer {
  const image = Buffer.alloc(0x400);
  image.write('MZ', 0);
  image.writeUInt32LE(0x40, 0x3c);
  image.write('PE\0\0', 0x40, 'latin1');
  const coff = 0x44;
  image.writeUInt16LE(0x8664, coff); // x86-64
  image.writeUInt16LE(1, coff + 2); // sections
  image.writeUInt16LE(0xf0, coff + 16); // length of what follows
  image.writeUInt16LE(0x0022, coff + 18); // executable, large addresses
  const optional = coff + 20;
  image.writeUInt16LE(0x20b, optional); // PE32+
  image.writeUInt32LE(0x200, optional + 4); // code
  image.writeUInt32LE(0x1000, optional + 16); // entry
  image.writeUInt32LE(0x1000, optional + 20); // base of code
  image.writeUInt32LE(0x1000, optional + 32); // alignment in memory
  image.writeUInt32LE(0x200, optional + 36); // and in the file
  image.writeUInt32LE(0x2000, optional + 56); // size in memory
  image.writeUInt32LE(0x200, optional + 60); // of the headers
  image.writeUInt16LE(10, optional + 68); // an EFI application
  image.writeUInt32LE(16, optional + 108); // directories
  const section = optional + 0xf0;
  image.write('.text', section);
  image.writeUInt32LE(0x200, section + 8);
  image.writeUInt32LE(0x1000, section + 12);
  image.writeUInt32LE(0x200, section + 16);
  image.writeUInt32LE(0x200, section + 20);
  image.writeUInt32LE(0x60000020, section + 36); // code: readable, executable
  code.copy(image, 0x200);
  return image;
}

/**
 * Makes the ISO in `dir`, with a file `hello` in it and what `fill` puts into its
 * tree; returns its path. `bios` is the file that a BIOS starts from the CD.
 */
export function makeHybridIso(
  dir: string,
  { bios = 'boot/bios.img', fill }: { bios?: string; fill?: (tree: string) => void } = {},
): string {
  const tree = path.join(dir, 'hybrid');
  for (const name of ['boot', path.dirname(bios)])
    mkdirSync(path.join(tree, name), { recursive: true });
  writeFileSync(path.join(tree, 'hello'), 'hello\n');
  fill?.(tree);
  writeFileSync(path.join(tree, bios), Buffer.concat([say('BIOS', false)], 2048));
  const mbr = path.join(dir, 'mbr.bin');
  writeFileSync(mbr, Buffer.concat([say('MBR', false)], 432));
  const program = path.join(dir, 'bootx64.efi');
  writeFileSync(program, efiProgram(say('EFI', true)));
  const esp = path.join(tree, 'boot/efi.img');
  const run = (tool: string, ...args: string[]) => execFileSync(tool, args, { stdio: 'pipe' });
  run('mformat', '-C', '-i', esp, '-f', '1440', '::');
  run('mmd', '-i', esp, '::EFI', '::EFI/BOOT');
  run('mcopy', '-i', esp, program, '::EFI/BOOT/BOOTX64.EFI');
  const iso = path.join(dir, 'hybrid.iso');
  run(
    'xorriso',
    ...['-as', 'mkisofs', '-quiet', '-V', 'HYBRID 1', '-J', '-r', '-o', iso],
    ...['-isohybrid-mbr', mbr, '-c', 'boot/boot.cat'],
    ...['-b', bios, '-no-emul-boot', '-boot-load-size', '4'],
    ...['-eltorito-alt-boot', '-e', 'boot/efi.img', '-no-emul-boot', '-isohybrid-gpt-basdat'],
    tree,
  );
  return iso;
}
