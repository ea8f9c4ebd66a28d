/** The example of osinfo as a library, run as a user would: against the built package. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { packageFile } from '../../src/base/package-root.ts';

it('the example finds a system, its hardware, its answer file, and what an ISO holds', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'ozma-example-'));
  try {
    const image = Buffer.alloc(0x8000 + 3 * 2048);
    image.write('\u0001CD001\u0001', 0x8000, 'latin1');
    image.fill(' ', 0x8000 + 8, 0x8000 + 72);
    image.write('Debian 12.5.0 amd64 n', 0x8000 + 40);
    image.writeUInt16LE(2048, 0x8000 + 128);
    image.write('EL TORITO SPECIFICATION', 0x8800 + 7);
    const iso = path.join(directory, 'debian.iso');
    writeFileSync(iso, image);
    const example = packageFile('test', 'osinfo', 'example.js');
    const found = JSON.parse(execFileSync(process.execPath, [example, iso], { encoding: 'utf8' }));
    expect(found).toMatchObject({
      name: 'Debian 13',
      match: 'exact',
      memory: 1024 ** 3,
      networkCards: expect.arrayContaining(['virtio1.0-net', 'e1000e']),
      bios: true,
      answerFile: 'preseed.cfg',
      holds: 'debian12',
    });
    expect(found.firstLine).toMatch(/^#|^d-i/);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
