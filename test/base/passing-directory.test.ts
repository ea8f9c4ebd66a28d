import { mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { noLedger } from '../../src/base/ledger-entry.ts';
import { makePassingDirectory } from '../../src/base/passing-directory.ts';

const usual = process.umask();
const dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-passing-'));
afterEach(() => {
  process.umask(usual);
  rmSync(dir, { recursive: true, force: true });
});

it("is open to QEMU's user also where a careful administrator has set the umask", async () => {
  process.umask(0o077);
  const made = await makePassingDirectory(noLedger, dir, '.web.', 0o711);
  expect(statSync(made.path).mode & 0o777).toBe(0o711);
  await made.remove();
  expect(() => statSync(made.path)).toThrow('ENOENT');
});

it('says where it can not be made, and is not remembered then', async () => {
  const known = new Set<string>();
  const ledger = {
    ...noLedger,
    add: ({ ref }: { ref: string }) => void known.add(ref),
    drop: ({ ref }: { ref: string }) => void known.delete(ref),
  };
  await expect(makePassingDirectory(ledger, '/nowhere/tmp', 'x-')).rejects.toMatchObject({
    code: 'OZ_NOT_WRITABLE',
    message: 'Cannot make a directory in /nowhere/tmp: it is not there',
  });
  expect(known.size).toBe(0);
});
