import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import ssh2, { type Client, type ClientChannel } from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectSsh, type Session } from '../../src/customize/session.ts';
import { runCommand } from '../../src/customize/ssh-run.ts';
import { connectionsOf, freePort, startSshd, type TestSshd } from './helpers/sshd.ts';

let sshd: TestSshd;
let session: Session;

beforeAll(async () => {
  sshd = await startSshd();
  session = await connectSsh(sshd.address, sshd.auth);
});

afterAll(async () => {
  await session?.close();
  await sshd?.stop();
});

describe('run', () => {
  it('returns output and streams it line by line', async () => {
    const seen: string[] = [];
    const result = await session.run("printf 'a\\nb\\r\\n'; printf 'x' >&2; printf 'no end'", {
      onOutput: (stream, line) => seen.push(`${stream}:${line}`),
    });
    expect(result).toEqual({ code: 0, stdout: 'a\nb\r\nno end', stderr: 'x' });
    expect(seen.filter((s) => s.startsWith('stdout'))).toEqual([
      'stdout:a',
      'stdout:b',
      'stdout:no end',
    ]);
    expect(seen).toContain('stderr:x');
  });

  it('knows how a command ended whose end came with its beginning', async () => {
    const client = {
      exec(_: string, opened: (error: undefined, channel: ClientChannel) => void) {
        const channel = Object.assign(new PassThrough(), { stderr: new PassThrough() });
        opened(undefined, channel as unknown as ClientChannel);
        channel.emit('exit', 3);
        channel.emit('close');
        return client;
      },
    } as unknown as Client;
    const { signal } = new AbortController();
    expect(await runCommand(client, 'exit 3', { okCodes: 'any' }, signal)).toMatchObject({
      code: 3,
    });
  });

  it('streams while the command runs', async () => {
    const at: number[] = [];
    const begin = performance.now();
    await session.run('echo one; sleep 0.6; echo two', {
      onOutput: () => at.push(performance.now() - begin),
    });
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(400);
  });

  it('gives input and closes it', async () => {
    const big = 'line\n'.repeat(100_000);
    const { stdout } = await session.run('wc -l', { input: big });
    expect(stdout.trim()).toBe('100000');
    await expect(session.run('cat')).resolves.toMatchObject({ stdout: '' });
  });

  it('throws for an exit code that is not allowed, with the last words', async () => {
    await expect(session.run('echo why >&2; exit 3')).rejects.toMatchObject({
      code: 'OZ_SSH_COMMAND_FAILED',
      message: expect.stringMatching(/exit code 3: why/),
    });
    await expect(session.run('exit 3', { okCodes: [3] })).resolves.toMatchObject({ code: 3 });
    await expect(session.run('exit 9', { okCodes: 'any' })).resolves.toMatchObject({ code: 9 });
  });

  it('tells a death by signal as a shell does', async () => {
    const { code } = await session.run('kill -TERM $$', { okCodes: 'any' });
    expect(code).toBe(128 + 15);
  });

  it('ends at its time limit and leaves the session usable', async () => {
    await expect(session.run('sleep 30', { timeoutMs: 300 })).rejects.toMatchObject({
      code: 'OZ_SSH_COMMAND_TIMEOUT',
    });
    await expect(session.run('echo on')).resolves.toMatchObject({ stdout: 'on\n' });
  });

  it("throws the signal's reason on abort", async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('enough')), 200);
    await expect(session.run('sleep 30', { signal: abort.signal })).rejects.toThrow('enough');
    await expect(session.run('true', { signal: abort.signal })).rejects.toThrow('enough');
  });

  it('does not wait for what a command leaves in the background', async () => {
    const begin = performance.now();
    const { stdout } = await session.run('sleep 20 & echo started');
    expect(stdout).toBe('started\n');
    expect(performance.now() - begin).toBeLessThan(8000);
  });

  it('keeps all of a large output', async () => {
    const { stdout } = await session.run('head -c 5000000 /dev/zero | tr "\\0" a');
    expect(stdout.length).toBe(5_000_000);
  });

  it('keeps the end of a very large output, which fails where all of it is needed', async () => {
    const script = 'head -c 20000000 /dev/zero | tr "\\0" a; echo end';
    const { stdout } = await session.run(script);
    expect(stdout.length).toBeGreaterThan(16 << 20);
    expect(stdout.length).toBeLessThan(17 << 20);
    expect(stdout.endsWith('aend\n')).toBe(true);
    const failure = {
      code: 'OZ_SSH_COMMAND_FAILED',
      message: expect.stringMatching(/output of "head.*" in the guest: it is larger than 16 MiB$/),
    };
    await expect(session.run(script, { whole: true })).rejects.toMatchObject(failure);
    await expect(session.run('head -c 16000000 /dev/zero', { whole: true })).resolves.toMatchObject(
      { code: 0 },
    );
  });

  it('does not wait for the end of output that is too much already', async () => {
    await expect(session.run('yes', { whole: true })).rejects.toThrow('larger than 16 MiB');
    await expect(session.run('yes >&2', { timeoutMs: 1500, whole: true })).rejects.toThrow(
      'no end within',
    );
    await expect(session.run('echo on')).resolves.toMatchObject({ stdout: 'on\n' });
  });
});

