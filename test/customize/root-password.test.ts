import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkRootPassword, comparison } from '../../src/customize/root-password.ts';
import { recorder } from './helpers/recorder.ts';

const password = `it's "S3same" & $x \\`;
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'ozma-root-password-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const hashed = (method: string) =>
  execFileSync('perl', ['-e', 'print crypt($ARGV[0], $ARGV[1])', password, method], {
    encoding: 'utf8',
  });

describe('the comparison', () => {
  const exitCode = (shadow: string | null, given: string) => {
    const file = path.join(dir, 'shadow');
    if (shadow === null) rmSync(file, { force: true });
    else writeFileSync(file, shadow);
    return spawnSync('sh', ['-c', comparison(file)], { input: given }).status;
  };

  it.each([
    ['SHA-512', '$6$saltsalt$'],
    ['yescrypt', '$y$j9T$saltsaltsaltsalt$'],
  ])('knows a password from another by %s', (_name, method) => {
    const shadow = `daemon:*:1::::::\nroot:${hashed(method)}:19000:0:99999:7:::\n`;
    expect(exitCode(shadow, password)).toBe(0);
    expect(exitCode(shadow, `${password}\n`)).toBe(1);
    expect(exitCode(shadow, 'another')).toBe(1);
  });

  it('takes a locked or empty password for another', () => {
    expect(exitCode(`root:!${hashed('$6$saltsalt$')}:1::::::\n`, password)).toBe(1);
    expect(exitCode('root:*:1::::::\n', password)).toBe(1);
    expect(exitCode('root::1::::::\n', '')).toBe(1);
  });

  it('cannot tell without a file, a root or a method it knows', () => {
    expect(exitCode(null, password)).toBe(2);
    expect(exitCode('daemon:*:1::::::\n', password)).toBe(2);
    expect(exitCode('root:$nonesuch$x:1::::::\n', password)).toBe(2);
  });
});

describe('checkRootPassword()', () => {
  /** A guest whose comparison ends with this code. */
  const guest = (code: number) =>
    recorder((command) => (command === comparison() ? { code } : undefined));

  it('passes what is the same, or cannot be told', async () => {
    const options = { password, mend: false };
    expect(await checkRootPassword(guest(0).session, options)).toBe('same');
    expect(await checkRootPassword(guest(127).session, options)).toBe('unknown');
  });

  it('fails on another without telling either, or mends it', async () => {
    const { session, calls } = guest(1);
    await expect(checkRootPassword(session, { password, mend: false })).rejects.toMatchObject({
      code: 'OZ_ROOT_PASSWORD',
      message: expect.not.stringContaining(password),
      hint: expect.any(String),
    });
    expect(await checkRootPassword(session, { password, mend: true })).toBe('mended');
    expect(calls.at(-1)).toEqual({ command: 'chpasswd', input: `root:${password}\n` });
    expect(calls.map(({ command }) => command).join()).not.toContain(password);
  });
});
