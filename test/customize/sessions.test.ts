/**
 * What each package manager is told for one and the same plan, recorded. With
 * OZMA_UPDATE_GOLDEN=1 the golden files are rewritten.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { customise } from '../../src/customize/customise.ts';
import { packageManagers } from '../../src/customize/package-managers/index.ts';
import type { CustomiseStep } from '../../src/customize/types.ts';
import { recorder } from './helpers/recorder.ts';

const golden = path.join(import.meta.dirname, '../golden/customize');

const command = (stage: 'pre' | 'main', name: string, text: string): CustomiseStep => ({
  kind: 'command',
  stage,
  name,
  content: { bytes: Buffer.from(text) },
});
const file: CustomiseStep = {
  kind: 'file',
  name: '/etc/motd',
  content: { bytes: Buffer.from('hi\n') },
};

function planFor(manager: string): CustomiseStep[] {
  if (manager === 'none')
    return [command('pre', 'p', 'ver'), file, command('main', 'c', 'echo a\necho b')];
  const line = (url: string) => (manager === 'apt' ? `deb ${url} stable main` : url);
  const scheme = manager === 'pacman' ? 'http' : 'https';
  return [
    {
      kind: 'repository',
      name: 'kept',
      url: line('http://h/kept'),
      signed: true,
      sslverify: true,
      persisted: true,
    },
    {
      kind: 'repository',
      name: 'my own',
      url: line(`${scheme}://h/own`),
      signed: false,
      sslverify: false,
      persisted: false,
    },
    command('pre', 'p', 'id'),
    {
      kind: 'packages',
      packages: [
        { name: 'one' },
        { name: 'two' },
        { name: 'three', repository: 'my own' },
        { name: 'four', arguments: "--opt 'x y'" },
        { name: 'five', file: 'five-1.0', repository: 'my own' },
      ],
    },
    file,
    command('main', 'c', 'echo done'),
  ];
}

/** Random names become the same ones each time. */
const steady = (text: string) => text.replace(/\b[0-9a-f]{24}\b/g, 'RANDOM');

async function transcript(manager: string): Promise<string> {
  const { session, calls } = recorder();
  await customise(
    session,
    { packageManager: manager, steps: planFor(manager) },
    {
      fetchContent: async (url) => Buffer.from(`content of ${url}\n`),
      emitOutput: () => {},
      mask: (text) => text,
    },
  );
  return calls
    .map(({ command: line, input, upload, content, mode }) =>
      upload === undefined
        ? `$ ${line}\n${(input ?? '').replace(/^/gm, '  ').trimEnd()}`
        : `> ${upload} ${mode?.toString(8) ?? ''}\n${(content ?? '').replace(/^/gm, '  ').trimEnd()}`,
    )
    .map(steady)
    .join('\n')
    .concat('\n');
}

describe('a recorded session', () => {
  it.each(Object.keys(packageManagers))('of %s', async (manager) => {
    const text = await transcript(manager);
    const name = path.join(golden, `${manager}.txt`);
    if (process.env.OZMA_UPDATE_GOLDEN) {
      mkdirSync(golden, { recursive: true });
      writeFileSync(name, text);
    }
    expect(text).toBe(readFileSync(name, 'utf8'));
  });

  it('refuses what a system cannot do, before anything is done', async () => {
    const { session, calls } = recorder();
    const run = (packageManager: string, step: CustomiseStep) =>
      customise(
        session,
        { packageManager, steps: [step] },
        { fetchContent: async () => Buffer.from(''), emitOutput: () => {}, mask: (text) => text },
      );
    const packages: CustomiseStep = { kind: 'packages', packages: [{ name: 'x' }] };
    await expect(run('none', packages)).rejects.toMatchObject({ code: 'OZ_NO_PACKAGES' });
    const repository: CustomiseStep = {
      kind: 'repository',
      ...{ name: 'r', url: 'https://h/r', signed: true, sslverify: false, persisted: true },
    };
    await expect(run('pacman', repository)).rejects.toMatchObject({ code: 'OZ_REPOSITORY' });
    await expect(run('none', repository)).rejects.toMatchObject({ code: 'OZ_NO_PACKAGES' });
    expect(calls).toEqual([]);
  });
});