describe('upload', () => {
  it.each([0, 1, 1 << 20, 64 << 20])('writes %i bytes', async (size) => {
    const content = randomBytes(size);
    const file = path.join(sshd.dir, `up-${size}`);
    await session.upload(file, content);
    expect(readFileSync(file).equals(content)).toBe(true);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('takes a stream, a mode and a hostile name', async () => {
    const file = path.join(sshd.dir, `it's $(touch x) "\n* `);
    await session.upload(file, Readable.from([Buffer.from('he'), Buffer.from('llo')]), {
      mode: 0o640,
    });
    expect(readFileSync(file, 'utf8')).toBe('hello');
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });

  it('replaces the content of an existing file and keeps its permissions', async () => {
    const file = path.join(sshd.dir, 'existing');
    writeFileSync(file, 'a long former content', { mode: 0o755 });
    await session.upload(file, Buffer.from('new'));
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(statSync(file).mode & 0o777).toBe(0o755);
  });

  it('says why it can not', async () => {
    await expect(session.upload(`${sshd.dir}/no/such`, Buffer.from('x'))).rejects.toMatchObject({
      code: 'OZ_SSH_UPLOAD',
      message: expect.stringContaining('/no/such: No such file'),
    });
    await expect(session.upload('/tmp/', Buffer.from('x'))).rejects.toMatchObject({
      code: 'OZ_SSH_UPLOAD',
    });
  });

  it('passes on what the content itself throws', async () => {
    const content = Readable.from(
      (async function* () {
        yield Buffer.from('x');
        throw new Error('the source broke');
      })(),
    );
    await expect(session.upload(`${sshd.dir}/broken`, content)).rejects.toThrow('the source broke');
  });
});

describe('a guest without SFTP server', () => {
  it('gets files through cat', async () => {
    const bare = await startSshd({ extra: ['#no-sftp'] });
    const own = await connectSsh(bare.address, bare.auth);
    try {
      const content = randomBytes(3 << 20);
      const file = path.join(bare.dir, "a'b c");
      await own.upload(file, content);
      expect(readFileSync(file).equals(content)).toBe(true);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      await own.upload(file, Buffer.from('short'), { mode: 0o755 });
      expect(readFileSync(file, 'utf8')).toBe('short');
      expect(statSync(file).mode & 0o777).toBe(0o755);
      await expect(own.upload(`${bare.dir}/no/such`, Buffer.from('x'))).rejects.toMatchObject({
        code: 'OZ_SSH_UPLOAD',
      });
    } finally {
      await own.close();
      await bare.stop();
    }
  });
});

describe('connectSsh', () => {
  it('tells a wrong key from a server that is not there', async () => {
    const dir = mkdtempSync(path.join(sshd.dir, 'other-'));
    const other = await startSshd();
    await other.stop();
    await expect(
      connectSsh(sshd.address, { ...sshd.auth, privateKey: other.auth.privateKey }),
    ).rejects.toMatchObject({ code: 'OZ_SSH_AUTH', hint: expect.any(String) });
    await expect(
      connectSsh(sshd.address, { ...sshd.auth, privateKey: `rubbish ${dir}` }),
    ).rejects.toMatchObject({ code: 'OZ_SSH_AUTH' });
    await expect(
      connectSsh({ host: '127.0.0.1', port: await freePort() }, sshd.auth),
    ).rejects.toMatchObject({ code: 'OZ_SSH_UNREACHABLE' });
  });

  it.each([
    ['CentOS 4', 'diffie-hellman-group-exchange-sha1', 'aes128-cbc', 'hmac-md5'],
    ['CentOS 3', 'diffie-hellman-group1-sha1', '3des-cbc', 'hmac-sha1'],
    ['Debian 5', 'diffie-hellman-group14-sha1', 'aes128-ctr', 'hmac-sha1'],
  ])('reaches a server as old as that of %s', async (_, kex, cipher, mac) => {
    const hostKey = path.join(mkdtempSync(path.join(sshd.dir, 'old-')), 'rsa');
    execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-N', '', '-f', hostKey]);
    const old = await startSshd({
      extra: [
        ...[`KexAlgorithms ${kex}`, `Ciphers ${cipher}`, `MACs ${mac}`],
        ...['HostKeyAlgorithms ssh-rsa', `HostKey ${hostKey}`],
      ],
    });
    try {
      const own = await connectSsh(old.address, old.auth);
      expect((await own.run('echo hi')).stdout).toBe('hi\n');
      await own.close();
    } finally {
      await old.stop();
    }
  });

  it('refuses a wrong password without showing it', async () => {
    const error = await connectSsh(sshd.address, {
      username: sshd.auth.username,
      password: 'wrong-secret',
    }).catch((e) => e);
    expect(error).toMatchObject({ code: 'OZ_SSH_AUTH' });
    expect(`${error.message}${error.hint}${error.cause}`).not.toContain('wrong-secret');
  });

  it('answers with the password where a server asks for it by a prompt', async () => {
    const { private: hostKey } = ssh2.utils.generateKeyPairSync('ed25519');
    const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
      client.on('error', () => {});
      client.on('authentication', (context) => {
        if (context.method !== 'keyboard-interactive') {
          return context.reject(['publickey', 'keyboard-interactive']);
        }
        return context.prompt('Password for root@guest:', ([given]) =>
          given === 'right' ? context.accept() : context.reject(),
        );
      });
    });
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const address = { host: '127.0.0.1', port };
    try {
      await (await connectSsh(address, { username: 'root', password: 'right' })).close();
      await expect(
        connectSsh(address, { username: 'root', password: 'wrong' }),
      ).rejects.toMatchObject({ code: 'OZ_SSH_AUTH' });
    } finally {
      server.close();
    }
  });

  it('tells that the connection was lost', async () => {
    const own = await startSshd();
    const lost = await connectSsh(own.address, own.auth);
    try {
      const work = lost.run('sleep 30');
      const caught = work.catch((error) => error);
      await new Promise((resolve) => setTimeout(resolve, 300));
      for (const pid of connectionsOf(own.pid)) process.kill(pid, 'SIGKILL');
      expect(await caught).toMatchObject({ code: 'OZ_SSH_LOST' });
      await expect(lost.run('true')).rejects.toMatchObject({ code: 'OZ_SSH_LOST' });
      await expect(lost.upload('/tmp/x', Buffer.from('x'))).rejects.toMatchObject({
        code: 'OZ_SSH_LOST',
      });
      await lost.close();
    } finally {
      await own.stop();
    }
  });
});
