/** Customising, listing and sealing in a booted Debian over real SSH. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { customise } from '../../src/customize/customise.ts';
import { loadOrCreateKey, type SshKey } from '../../src/customize/keys.ts';
import { sealAndPowerOff } from '../../src/customize/seal.ts';
import { connectSsh, type Session } from '../../src/customize/session.ts';
import type { CustomiseStep } from '../../src/customize/types.ts';
import { waitForSsh } from '../../src/customize/wait-ssh.ts';
import { listPackages } from '../../src/icicle/list-packages.ts';
import { fetchContent } from '../../src/media/content.ts';
import {
  type Box,
  bootBox,
  debianMirror,
  makeBox,
  type RunningBox,
  rootPassword,
  suite,
} from './box.ts';
import { serveRepository, type TestRepository } from './repository.ts';

let box: Box;
let running: RunningBox;
let session: Session;
let key: SshKey;
let repository: TestRepository;
const keyFile = path.join(tmpdir(), `ozma-box-key-${process.pid}`);
let hostKeyBefore = '';

const address = async () => ({ host: '127.0.0.1', port: box.port });

async function enter(auth: Parameters<typeof connectSsh>[1]): Promise<Session> {
  return waitForSsh(address, auth, {
    timeoutMs: 120_000,
    isAlive: async () => running.alive(),
  });
}

const plain = { signed: true, sslverify: true, persisted: true };
const bytes = (text: string | Buffer) => ({ bytes: Buffer.from(text) });
const command = (name: string, text: string | Buffer): CustomiseStep => ({
  kind: 'command',
  stage: 'main',
  name,
  content: bytes(text),
});

async function run(steps: CustomiseStep[], output: string[] = []): Promise<void> {
  await customise(
    session,
    { packageManager: 'apt', steps },
    {
      fetchContent: (url) => fetchContent(url),
      emitOutput: (source, line) => output.push(`${source}: ${line}`),
      mask: (text) => text.replaceAll('s3cret', '****'),
    },
  );
}

beforeAll(async () => {
  rmSync(keyFile, { force: true });
  key = await loadOrCreateKey(keyFile);
  box = await makeBox(key.publicKey);
  repository = await serveRepository([
    ['box-plain', '1.0'],
    ['box-plain', '2.0'],
    ['box-file', '3.1'],
    ['hello', '0.1'],
  ]);
  running = bootBox(box);
  session = await enter({ username: 'root', privateKey: key.privateKey });
  hostKeyBefore = box.read('etc/ssh/ssh_host_ed25519_key.pub');
});

afterAll(async () => {
  await session?.close();
  await running?.kill();
  await repository?.stop();
  for (const name of [keyFile, `${keyFile}.pub`]) rmSync(name, { force: true });
  if (box) rmSync(box.tree, { recursive: true, force: true });
});

describe('repositories and packages', () => {
  it('refuses an unsigned repository that is to be signed, and leaves nothing of it', async () => {
    const step = {
      kind: 'repository' as const,
      ...plain,
      name: 'bad',
      url: `deb ${repository.url} ./`,
    };
    await expect(run([step])).rejects.toMatchObject({
      code: 'OZ_CUSTOMISE_FAILED',
      message: expect.stringMatching(/repository bad ended with exit code 100[\s\S]*Release file/),
    });
    expect(existsSync(box.file('etc/apt/sources.list.d/bad.list'))).toBe(false);
  });

  it('does a whole plan', async () => {
    const output: string[] = [];
    await run(
      [
        // No signature needed, but there is one: nothing is given up.
        {
          kind: 'repository',
          ...plain,
          signed: false,
          sslverify: false,
          name: 'main again',
          url: `deb ${debianMirror()} ${suite} main`,
        },
        {
          kind: 'repository',
          ...plain,
          signed: false,
          persisted: false,
          name: "it's; touch x",
          url: `'deb ${repository.url} ./'`,
        },
        {
          kind: 'command',
          stage: 'pre',
          name: 'pre',
          content: bytes('test ! -e /usr/share/box-plain && date > /root/pre'),
        },
        {
          kind: 'packages',
          packages: [
            { name: 'box-plain' },
            {
              name: 'hello',
              repository: "it's; touch x",
              arguments: '--no-install-recommends --allow-downgrades',
            },
            { name: 'box-file', file: `${repository.url}/box-file_3.1.deb` },
          ],
        },
        { kind: 'file', name: "/opt/a dir/it's $(x)", content: bytes('content\n') },
        { kind: 'file', name: '/opt/from url', content: { url: `${repository.url}/Packages` } },
        command(
          'order',
          'test -e /root/pre && test -e "/opt/from url" && echo ran s3cret && whoami',
        ),
      ],
      output,
    );
    expect(box.read('usr/share/box-plain/version')).toBe('2.0\n');
    expect(box.read('usr/share/hello/version')).toBe('0.1\n');
    expect(box.read('usr/share/box-file/version')).toBe('3.1\n');
    expect(box.read("opt/a dir/it's $(x)")).toBe('content\n');
    expect(statSync(box.file("opt/a dir/it's $(x)")).mode & 0o777).toBe(0o600);
    expect(box.read('opt/from url')).toContain('Package: box-file');
    expect(output).toContain('command order: ran ****');
    expect(output).toContain('command order: root');
    expect(
      output.some((line) => line.startsWith('packages box-plain: ') && line.includes('2.0')),
    ).toBe(true);
    // The persisted one stays, still verified; the other has gone; nothing else came.
    expect(readdirSync(box.file('etc/apt/sources.list.d'))).toEqual(['main_again.list']);
    expect(box.read('etc/apt/sources.list.d/main_again.list')).toBe(
      `deb ${debianMirror()} ${suite} main\n`,
    );
    expect(readdirSync(box.file('var/tmp')).filter((name) => !name.startsWith('systemd'))).toEqual(
      [],
    );
  });

  it('says what failed, with the output', async () => {
    await expect(
      run([{ kind: 'packages', packages: [{ name: 'no-such; reboot' }] }]),
    ).rejects.toMatchObject({
      code: 'OZ_CUSTOMISE_FAILED',
      message: expect.stringContaining('Unable to locate package no-such; reboot'),
    });
    await expect(run([{ kind: 'packages', packages: [{ name: '--help' }] }])).rejects.toMatchObject(
      { code: 'OZ_PACKAGE_NAME' },
    );
    await expect(
      run([command('five', 'echo about to s3cret; exit 5'), command('never', 'touch /never')]),
    ).rejects.toMatchObject({
      code: 'OZ_CUSTOMISE_FAILED',
      message: expect.stringMatching(
        /command five ended with exit code 5; it printed\n {2}about to \*\*\*\*$/,
      ),
    });
    expect(existsSync(box.file('never'))).toBe(false);
  });
});

describe('commands', () => {
  it('runs shell text as ssh does, and what no shell can take as a program', async () => {
    const output: string[] = [];
    await run(
      [
        command('bash', `x=(a b c)\nfor i in "\${x[@]}"; do\n  echo $i\ndone\n`),
        command('sh-line', '#!/bin/sh\n# a comment\necho "$0" ok'),
        command('perl', '#!/usr/bin/perl -w\nmy %h = (k => "from perl");\nprint "$h{k}\\n";\n'),
        command('long', `: ${'x'.repeat(300_000)}\necho long`),
        command('binary', execFileSync('cat', [box.file('usr/bin/id')])),
        command('empty', ''),
      ],
      output,
    );
    expect(output).toEqual([
      'command bash: a',
      'command bash: b',
      'command bash: c',
      'command sh-line: bash ok',
      'command perl: from perl',
      'command long: long',
      'command binary: uid=0(root) gid=0(root) groups=0(root)',
    ]);
  });
});

describe('listPackages', () => {
  it('lists what dpkg lists, with the output of extra_command', async () => {
    const packages = await listPackages(session, 'dpkg', `dpkg-query -W -f '\${Version}\\n'`);
    const selections = execFileSync('chroot', [box.tree, 'dpkg', '--get-selections'], {
      encoding: 'utf8',
    });
    expect(packages.map(({ name }) => name)).toEqual(
      selections
        .trim()
        .split('\n')
        .map((line) => line.split('\t')[0]),
    );
    expect(packages.find(({ name }) => name === 'box-plain')?.extra).toBe('2.0');
    expect(packages.some(({ name }) => name.endsWith(':amd64') || name.endsWith(':arm64'))).toBe(
      true,
    );
  });
  it('refuses an extra_command that does not fit', async () => {
    await expect(listPackages(session, 'dpkg', 'echo one')).rejects.toMatchObject({
      code: 'OZ_ICICLE_EXTRA',
    });
    await expect(listPackages(session, 'dpkg', 'echo no >&2; exit 4')).rejects.toMatchObject({
      code: 'OZ_ICICLE_EXTRA',
      message: expect.stringContaining('exit code 4: no'),
    });
    await expect(listPackages(session, 'rpm')).rejects.toMatchObject({ code: 'OZ_ICICLE_LIST' });
  });
});

describe('sealing', () => {
  it('leaves no trace of the build, and powers off', async () => {
    await session.run(
      'mkdir -p /var/lib/dhcp && touch /var/lib/dhcp/dhclient.eth0.leases /root/.bash_history /tmp/x /var/tmp/y; echo z >/var/log/x.log; gzip -c /dev/null >/var/log/x.log.1.gz; mkdir -p /var/log/installer; touch /var/log/installer/syslog',
    );
    await sealAndPowerOff(session, 'debian', { publicKey: key.publicKey });
    await running.stopped;
    const names = (dir: string) =>
      existsSync(box.file(dir)) ? readdirSync(box.file(dir)).sort() : [];
    expect(existsSync(box.file('root/.ssh/authorized_keys'))).toBe(false);
    expect(names('etc/ssh').filter((name) => name.startsWith('ssh_host_'))).toEqual([]);
    expect(box.read('etc/machine-id')).toBe('');
    expect(names('var/lib/dbus')).toEqual(['machine-id']);
    expect(
      execFileSync('readlink', [box.file('var/lib/dbus/machine-id')], { encoding: 'utf8' }),
    ).toBe('/etc/machine-id\n');
    expect(names('var/log/journal')).toEqual([]);
    expect(names('var/log/installer')).toEqual([]);
    const logs = execFileSync('find', [box.file('var/log'), '-type', 'f', '-size', '+0'], {
      encoding: 'utf8',
    });
    expect(logs).toBe('');
    expect(names('var/lib/wtmpdb')).toEqual([]);
    expect(names('var/lib/dhcp')).toEqual([]);
    expect(existsSync(box.file('var/lib/systemd/random-seed'))).toBe(false);
    expect(existsSync(box.file('root/.bash_history'))).toBe(false);
    expect(names('var/tmp')).toEqual([]);
    expect(names('var/cache/apt/archives').filter((name) => name.endsWith('.deb'))).toEqual([]);
    expect(names('var/lib/apt/lists').filter((name) => name.includes('Packages'))).toEqual([]);
    // Nothing anywhere but in the places that are to be kept names the key or this run.
    const blob = key.publicKey.split(' ')[1] ?? '';
    const grep = (text: string) =>
      execFileSync('sh', ['-c', 'grep -rlF -- "$1" "$2" || true', 'sh', text, box.tree], {
        encoding: 'utf8',
      });
    expect(grep(blob.slice(0, 200))).toBe('');
    expect(grep('finish-image')).toBe('');
  });

  it('makes new host keys and a new machine id at the next boot', async () => {
    writeFileSync(box.file('etc/ssh/sshd_config.d/60-box.conf'), 'PasswordAuthentication yes\n');
    running = bootBox(box);
    session = await enter({ username: 'root', password: rootPassword });
    expect(box.read('etc/ssh/ssh_host_ed25519_key.pub')).not.toBe(hostKeyBefore);
    expect(box.read('etc/machine-id')).toMatch(/^[0-9a-f]{32}\n$/);
    const { stdout } = await session.run(
      'systemctl is-system-running --wait; systemctl --failed --no-legend',
      { okCodes: 'any' },
    );
    expect(stdout).toBe('running\n');
    await expect(
      connectSsh(await address(), { username: 'root', privateKey: key.privateKey }),
    ).rejects.toMatchObject({
      code: 'OZ_SSH_AUTH',
    });
    await session.run('systemctl poweroff', { okCodes: 'any' }).catch(() => {});
    await running.stopped;
  });
});
