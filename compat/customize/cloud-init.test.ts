/** Customising, listing and sealing by real cloud-init in a booted Debian that nobody gets into. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessUserData } from '../../src/customize/cloud-config.ts';
import { type CloudInitRequest, cloudInitWork } from '../../src/customize/cloud-init.ts';
import type { CustomiseStep } from '../../src/customize/types.ts';
import { waitForSsh } from '../../src/customize/wait-ssh.ts';
import { type ConsoleMessage, consoleReader } from '../../src/icicle/console.ts';
import { packagesFrom } from '../../src/icicle/list-packages.ts';
import { startSshd } from '../../test/customize/helpers/sshd.ts';
import { type Box, bootBox, makeBox, removeBox } from './box.ts';
import { serveRepository, type TestRepository } from './repository.ts';

const bytes = (text: string | Buffer) => ({ bytes: Buffer.from(text) });
const key = `ssh-ed25519 ${'A'.repeat(60)} build`;
const binary = Buffer.from(Array.from({ length: 1024 }, (_, index) => index % 256));
let box: Box;
let repository: TestRepository;

beforeAll(async () => {
  repository = await serveRepository([
    ['box-plain', '1.0'],
    ['box-file', '3.1'],
  ]);
});
afterAll(async () => {
  await repository?.stop();
});

/** As a cloud does it: the data are there before the first boot. */
function seed(target: Box, userData: string): void {
  mkdirSync(target.file('var/lib/cloud/seed/nocloud'), { recursive: true });
  writeFileSync(target.file('var/lib/cloud/seed/nocloud/user-data'), userData);
  writeFileSync(target.file('var/lib/cloud/seed/nocloud/meta-data'), 'instance-id: box-1\n');
}

/** Boots a box whose cloud-init is told to do this; resolves at its power-off or first failure. */
async function boot(change: Partial<CloudInitRequest>) {
  box = await makeBox(key, 'cloud');
  const work = await cloudInitWork({
    customise: null,
    icicle: null,
    seal: 'debian',
    publicKey: key,
    fetchContent: async (url) => Buffer.from(await (await fetch(url)).arrayBuffer()),
    maxBytes: 49149,
    ...change,
  });
  seed(box, work.userData);
  const running = bootBox(box, { console: 'read-only' });
  const reader = consoleReader(work.mark);
  const messages: ConsoleMessage[] = [];
  let seen = 0;
  const look = () => {
    const text = running.printed();
    messages.push(...reader.take(text.slice(seen)));
    seen = text.length;
  };
  const limit = Date.now() + 500_000;
  while (Date.now() < limit && running.alive() && !messages.some(({ kind }) => kind === 'failed')) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    look();
  }
  const off = !running.alive();
  if (!off) await running.kill();
  look();
  return { work, reader, messages, off, printed: running.printed() };
}

const names = (dir: string) => (existsSync(box.file(dir)) ? readdirSync(box.file(dir)).sort() : []);
const sources = () => names('etc/apt/sources.list.d');

