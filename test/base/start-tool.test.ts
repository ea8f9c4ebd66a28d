import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { packageFile } from '../../src/base/package-root.ts';
import { runTool } from '../../src/base/run-tool.ts';
import { toolEnv } from '../../src/base/start-tool.ts';
import { openGuestfish } from '../../src/customize/guestfish.ts';

const secrets = ['OS_PASSWORD', 'AWS_SECRET_ACCESS_KEY', 'GITHUB_TOKEN', 'http_proxy', 'ENV'];

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-tool-'));
  for (const name of secrets) vi.stubEnv(name, 'hidden');
  vi.stubEnv('LC_TIME', 'de_DE.UTF-8');
  vi.stubEnv('LIBGUESTFS_MEMSIZE', '900');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true, force: true });
});

const namesIn = (text: string) =>
  text.split('\n').flatMap((line) => /^([A-Za-z_]\w*)=/.exec(line)?.[1] ?? []);

describe('tools', () => {
  it('are told who and where they are, and no secret', async () => {
    const { stdout } = await runTool('env', [], { env: { MTOOLS_SKIP_CHECK: '1' } });
    const names = namesIn(stdout.toString('utf8'));
    expect(names).toEqual(expect.arrayContaining(['PATH', 'LC_ALL', 'LC_TIME']));
    expect(names).toContain('MTOOLS_SKIP_CHECK');
    for (const name of [...secrets, 'LIBGUESTFS_MEMSIZE']) expect(names).not.toContain(name);
    expect(stdout.toString('utf8')).not.toContain('hidden');
  });

  it('get what is theirs: guestfish the variables of libguestfs', async () => {
    const fake = path.join(dir, 'guestfish');
    writeFileSync(fake, `#!/bin/sh\nenv > '${dir}/seen'\nexit 1\n`);
    chmodSync(fake, 0o755);
    vi.stubEnv('PATH', `${dir}:${process.env.PATH}`);
    await expect(openGuestfish('x', 'raw', { emulate: true })).rejects.toThrow();
    const seen = readFileSync(path.join(dir, 'seen'), 'utf8');
    expect(seen).toContain('LIBGUESTFS_MEMSIZE=900');
    expect(seen).toContain('LIBGUESTFS_BACKEND_SETTINGS=force_tcg');
    expect(seen).not.toContain('hidden');
  });

  it('that outlive us get nothing of the user’s', () => {
    const env = toolEnv({ bare: true }, { HOME: '/home/me', TMPDIR: '/x', PATH: '/mine' });
    expect(Object.keys(env).sort()).toEqual(['LC_ALL', 'PATH']);
    expect(env.PATH).toContain('/usr/sbin');
    expect(env.PATH).not.toContain('/mine');
  });

  it('are started in one place', () => {
    const files = ['src', 'backends', 'osinfo', 'bin'].flatMap((folder) =>
      readdirSync(packageFile(folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.[jt]s$/.test(name))
        .map((name) => `${folder}/${name}`),
    );
    const starting = files.filter((file) =>
      /['"](?:node:)?(?:child_process|cluster)['"]|\bprocess\.execve\b/.test(
        readFileSync(packageFile(file), 'utf8'),
      ),
    );
    expect(starting).toEqual(['src/base/start-tool.ts']);
  });
});
