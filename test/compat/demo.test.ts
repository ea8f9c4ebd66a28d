/** How the README's first command ends when its user has had enough. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageFile } from '../../src/base/package-root.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'ozma-demo-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it.each([
  ['SIGINT', 130],
  ['SIGHUP', 129],
] as const)(
  '%s ends the demo while it looks for an installer',
  async (name, status) => {
    const args = ['--import', 'tsx', packageFile('compat/demo/demo.ts')];
    const env = { ...process.env, OZMA_DEMO_DIR: dir };
    const child = spawn(process.execPath, args, { cwd: packageFile(), env });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.includes("looking for Debian 13's installer")) child.kill(name);
      });
    }
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect([code, text]).toEqual([status, expect.stringContaining('Error: Interrupted\n')]);
    expect(text).not.toContain('aborted');
  },
  60_000,
);
