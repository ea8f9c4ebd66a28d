/** What tools print is taken up to a limit: what they read may come from anybody. */
import { chmodSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { runTool } from '../../src/base/run-tool.ts';
import { openGuestfish } from '../../src/customize/guestfish.ts';
import { pathsOnIso } from '../../src/media/iso.ts';
import { testDir } from '../media/support.ts';

/** Puts a shell script before all tools of that name. */
function fake(name: string, script: string): string {
  const dir = testDir();
  const bin = path.join(dir, 'bin');
  mkdirSync(bin);
  writeFileSync(path.join(bin, name), `#!/bin/sh\n${script}\n`);
  chmodSync(path.join(bin, name), 0o755);
  vi.stubEnv('PATH', `${bin}:${process.env.PATH}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  return dir;
}

const zeros = (bytes: number) => ['-c', `head -c ${bytes} /dev/zero`];

it('a tool that prints without an end is ended, and so is what it has started', async () => {
  for (const script of ['exec yes', 'yes; true', 'yes | cat']) {
    await expect(runTool('sh', ['-c', script])).rejects.toMatchObject({
      code: 'OZ_TOOL_FAILED',
      message: 'Cannot finish sh -c: it printed more than 4 MiB',
    });
  }
});

it('a tool may print just as much as is said', async () => {
  const { stdout } = await runTool('sh', zeros(limits.toolOutput));
  expect(stdout.length).toBe(limits.toolOutput);
  await expect(runTool('sh', zeros(limits.toolOutput + 1))).rejects.toThrow('4 MiB');
  const most = limits.toolOutput + 1;
  expect((await runTool('sh', zeros(most), { most })).stdout.length).toBe(most);
});

it('what is read as it comes has no limit', async () => {
  let size = 0;
  const onStdout = (chunk: Buffer) => {
    size += chunk.length;
  };
  const { stdout } = await runTool('sh', zeros(limits.toolOutput * 2), { onStdout });
  expect([size, stdout.length]).toEqual([limits.toolOutput * 2, 0]);
});

it('of what a tool says of its work the end is kept', async () => {
  const script = `head -c ${limits.toolOutput * 3} /dev/zero >&2; echo why >&2; exit 3`;
  const { stderr } = await runTool('sh', ['-c', script], { okCodes: [3] });
  expect(stderr.endsWith('why\n')).toBe(true);
  expect(stderr.length).toBeLessThan(limits.toolOutput + 1024 * 1024);
});

it('a list of an ISO’s files without an end names the ISO', async () => {
  const iso = path.join(fake('xorriso', 'exec yes "\'/a-file\'"'), 'a.iso');
  const descriptor = Buffer.alloc(2048);
  descriptor.write('\x01CD001\x01', 'latin1');
  descriptor.writeUInt32LE(20, 80);
  descriptor.writeUInt16LE(2048, 128);
  const end = Buffer.from('\xffCD001\x01', 'latin1');
  writeFileSync(iso, Buffer.concat([Buffer.alloc(16 * 2048), descriptor, end]));
  truncateSync(iso, 20 * 2048);
  await expect(pathsOnIso(iso)).rejects.toMatchObject({
    code: 'OZ_ISO',
    message: expect.stringMatching(/a\.iso: .*it printed more than 64 MiB$/),
  });
});

const asks = 'while read -r line; do case "$line" in';

it('a command in an appliance that prints without an end is ended', async () => {
  fake('guestfish', `${asks} echo*) eval "$line";; *) exec yes;; esac; done`);
  await expect(openGuestfish('/a/disk', 'raw', { emulate: true })).rejects.toMatchObject({
    code: 'OZ_OFFLINE',
    message: 'Cannot change the disk /a/disk: a command printed more than 32 MiB',
  });
});

it('letters of several bytes come whole out of an appliance', async () => {
  const answers = [
    'list-filesystems|-mountpoints) echo "/dev/sda1: ext4";;',
    'is-file*) echo true;;',
    '*fstab) echo "/dev/sda1 / ext4";;',
    'cat*) yes ä | head -n 100000;;', // three bytes a line: pieces end within letters
    'echo*) eval "$line";;',
  ];
  fake('guestfish', `${asks} ${answers.join(' ')} esac; done`);
  const fish = await openGuestfish('/a/disk', 'raw', { emulate: true });
  const text = await fish.command('cat', '/x');
  expect(text).toBe('ä\n'.repeat(100_000));
  await fish.close();
});
