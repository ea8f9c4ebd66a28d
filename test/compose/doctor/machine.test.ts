import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/base/finding.ts';
import { database, directories, memory } from '../../../src/compose/doctor/machine.ts';
import { parseConfig } from '../../../src/config/load.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ozma-machine-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('directories', () => {
  async function look(
    paths: Record<string, string>,
    remote = false,
    room?: number,
  ): Promise<Finding[]> {
    const lines = Object.entries(paths).map(([key, value]) => `${key} = ${value}`);
    const text = `[paths]\n${lines.join('\n')}\n`;
    const config = parseConfig(text, 'oz.cfg', { home: dir, isRoot: false });
    const findings: Finding[] = [];
    const given = room === undefined ? undefined : async () => room;
    for await (const finding of directories(config, remote, given)) findings.push(finding);
    return findings;
  }

  it('takes directories that can still be made, and makes none', async () => {
    const findings = await look({ data_dir: `${dir}/a/b`, output_dir: `${dir}/c` });
    expect(findings.map(({ check }) => check)).toEqual([
      'data_dir',
      'output_dir',
      'screenshot_dir',
    ]);
    // how much room there is depends on the machine
    for (const { text } of findings) expect(text).toMatch(/ free for /);
    await mkdir(`${dir}/a`); // fails when it was there
  });

  it('looks at no output_dir for images that a cloud keeps', async () => {
    const findings = await look({}, true);
    expect(findings.map(({ check }) => check)).toEqual(['data_dir', 'screenshot_dir']);
  });

  it('refuses a file, and warns of one in the way of evidence', async () => {
    const file = path.join(dir, 'file');
    await writeFile(file, '');
    const findings = await look({ data_dir: `${file}/x`, screenshot_dir: `${file}/y` });
    expect(findings).toMatchObject([
      { check: 'data_dir', state: 'problem', fix: expect.stringContaining('set data_dir') },
      { check: 'output_dir' },
      { check: 'screenshot_dir', state: 'warning' },
    ]);
  });

  it.each<[gib: number, states: Finding['state'][]]>([
    [0.5, ['problem', 'problem', 'ok']],
    [1.5, ['warning', 'problem', 'ok']],
    [4, ['warning', 'warning', 'ok']],
    [8, ['ok', 'warning', 'ok']],
    [16, ['ok', 'ok', 'ok']],
  ])('judges %d GiB of room by what goes there', async (gib, states) => {
    const findings = await look({}, false, gib * 1024 ** 3);
    expect(findings.map(({ state }) => state)).toEqual(states);
    for (const { state, check, fix } of findings)
      expect(fix ?? '').toMatch(
        state === 'ok' ? /^$/ : new RegExp(`^make room .* set ${check} in`),
      );
  });

  it('refuses what nobody may write', async () => {
    const [finding] = await look({ data_dir: '/proc/oz' });
    expect(finding).toMatchObject({ check: 'data_dir', state: 'problem' });
  });
});

describe('memory', () => {
  it.each([
    [256, 'problem'],
    [1500, 'warning'],
    [4096, 'ok'],
  ])('of %i MiB: %s', (mib, state) => {
    expect(memory(mib * 1024 ** 2).state).toBe(state);
  });
});

describe('database', () => {
  it("names the package where the distribution's database is not there", async () => {
    const found = await database({ OSINFO_SYSTEM_DIR: `${dir}/none`, HOME: dir });
    expect(found).toMatchObject({
      state: 'problem',
      fix: expect.stringMatching(/apt-get install osinfo-db$/),
    });
    expect(await database({ HOME: dir })).toMatchObject({ state: 'ok' });
  });
});
