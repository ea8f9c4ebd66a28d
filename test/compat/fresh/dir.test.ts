import { mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshDir } from '../../../compat/fresh/dir.ts';

const overlayfs = 0x794c7630;
const ext4 = 0xef53;

describe('the folder of bare machines', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'dir-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('is the first that overlayfs takes, for its owner alone', async () => {
    const found = await freshDir(undefined, ['/nowhere', dir], async (folder) =>
      folder === dir ? ext4 : overlayfs,
    );
    expect(found).toBe(path.join(dir, 'ozma-fresh'));
    expect(statSync(found).mode & 0o777).toBe(0o700);
  });

  it('is the one that is named', async () => {
    const named = path.join(dir, 'mine');
    expect(await freshDir(named, [], async () => ext4)).toBe(named);
  });

  it('is refused where overlayfs would refuse it, or somebody else could have made it', async () => {
    await expect(freshDir(undefined, [dir], async () => overlayfs)).rejects.toThrow(
      'Cannot lay files over a bare system',
    );
    symlinkSync('/', path.join(dir, 'ozma-fresh'));
    await expect(freshDir(undefined, [dir], async () => ext4)).rejects.toThrow('is not a folder');
  });
});
