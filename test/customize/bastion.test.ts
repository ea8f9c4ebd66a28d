/** Through one real sshd to another. */
import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Address, connectSsh } from '../../src/customize/session.ts';
import type { SshHome } from '../../src/customize/ssh-config.ts';
import { hostSettings, knownHostKeys } from '../../src/customize/ssh-config.ts';
import { waitForSsh } from '../../src/customize/wait-ssh.ts';
import { childrenOf, freePort, startSshd, type TestSshd } from './helpers/sshd.ts';

let target: TestSshd;
let jump: TestSshd;
let dir: string;
let home: SshHome;
const user = userInfo().username;

beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'ozma-bastion-'));
  mkdirSync(path.join(dir, '.ssh'));
  home = { directory: path.join(dir, '.ssh'), systemKnownHosts: `${dir}/none`, agent: undefined };
  [target, jump] = await Promise.all([startSshd(), startSshd()]);
});
afterEach(async () => {
  await Promise.all([target.stop(), jump.stop()]);
  rmSync(dir, { recursive: true, force: true });
});

const allow = (publicKey: string) => appendFileSync(`${jump.dir}/authorized`, `${publicKey}\n`);
const through = (change: Partial<NonNullable<Address['bastion']>> = {}): Address => ({
  ...target.address,
  bastion: { user, ...jump.address, ...change },
});
const connect = (address: Address = through()) =>
  connectSsh(address, target.auth, { sshHome: home });

async function works(address: Address = through()): Promise<void> {
  const session = await connect(address);
  expect((await session.run('echo "$SSH_CONNECTION"')).stdout).toContain(
    ` ${target.address.port}\n`,
  );
  expect(childrenOf(jump.pid).length).toBe(1);
  await session.upload(`${target.dir}/file`, Buffer.alloc(3_000_000, 'x'));
  expect(readFileSync(`${target.dir}/file`).length).toBe(3_000_000);
  await session.close();
}

describe('through a bastion', () => {
  it("by the build's own key; and the bastion is left again", async () => {
    allow(target.publicKey);
    await works();
    for (let left = 100; childrenOf(jump.pid).length > 0; left -= 1) {
      expect(left).toBeGreaterThan(0);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  it('by an identity and an alias of ~/.ssh/config', async () => {
    writeFileSync(path.join(dir, '.ssh/jump-key'), jump.auth.privateKey, { mode: 0o600 });
    writeFileSync(
      path.join(dir, '.ssh/config'),
      `Host other\n  Port 1\nHost jum?\n  HostName 127.0.0.1\n  Port ${jump.address.port}\n  IdentityFile ~/.ssh/jump-key\n`,
    );
    await works(through({ host: 'jump', port: 22 }));
  });

  it("by the agent's key", async () => {
    const socket = path.join(dir, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    try {
      for (let left = 100; left > 0; left -= 1) {
        try {
          execFileSync('ssh-add', ['-q', '-'], {
            input: jump.auth.privateKey,
            env: { ...process.env, SSH_AUTH_SOCK: socket },
            stdio: ['pipe', 'ignore', 'ignore'],
          });
          break;
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
      home = { ...home, agent: socket };
      await works();
    } finally {
      agent.kill();
    }
  });

  it('says that no key is let in, at once, also while it waits for a guest', async () => {
    const refused = { code: 'OZ_SSH_BASTION', hint: expect.stringContaining('sshprivkey') };
    await expect(connect()).rejects.toMatchObject(refused);
    const began = Date.now();
    const wait = waitForSsh(async () => through(), target.auth, { timeoutMs: 60_000 });
    await expect(wait).rejects.toMatchObject({ code: 'OZ_SSH_BASTION' });
    expect(Date.now() - began).toBeLessThan(20_000);
  });

  it('that shows the one host key by which it is known, and has others', async () => {
    const key = path.join(dir, 'ecdsa');
    execFileSync('ssh-keygen', ['-q', '-t', 'ecdsa', '-N', '', '-f', key]);
    await jump.stop();
    jump = await startSshd({ extra: [`HostKey ${key}`] });
    allow(target.publicKey);
    const shown = readFileSync(`${key}.pub`, 'utf8');
    writeFileSync(path.join(dir, '.ssh/known_hosts'), `[127.0.0.1]:${jump.address.port} ${shown}`);
    await works();
  });

  it('does not go through one that has another host key than is known', async () => {
    allow(target.publicKey);
    const known = path.join(dir, '.ssh/known_hosts');
    const name = `[127.0.0.1]:${jump.address.port}`;
    const keyOf = (sshd: TestSshd) =>
      readFileSync(`${sshd.dir}/host.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
    writeFileSync(known, `${name} ${keyOf(target)}\n`);
    await expect(connect()).rejects.toMatchObject({
      code: 'OZ_SSH_BASTION',
      message: expect.stringContaining('host key'),
    });
    writeFileSync(known, `${name} ${keyOf(jump)}\n`);
    execFileSync('ssh-keygen', ['-q', '-H', '-f', known], { stdio: 'ignore' });
    expect(readFileSync(known, 'utf8')).toMatch(/^\|1\|/);
    expect(await knownHostKeys('127.0.0.1', jump.address.port, home)).toHaveLength(1);
    await works();
  });

  it('tells a guest that is not there yet from a bastion that is not', async () => {
    allow(target.publicKey);
    const port = await freePort();
    await expect(connect({ ...through(), port })).rejects.toMatchObject({
      code: 'OZ_SSH_UNREACHABLE',
      message: expect.stringContaining('through the bastion'),
    });
    await expect(connect(through({ port }))).rejects.toMatchObject({
      code: 'OZ_SSH_BASTION_UNREACHABLE',
    });
    const outcomes = new Set<string>();
    const wait = waitForSsh(async () => through({ port }), target.auth, {
      timeoutMs: 2500,
      intervalMs: 200,
      onTry: (outcome) => outcomes.add(outcome),
    });
    await expect(wait).rejects.toMatchObject({
      code: 'OZ_SSH_TIMEOUT',
      hint: expect.stringContaining('[openstack] bastion'),
    });
    expect([...outcomes]).toEqual(['no-bastion']);
  });

  it('waits for a guest behind it', async () => {
    allow(target.publicKey);
    const { port } = target.address;
    await target.stop();
    const wait = waitForSsh(async () => through(), target.auth, {
      timeoutMs: 30_000,
      intervalMs: 200,
    });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const again = await startSshd({ port });
    appendFileSync(`${again.dir}/authorized`, `${target.publicKey}\n`);
    target = again;
    const session = await wait;
    expect((await session.run('echo in')).stdout).toBe('in\n');
    await session.close();
  });
});

describe('a bastion that forwards nothing', () => {
  it('is told from a guest that does not answer', async () => {
    await jump.stop();
    jump = await startSshd({ extra: ['AllowTcpForwarding no'] });
    allow(target.publicKey);
    await expect(connect()).rejects.toMatchObject({
      code: 'OZ_SSH_BASTION',
      hint: expect.stringContaining('AllowTcpForwarding'),
    });
  });
});

describe('hostSettings', () => {
  it('takes the first value that applies', async () => {
    writeFileSync(
      path.join(dir, '.ssh/config'),
      'User x\nHost *.example.org !bad.example.org\n  Port = 2222\nHost *\n  Port 3333\n  HostName %h.lan\n',
    );
    expect(await hostSettings('a.example.org', home)).toMatchObject({ port: 2222 });
    expect(await hostSettings('bad.example.org', home)).toMatchObject({
      port: 3333,
      hostName: 'bad.example.org.lan',
    });
  });
});
