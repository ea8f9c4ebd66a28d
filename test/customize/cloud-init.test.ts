import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessUserData } from '../../src/customize/cloud-config.ts';
import {
  type CloudInitRequest,
  cloudInitWork,
  type RunnerOperation,
} from '../../src/customize/cloud-init.ts';
import { runnerScript } from '../../src/customize/runner-script.ts';
import type { CustomiseStep } from '../../src/customize/types.ts';
import { consoleReader } from '../../src/icicle/console.ts';

const bytes = (text: string | Buffer) => ({ bytes: Buffer.from(text) });
const everyByte = Buffer.from(Array.from({ length: 256 }, (_, index) => index));

const steps: CustomiseStep[] = [
  {
    kind: 'repository',
    name: 'r',
    url: 'deb http://user:s3cret@h/debian s main',
    signed: true,
    sslverify: true,
    persisted: false,
  },
  { kind: 'packages', packages: [{ name: 'less' }, { name: 'x', repository: 'r' }] },
  { kind: 'file', name: "/opt/it's", content: bytes(everyByte) },
  { kind: 'command', stage: 'main', name: 'c', content: bytes("echo 'END-ozma-test'") },
];

const request = (change: Partial<CloudInitRequest> = {}): CloudInitRequest => ({
  customise: { packageManager: 'apt', steps },
  icicle: { lister: 'dpkg', extraCommand: 'dpkg-query -W' },
  seal: 'debian',
  publicKey: 'ssh-rsa AAAAB3 x',
  fetchContent: async () => Buffer.from(''),
  maxBytes: 49149,
  mark: 'ozma-test',
  ...change,
});

interface Sent {
  write_files: { path: string; encoding: string; content: string; permissions: string }[];
  runcmd: string[][];
}

function filesOf(userData: string): Map<string, Buffer> {
  const [first = '', ...rest] = userData.split('\n');
  expect(first).toBe('#cloud-config');
  const sent = JSON.parse(rest.join('\n')) as Sent;
  expect(sent.runcmd).toEqual([['sh', '/run/ozma-test/run']]);
  return new Map(
    sent.write_files.map(({ path: name, encoding, content }) => {
      const data = Buffer.from(content, 'base64');
      return [name, encoding === 'gz+b64' ? gunzipSync(data) : data];
    }),
  );
}

describe('cloudInitWork', () => {
  it('sends a script and the files it needs, the same as over SSH', async () => {
    const work = await cloudInitWork(request());
    const files = filesOf(work.userData);
    expect([...files.keys()]).toEqual(['/run/ozma-test/run', '/run/ozma-test/5']);
    expect(files.get('/run/ozma-test/5')).toEqual(everyByte);
    const script = files.get('/run/ozma-test/run')?.toString() ?? '';
    expect(script).toContain('\nmain apt-get -y ');
    expect(script).toContain('\nmain AAAAB3');
    expect(work.operations.map(({ role, title }) => `${role}: ${title}`)).toEqual([
      'customize: repository r',
      'customize: package lists',
      'customize: packages less',
      'customize: package x',
      "customize: file /opt/it's",
      "customize: file /opt/it's",
      'customize: command c',
      'customize: remove repository r',
      'customize: sync',
      'list: package list',
      'extra: icicle extra_command',
      'seal: sealing',
    ]);
    expect(work.lists).toEqual(['list', 'extra']);
    for (const shell of ['dash', 'bash']) execFileSync(shell, ['-n'], { input: script });
  });

  it('is refused when it does not fit, with a way out', async () => {
    const random = randomBytes(60_000);
    const step: CustomiseStep = { kind: 'file', name: '/f', content: bytes(random) };
    await expect(
      cloudInitWork(request({ customise: { packageManager: 'apt', steps: [step] } })),
    ).rejects.toMatchObject({
      code: 'OZ_USER_DATA_TOO_LARGE',
      hint: expect.stringContaining('customize = ssh'),
    });
  });

  it.each([
    ['work', async () => (await cloudInitWork(request())).userData],
    [
      'a look',
      async () => (await cloudInitWork(request({ customise: null, seal: null }))).userData,
    ],
    ['access', async () => accessUserData('ssh-rsa AAAAB3 x')],
  ])('is valid to cloud-init: %s', async (_, make) => {
    const dir = mkdtempSync(path.join(tmpdir(), 'ozma-schema-'));
    const file = path.join(dir, 'user-data');
    writeFileSync(file, await make());
    const { status, stdout, stderr } = spawnSync('cloud-init', ['schema', '--config-file', file], {
      encoding: 'utf8',
    });
    rmSync(dir, { recursive: true });
    expect(status, `${stdout}${stderr}`).toBe(0);
    // The only way to leave this alone; cloud-init would rather have yes or no.
    const deprecated = /deprecations:(.*)/.exec(`${stdout}${stderr}`)?.[1] ?? '';
    const keys = [...deprecated.matchAll(/(?:^|,) *([a-z_.\d]+):/g)].map(([, key]) => key);
    expect(keys.filter((key) => key !== 'ssh_pwauth')).toEqual([]);
  });

  it.each([
    ['work', async () => (await cloudInitWork(request())).userData],
    ['access', async () => accessUserData('ssh-rsa AAAAB3 x')],
  ])('leaves what it is not told of as the installer left it: %s', async (_, make) => {
    const [, config = ''] = (await make()).split('\n');
    expect(JSON.parse(config)).toMatchObject({
      ...{ ssh_pwauth: 'unchanged', locale: 'false', preserve_hostname: true },
      ...{ package_update: false, growpart: { mode: 'off' } },
    });
  });
});

