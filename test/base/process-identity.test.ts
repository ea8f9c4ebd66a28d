import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { startTimeOf } from '../../src/base/process-identity.ts';

describe('startTimeOf', () => {
  it('knows this process, and that others are not there', () => {
    expect(startTimeOf(process.pid)).toMatch(/^\d+$/);
    expect(startTimeOf(2 ** 22 + 1)).toBeNull();
  });

  it('takes one that has ended for dead, although nobody has asked how it ended', async () => {
    // exec: what was the shell never asks for the end of its child.
    const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 30']);
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(line.toString());
      await expect.poll(() => startTimeOf(pid), { timeout: 5000 }).toBeNull();
      expect(() => process.kill(pid, 0)).not.toThrow();
    } finally {
      parent.kill('SIGKILL');
    }
  });
});
