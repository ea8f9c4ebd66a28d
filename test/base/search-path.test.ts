import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { runTool } from '../../src/base/run-tool.ts';
import { searchPath } from '../../src/base/search-path.ts';

describe('searchPath()', () => {
  it.each([
    ["a user's", '/usr/local/bin:/usr/bin:/bin:/usr/games'],
    ['an empty one', ''],
  ])('adds the directories of the system: %s', (_, given) => {
    const dirs = searchPath(given).split(':');
    expect(dirs.slice(-3)).toEqual(['/usr/local/sbin', '/usr/sbin', '/sbin']);
    expect(dirs).toContain('/usr/bin');
  });

  it('keeps the order that is there', () => {
    const own = '/usr/sbin:/opt/own/bin:/usr/bin';
    expect(searchPath(own)).toBe(`${own}:/usr/local/sbin:/sbin`);
  });
});

describe('runTool()', () => {
  it('finds what only a system directory has', async () => {
    // chroot stands in /usr/sbin of every Debian; an own PATH has nothing of that name
    const dir = mkdtempSync(path.join(tmpdir(), 'ozma-path-'));
    try {
      symlinkSync('/bin/true', path.join(dir, 'anything'));
      vi.stubEnv('PATH', dir);
      const { stdout } = await runTool('chroot', ['--version']);
      expect(stdout.toString()).not.toBe('');
    } finally {
      vi.unstubAllEnvs();
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
