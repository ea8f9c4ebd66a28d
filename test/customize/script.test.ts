/** Scripts of our own, as they reach the guest. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { scriptCommand } from '../../src/customize/script.ts';

describe('scriptCommand', () => {
  // csh, the login shell of root in FreeBSD before 14, stumbles over both in any quotes
  const hostile = ['a!b', 'two\nlines', `it's "$HOME" \`id\``, '', '-n', '*'];

  it('leaves nothing for the login shell to misread', () => {
    expect(scriptCommand({ text: ':', args: hostile }).command).toBe('sh -s');
  });

  it.each(['dash', 'bash'])('hands every argument over literally: %s', (shell) => {
    const { input } = scriptCommand({ text: `printf '%s\\0' "$@"; cat`, args: hostile });
    const printed = execFileSync(shell, ['-s'], { input, encoding: 'utf8' });
    expect(printed.split('\0')).toEqual([...hostile, '']);
  });

  it('ends as its text ends, which can not read on', () => {
    const { input } = scriptCommand({ text: 'cat; return 7', args: [] });
    expect(() => execFileSync('sh', ['-s'], { input })).toThrow(
      expect.objectContaining({ status: 7, stdout: Buffer.from('') }),
    );
  });
});
