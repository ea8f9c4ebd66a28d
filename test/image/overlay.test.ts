import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commitOverlay, createOverlay } from '../../src/image/overlay.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-overlay-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('overlays', () => {
  it('leave the image alone until they are committed', async () => {
    const base = path.join(dir, 'a b$(id).raw');
    const overlay = path.join(dir, 'overlay.qcow2');
    writeFileSync(base, Buffer.alloc(1 << 20, 1));
    await createOverlay({ path: base, format: 'raw' }, overlay);
    execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 2 0 64k', overlay]);
    expect(readFileSync(base)[0]).toBe(1);
    await commitOverlay(overlay);
    expect(readFileSync(base)[0]).toBe(2);
    expect(readFileSync(base)[65536]).toBe(1);
  });

  it('need an image below', async () => {
    const base = { path: path.join(dir, 'missing'), format: 'raw' };
    await expect(createOverlay(base, path.join(dir, 'o'))).rejects.toMatchObject({
      code: 'OZ_TOOL_FAILED',
    });
  });
});
