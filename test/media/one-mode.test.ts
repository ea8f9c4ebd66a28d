/** Data directories on file systems that have one mode for all (vfat, say) are as good as others. */
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, vi } from 'vitest';
import { download } from '../../src/media/download.ts';
import { testDir } from './support.ts';

/** Whether modes can be changed, and whether files can share their blocks. */
const system = vi.hoisted(() => ({ modes: true, clones: false }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const refuse = async () => {
    throw Object.assign(new Error('chmod'), { code: 'EPERM' });
  };
  const open: typeof real.open = async (...args) => {
    const handle = await real.open(...args);
    if (!system.modes) handle.chmod = refuse;
    return handle;
  };
  const copyFile: typeof real.copyFile = async (from, to) => {
    if (!system.clones) throw Object.assign(new Error('clone'), { code: 'ENOTSUP' });
    await real.copyFile(from, to);
  };
  const chmod: typeof real.chmod = (...args) => (system.modes ? real.chmod(...args) : refuse());
  return { ...real, open, copyFile, chmod };
});

it.each([
  ['byte by byte', false],
  ['by sharing its blocks', true],
])('a medium is fetched %s', async (_, clones) => {
  const dir = testDir();
  const source = path.join(dir, 'source');
  writeFileSync(source, 'content');
  chmodSync(source, 0o600);
  for (const modes of [true, false]) {
    Object.assign(system, { modes, clones });
    const target = path.join(dir, String(modes));
    await download(pathToFileURL(source).href, target);
    expect(readFileSync(target, 'utf8')).toBe('content');
    if (modes) expect(statSync(target).mode & 0o777).toBe(0o644);
  }
});
