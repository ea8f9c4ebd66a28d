import { describe, expect, it } from 'vitest';
import { runTool } from '../../src/base/run-tool.ts';
import { masker, withoutCredentials } from '../../src/base/secrets.ts';

describe('runTool()', () => {
  it('gives output, and never a shell to its arguments', async () => {
    const { stdout } = await runTool('printf', ['%s', '$(id); `id`']);
    expect(stdout.toString()).toBe('$(id); `id`');
  });

  it('hands over input', async () => {
    const { stdout } = await runTool('cat', [], { input: 'text' });
    expect(stdout.toString()).toBe('text');
  });

  it('names the package of a tool that is missing', async () => {
    await expect(runTool('xorriso', [], { env: { PATH: '/nowhere' } })).rejects.toMatchObject({
      code: 'OZ_TOOL_MISSING',
      hint: expect.stringContaining('apt-get install xorriso'),
    });
  });

  it('tells exit code and last words of a failure', async () => {
    await expect(runTool('sh', ['-c', 'echo no room >&2; exit 3'])).rejects.toMatchObject({
      code: 'OZ_TOOL_FAILED',
      message: expect.stringMatching(/exit code 3: no room/),
    });
  });

  it('is ended by its signal, with the signal’s reason', async () => {
    const reason = new Error('enough');
    const abort = new AbortController();
    setTimeout(() => abort.abort(reason), 50);
    await expect(runTool('sleep', ['60'], { signal: abort.signal })).rejects.toBe(reason);
  });
});

describe('secrets', () => {
  it('masks each secret, the longest first', () => {
    expect(masker(['pw', 'pw-long', undefined])('a pw-long b pw c')).toBe(
      'a ******** b ******** c',
    );
  });

  it('strips user and password from URLs', () => {
    expect(withoutCredentials('https://me:pw@host/x')).toBe('https://host/x');
    expect(withoutCredentials('http://host/a@b')).toBe('http://host/a@b');
  });
});