describe('the script', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'ozma-runner-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const command = (text: string, more: Partial<RunnerOperation> = {}): RunnerOperation => ({
    operation: { kind: 'command', title: text, command: text },
    role: 'customize',
    ...more,
  });

  /** Runs it for real, with a file in place of the console. */
  function run(shell: string[], operations: RunnerOperation[]) {
    const mark = 'ozma-run';
    const directory = path.join(dir, 'run');
    mkdirSync(directory);
    const { script, files } = runnerScript(operations, {
      mark,
      directory,
      last: { text: `touch ${dir}/last` },
    });
    for (const { path: name, content } of files) writeFileSync(name, content);
    const port = path.join(dir, 'console');
    const changed = script
      .replace(/^for candidate in \$ports/m, 'for candidate in')
      .replace(/^port=\/dev\/console$/m, `port=${port}`)
      .replace(/^sleep 30$/m, 'sleep 0')
      .replace('HOME=/root', `HOME=${dir}`);
    expect(changed).toContain(`port=${port}`);
    const [program = '', ...args] = shell;
    const { status } = spawnSync(program, args, { input: changed, encoding: 'utf8' });
    const reader = consoleReader(mark);
    const messages = reader.take(readFileSync(port, 'utf8').replaceAll('\n', '\r\n'));
    return { status, reader, messages, over: existsSync(path.join(dir, 'last')) };
  }

  const shells = [['dash'], ['bash'], ['busybox', 'sh']].filter(
    ([name = '']) => spawnSync(name, ['true'], { input: '' }).error === undefined,
  );

  it.each(shells)('does everything in order, by %s', (...shell) => {
    const target = path.join(dir, 'a file');
    const long = Array.from({ length: 3000 }, (_, i) => `package-${(i * 7919) % 10007}`).join('\n');
    const result = run(shell, [
      command('echo one; echo two >&2; printf "no end"'),
      {
        role: 'customize',
        operation: { kind: 'write', title: 'w', path: target, content: everyByte, mode: 0o640 },
      },
      {
        role: 'customize',
        operation: {
          kind: 'script',
          title: 's',
          script: { text: 'echo "$1 $X"; cat "$2" | wc -c', args: ["it's $HOME", target] },
          environment: { X: 'env' },
        },
      },
      command('false', { quiet: true }),
      command(`echo aside >&2; printf '%s\\n' '${long}'`, { list: 'list', role: 'list' }),
    ]);
    expect(result.status).toBe(0);
    const { messages } = result;
    expect(messages.filter(({ kind }) => kind !== 'at')).toEqual([
      { kind: 'output', operation: 0, line: 'one' },
      { kind: 'output', operation: 0, line: 'two' },
      { kind: 'output', operation: 0, line: 'no end' },
      { kind: 'output', operation: 1, line: `wrote ${target} (256 bytes)` },
      { kind: 'output', operation: 2, line: "it's $HOME env" },
      { kind: 'output', operation: 2, line: '256' },
      { kind: 'output', operation: 4, line: 'aside' },
      { kind: 'done' },
    ]);
    expect(readFileSync(target)).toEqual(everyByte);
    expect(result.reader.list('list')).toBe(`${long}\n`);
    expect(result.over).toBe(true);
  });

  it.each(shells)('stops at the first failure and leaves the guest up, by %s', (...shell) => {
    const { messages, over } = run(shell, [command('echo why; exit 7'), command('echo never')]);
    expect(messages).toEqual([
      { kind: 'at', operation: 0 },
      { kind: 'output', operation: 0, line: 'why' },
      { kind: 'failed', operation: 0, code: 7 },
    ]);
    expect(over).toBe(false);
  });

  it('does not wait for what a command leaves in the background', () => {
    const before = Date.now();
    const { messages } = run(['dash'], [command('sleep 60 & echo started')]);
    expect(messages.at(-1)).toEqual({ kind: 'done' });
    expect(Date.now() - before).toBeLessThan(20_000);
  });
});
