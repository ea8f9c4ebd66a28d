import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ensureKeyPair, loadOrCreateKey } from '../../src/customize/keys.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'ozma-keys-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const fromPrivate = (file: string) =>
  execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' })
    .trim()
    .split(' ')
    .slice(0, 2)
    .join(' ');

describe('loadOrCreateKey', () => {
  it('makes an RSA key that OpenSSH accepts, private, with its .pub, and reads it again', async () => {
    const file = path.join(dir, 'new/dir/id_rsa-icicle-gen');
    const key = await loadOrCreateKey(file);
    expect(key.privateKey).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(key.publicKey.startsWith(`${fromPrivate(file)} `)).toBe(true);
    expect(readFileSync(`${file}.pub`, 'utf8')).toBe(`${key.publicKey}\n`);
    expect(await loadOrCreateKey(file)).toEqual(key);
    expect(readdirSync(path.dirname(file)).sort()).toEqual([
      'id_rsa-icicle-gen',
      'id_rsa-icicle-gen.pub',
    ]);
    expect(await ensureKeyPair(file)).toEqual({ publicKey: key.publicKey, privateKeyPath: file });
  });

  it('gives builds in parallel one key', async () => {
    const file = path.join(dir, 'parallel/key');
    const keys = await Promise.all([1, 2, 3, 4].map(() => loadOrCreateKey(file)));
    expect(new Set(keys.map((key) => key.publicKey)).size).toBe(1);
    expect(keys[0]?.privateKey).toBe(readFileSync(file, 'utf8'));
  });

  it.each(['rsa', 'ed25519', 'ecdsa'])(
    'reads an existing %s key and makes the missing .pub',
    async (type) => {
      const file = path.join(dir, `existing-${type}`);
      execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', 'x', '-f', file]);
      rmSync(`${file}.pub`);
      const { publicKey } = await loadOrCreateKey(file);
      expect(publicKey).toBe(`${fromPrivate(file)} ozma`);
      expect(existsSync(`${file}.pub`)).toBe(true);
    },
  );

  it('refuses what is no usable private key, without showing it', async () => {
    const file = path.join(dir, 'bad');
    writeFileSync(file, 'SECRETTEXT', { mode: 0o600 });
    const error = await loadOrCreateKey(file).catch((e) => e);
    expect(error).toMatchObject({ code: 'OZ_SSH_KEY' });
    expect(`${error.message}${error.hint}${error.cause}`).not.toContain('SECRETTEXT');
    expect(readFileSync(file, 'utf8')).toBe('SECRETTEXT');
    const locked = path.join(dir, 'locked');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'pass', '-f', locked]);
    await expect(loadOrCreateKey(locked)).rejects.toMatchObject({
      code: 'OZ_SSH_KEY',
      message: expect.stringContaining('encrypted'),
    });
    const open = path.join(dir, 'open');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', open]);
    chmodSync(open, 0o644);
    await expect(loadOrCreateKey(open)).rejects.toMatchObject({
      code: 'OZ_SSH_KEY',
      message: expect.stringContaining('others can read'),
    });
    await expect(loadOrCreateKey(dir)).rejects.toMatchObject({ code: 'OZ_SSH_KEY' });
  });

  it('works without a controlling terminal', () => {
    const file = path.join(dir, 'no-tty');
    const script = `import('${path.resolve('src/customize/keys.ts')}').then((m) => m.loadOrCreateKey(process.argv[1]))`;
    execFileSync('setsid', [process.execPath, '--import', 'tsx', '-e', script, file], {
      stdio: 'ignore',
    });
    expect(existsSync(file)).toBe(true);
  });
});