describe('a plan by cloud-init', () => {
  it('has the same effects as over SSH, and leaves no trace', async () => {
    const steps: CustomiseStep[] = [
      {
        kind: 'repository',
        name: "it's; touch x",
        url: `deb ${repository.url} ./`,
        signed: false,
        sslverify: true,
        persisted: false,
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
          { name: 'box-file', file: `${repository.url}/box-file_3.1.deb` },
        ],
      },
      { kind: 'file', name: "/opt/a dir/it's $(x)", content: bytes(binary) },
      {
        kind: 'command',
        stage: 'main',
        name: 'bash',
        content: bytes(`x=(a b); echo "\${x[1]}" "$PWD" "$HOME"; test -e /root/pre; whoami >&2`),
      },
      {
        kind: 'command',
        stage: 'main',
        name: 'perl',
        content: bytes('#!/usr/bin/perl -w\nprint "from perl\\n";\n'),
      },
    ];
    const pristine = await makeBox();
    const sourcesBefore = pristine.read('etc/apt/sources.list');
    removeBox(pristine);
    const { work, reader, messages, off, printed } = await boot({
      customise: { packageManager: 'apt', steps },
      icicle: { lister: 'dpkg', extraCommand: `dpkg-query -W -f '\${Version}\\n'` },
    });
    expect(messages.filter(({ kind }) => kind === 'failed')).toEqual([]);
    expect(messages.at(-1)).toEqual({ kind: 'done' });
    expect(off).toBe(true);
    // effects
    expect(box.read('usr/share/box-plain/version')).toBe('1.0\n');
    expect(box.read('usr/share/box-file/version')).toBe('3.1\n');
    expect(execFileSync('cat', [box.file("opt/a dir/it's $(x)")])).toEqual(binary);
    expect(existsSync(box.file('root/pre'))).toBe(true);
    const lines = messages.flatMap((message) =>
      message.kind === 'output'
        ? [`${work.operations[message.operation]?.title}: ${message.line}`]
        : [],
    );
    expect(lines).toContain('command bash: b /root /root');
    expect(lines).toContain('command bash: root');
    expect(lines).toContain('command perl: from perl');
    expect(lines.some((line) => line.startsWith('packages box-plain: Setting up'))).toBe(true);
    // the list
    const packages = packagesFrom('dpkg', reader.list('list'), reader.list('extra'));
    const selections = execFileSync('chroot', [box.tree, 'dpkg', '--get-selections'], {
      encoding: 'utf8',
    });
    expect(packages.map(({ name }) => name)).toEqual(
      selections
        .trim()
        .split('\n')
        .map((line) => line.split('\t')[0]),
    );
    expect(packages.find(({ name }) => name === 'box-file')?.extra).toBe('3.1');
    // nothing is left
    expect(sources()).toEqual([]);
    expect(box.read('etc/apt/sources.list')).toBe(sourcesBefore);
    expect(existsSync(box.file('root/.ssh/authorized_keys'))).toBe(false);
    expect(names('etc/ssh').filter((name) => name.startsWith('ssh_host_'))).toEqual([]);
    expect(box.read('etc/machine-id')).toBe('');
    expect(names('var/lib/cloud').filter((name) => name !== 'seed')).toEqual(
      names('var/lib/cloud').filter((name) => ['handlers', 'scripts'].includes(name)),
    );
    expect(names('var/tmp')).toEqual([]);
    expect(
      execFileSync('find', [box.file('var/log'), '-type', 'f', '-size', '+0'], {
        encoding: 'utf8',
      }),
    ).toBe('');
    rmSync(box.file('var/lib/cloud/seed'), { recursive: true });
    const grep = (text: string) =>
      execFileSync('sh', ['-c', 'grep -rlF -- "$1" "$2" || true', 'sh', text, box.tree], {
        encoding: 'utf8',
      });
    expect(grep(work.mark)).toBe('');
    expect(grep('A'.repeat(60))).toBe('');
    // the account is as it was: the password still works, nobody was added
    expect(box.read('etc/shadow')).toMatch(/^root:\$/m);
    expect(box.read('etc/passwd')).not.toMatch(/^debian:/m);
    expect(printed).not.toContain('write_files');
    removeBox(box);
  });

  it('tells a failure and stays up', async () => {
    const { messages, off, work } = await boot({
      customise: {
        packageManager: 'apt',
        steps: [{ kind: 'packages', packages: [{ name: 'no-such-package' }] }],
      },
    });
    expect(off).toBe(false);
    const failed = messages.find(({ kind }) => kind === 'failed');
    expect(failed).toMatchObject({ code: 100 });
    expect(work.operations[failed?.kind === 'failed' ? failed.operation : -1]?.title).toBe(
      'packages no-such-package',
    );
    expect(messages).toContainEqual(
      expect.objectContaining({ line: 'E: Unable to locate package no-such-package' }),
    );
    removeBox(box);
  });

  it('lets root in by a key that came as user data', async () => {
    const helper = await startSshd(); // for its key pair
    box = await makeBox(undefined, 'cloud');
    seed(box, accessUserData(helper.publicKey));
    const running = bootBox(box);
    try {
      const session = await waitForSsh(
        async () => ({ host: '127.0.0.1', port: box.port }),
        { username: 'root', privateKey: helper.auth.privateKey },
        { timeoutMs: 180_000, isAlive: async () => running.alive(), refusedMs: 120_000 },
      );
      expect((await session.run('id -un')).stdout).toBe('root\n');
      await session.close();
    } finally {
      await running.kill();
      await helper.stop();
      removeBox(box);
    }
  });
});
