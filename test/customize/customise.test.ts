import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { customise } from '../../src/customize/customise.ts';
import { parseAptSource } from '../../src/customize/package-managers/apt-source.ts';
import { packageManagers } from '../../src/customize/package-managers/index.ts';
import { repositoryId } from '../../src/customize/package-managers/manager.ts';
import { sealers } from '../../src/customize/seal/index.ts';
import { sealScript } from '../../src/customize/seal.ts';
import type { CustomiseStep } from '../../src/customize/types.ts';
import { called, recorder } from './helpers/recorder.ts';

const options = {
  fetchContent: async (url: string) => Buffer.from(`content of ${url}`),
  emitOutput: () => {},
  mask: (text: string) => text,
};
const bytes = (text: string) => ({ bytes: Buffer.from(text) });
const repository = (name: string, url: string, persisted = true): CustomiseStep => ({
  kind: 'repository',
  name,
  url,
  persisted,
  signed: true,
  sslverify: true,
});

describe('customise', () => {
  it('keeps the order, removes passing repositories after the commands, and syncs last', async () => {
    const { session, calls } = recorder();
    const steps: [number, number, string][] = [];
    await customise(
      session,
      {
        packageManager: 'dnf',
        steps: [
          repository('one', 'http://h/one', false),
          { kind: 'command', stage: 'pre', name: 'p', content: bytes('before') },
          { kind: 'packages', packages: [{ name: 'a' }, { name: 'b' }] },
          { kind: 'file', name: '/f', content: { url: 'http://h/f' } },
          { kind: 'command', stage: 'main', name: 'c', content: bytes('after') },
        ],
      },
      { ...options, onStep: (...step) => steps.push(step) },
    );
    expect(calls.map(called)).toEqual([
      '/etc/yum.repos.d/one.repo',
      'before',
      'dnf -y install a b',
      '/',
      '/f',
      'after',
      'one',
      'sync',
    ]);
    expect(calls[4]?.content).toBe('content of http://h/f');
    expect(steps.map(([done]) => done)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(steps.at(-1)).toEqual([7, 7, 'done']);
  });

  it('works with a repository alone, which Oz passes over', async () => {
    const { session, calls } = recorder();
    await customise(
      session,
      { packageManager: 'yum', steps: [repository('r', 'http://h/r')] },
      options,
    );
    expect(calls[0]).toEqual({
      upload: '/etc/yum.repos.d/r.repo',
      mode: 0o644,
      content:
        '[r]\nname=r\nbaseurl=http://h/r\nskip_if_unavailable=1\nenabled=1\nsslverify=1\ngpgcheck=1\n',
    });
  });

  it('names the step that failed, masks, and stops', async () => {
    const { session, calls } = recorder((command) =>
      command.startsWith('boom') ? { code: 7, stderr: 'the secret\n' } : undefined,
    );
    const commands = ['boom', 'after'].map(
      (text): CustomiseStep => ({
        kind: 'command',
        stage: 'main',
        name: text,
        content: bytes(text),
      }),
    );
    const mask = (text: string) => text.replaceAll('secret', '***');
    const error = await customise(
      session,
      { packageManager: 'apt', steps: commands },
      { ...options, mask },
    ).catch((e) => e);
    expect(error).toMatchObject({
      code: 'OZ_CUSTOMISE_FAILED',
      message:
        'Cannot customize the guest: command boom ended with exit code 7; it printed\n  the ***',
    });
    expect(calls).toHaveLength(1);
  });

  it('removes an uploaded program even when it fails', async () => {
    const { session, calls } = recorder((command) =>
      command.startsWith('/var/tmp') ? { code: 1 } : undefined,
    );
    const step: CustomiseStep = {
      kind: 'command',
      stage: 'main',
      name: 'py',
      content: bytes('#!/usr/bin/env python3\nx'),
    };
    await expect(
      customise(session, { packageManager: 'apt', steps: [step] }, options),
    ).rejects.toMatchObject({
      code: 'OZ_CUSTOMISE_FAILED',
    });
    const [upload, run, remove] = calls;
    expect(upload?.mode).toBe(0o700);
    expect(run?.command).toBe(upload?.upload);
    expect(remove?.command).toBe(`rm -f ${upload?.upload}`);
  });

  it.each([
    ['apk', 'echo a', /^\/bin\/sh \/var\/tmp\/\S+$/],
    ['pkg', 'if true; then\n  echo a\nfi', /^\/bin\/sh \/var\/tmp\/\S+$/],
    ['pkg', '#!/bin/sh -e\necho a', /^\/var\/tmp\/\S+$/],
    ['apk', '#!/usr/bin/env bash\n[[ a ]]', /^\/var\/tmp\/\S+$/],
    ['pkg', `: ${'x'.repeat(70_000)}`, /^\/bin\/sh \/var\/tmp\/\S+$/],
  ])('keeps commands from csh and ash: %s, %j', async (packageManager, text, command) => {
    const { session, calls } = recorder();
    const common = { kind: 'command' as const, stage: 'main' as const, name: 'c' };
    await customise(
      session,
      { packageManager, steps: [{ ...common, content: bytes(text) }] },
      options,
    );
    expect(calls[0]).toMatchObject({ content: text, mode: 0o700 });
    expect(calls[1]?.command).toMatch(command);
    expect(calls[2]?.command).toBe(`rm -f ${calls[0]?.upload}`);
  });

  it('ends on abort and with an unknown package manager', async () => {
    const { session, calls } = recorder();
    const plan = { packageManager: 'apt', steps: [repository('r', 'deb http://h s')] };
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(customise(session, plan, { ...options, signal })).rejects.toThrow('enough');
    await expect(
      customise(session, { ...plan, packageManager: 'emerge' }, options),
    ).rejects.toMatchObject({ code: 'OZ_PACKAGE_MANAGER' });
    expect(calls).toEqual([]);
  });
});

describe('packages with wishes of their own', () => {
  const install = async (
    manager: string,
    packages: { name: string; repository?: string; file?: string; arguments?: string }[],
  ) => {
    const { session, calls } = recorder((_, input) =>
      input.includes('madison') ? { stdout: 'x=1.2\n' } : undefined,
    );
    const steps = [
      repository('my repo', 'deb http://h/debian s main'),
      { kind: 'packages' as const, packages },
    ];
    await customise(session, { packageManager: manager, steps }, options);
    return calls.filter((call) => call.upload || / install |mkdir|rm -rf/.test(called(call) ?? ''));
  };

  it('arguments, repository and file of zypper', async () => {
    const calls = await install('zypper', [
      { name: 'a', arguments: `--opt "x y"` },
      { name: 'b', repository: 'my repo' },
    ]);
    expect(calls.map(called)).toEqual([
      `zypper --non-interactive install --auto-agree-with-licenses --opt 'x y' -- a`,
      'zypper --non-interactive install --auto-agree-with-licenses --from my_repo -- b',
    ]);
  });

  it('a file beside its repository, fetched by the build', async () => {
    const calls = await install('apt', [
      { name: 'a', repository: 'my repo', file: 'pool/a b.deb' },
    ]);
    const upload = calls.find((call) => call.upload);
    expect(upload?.content).toBe('content of http://h/debian/pool/a b.deb');
    expect(upload?.upload).toMatch(/^\/var\/tmp\/\.[0-9a-f]{24}\/a_b\.deb$/);
    expect(called(calls.at(-2) ?? {})).toMatch(/ -- \/var\/tmp\/\S+\/a_b\.deb$/);
    expect(calls.at(-1)?.command).toMatch(/^rm -rf \/var\/tmp\/\.[0-9a-f]{24}$/);
  });

  it.each(['dnf', 'yum'])(
    '%s is told no `--`, which not all of its versions know',
    async (manager) => {
      const calls = await install(manager, [{ name: 'a', arguments: '--nogpgcheck' }]);
      const last = called(calls.at(-1) ?? {});
      expect(last?.endsWith(`${manager} -y install --nogpgcheck a`)).toBe(true);
      await expect(install(manager, [{ name: '--downloadonly' }])).rejects.toMatchObject({
        code: 'OZ_PACKAGE_NAME',
      });
    },
  );

  it('a file that is in the guest already', async () => {
    const calls = await install('apt', [{ name: 'a', file: '/opt/a.deb' }]);
    expect(calls.map((call) => called(call)?.split(' ').at(-1))).toEqual(['/opt/a.deb']);
  });
});

describe('parseAptSource', () => {
  it.each([
    [
      'deb http://h/debian trixie main contrib',
      { type: 'deb', options: '', uri: 'http://h/debian', rest: 'trixie main contrib' },
    ],
    [
      `'deb [arch=amd64] http://h ./'`,
      { type: 'deb', options: 'arch=amd64', uri: 'http://h', rest: './' },
    ],
    ['deb-src http://h s m', { type: 'deb-src', options: '', uri: 'http://h', rest: 's m' }],
    ['http://h/debian', { type: 'deb', options: '', uri: 'http://h/debian', rest: '' }],
  ])('%s', (text, line) => {
    expect(parseAptSource(text)).toEqual({ kind: 'line', ...line });
  });
  it('knows PPAs', () => {
    expect(parseAptSource('ppa:user/name')).toEqual({ kind: 'ppa', name: 'ppa:user/name' });
  });
  it.each(['', 'nonsense', 'deb http://h s\ndeb http://evil s', 'deb s main'])(
    'refuses %j',
    (text) => {
      expect(() => parseAptSource(text)).toThrow(
        expect.objectContaining({ code: 'OZ_APT_SOURCE' }),
      );
    },
  );
  it('does not show credentials', () => {
    expect(() => parseAptSource('deb http://u:pw@h s\u0007')).toThrow(/^(?!.*pw)/);
  });
});

describe('repositoryId', () => {
  it("keeps Oz's names and makes hostile ones safe and different", () => {
    expect(repositoryId('my repo-1.0')).toBe('my_repo-1.0');
    const ids = ['../../etc/x', '../../etc/y', '-rf', '.hidden', 'ä', "a'b"].map(repositoryId);
    for (const id of ids) expect(id).toMatch(/^\w[\w.-]*$/);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('scripts', () => {
  const scripts = (): [string, string][] => {
    const example = {
      name: 'n',
      url: 'https://h/x',
      signed: false,
      sslverify: false,
      persisted: false,
    };
    const posix = Object.entries(packageManagers).filter(([, manager]) => !manager.windows);
    return posix.flatMap(([name, manager]) => {
      const found = [
        ...manager.addRepository(
          name === 'pacman' ? { ...example, sslverify: true } : example,
          'n',
        ),
        ...manager.removeRepository(example, 'n'),
      ].flatMap((action) => ('script' in action ? [action.script.text] : []));
      const take = manager.takeFrom('n', true);
      const all = [...found, manager.refresh?.text ?? ':', 'pick' in take ? take.pick.text : ':'];
      return all.map((text, index): [string, string] => [`${name} ${index}`, text]);
    });
  };
  it.each([
    ...scripts(),
    ...Object.keys(sealers).map((kind): [string, string] => [
      `seal ${kind}`,
      sealScript(kind, 'ssh-rsa AAAA x').text,
    ]),
  ])('%s is good syntax for every shell', (_, text) => {
    for (const shell of ['dash', 'bash'])
      execFileSync(shell, ['-n'], { input: `main() {\n${text}\n}\n` });
  });
  it('sealing is refused for a kind that is not known', () => {
    expect(() => sealScript('beos', undefined)).toThrow(
      expect.objectContaining({ code: 'OZ_SEAL_KIND' }),
    );
  });
});
