import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detectIso } from '../../osinfo/index.ts';
import type { BuildContext } from '../../src/engine/build-context.ts';
import type { BuildEvent } from '../../src/engine/events.ts';
import { fetchMedia } from '../../src/engine/prepare-media.ts';
import { plan } from '../../src/plan/plan.ts';
import { testConfig, testInput, testTdl } from '../fakes/inputs.ts';

let dir: string;
let url: string;

beforeAll(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-media-'));
  const content = path.join(dir, 'content');
  mkdirSync(content);
  writeFileSync(path.join(content, 'b'), Buffer.alloc(2048));
  const iso = path.join(dir, 'x y.iso');
  const boot = ['-b', 'b', '-c', 'c', '-no-emul-boot'];
  const args = ['-quiet', '-V', 'Debian 12.5.0 amd64 n', '-o', iso, ...boot, content];
  expect(spawnSync('xorriso', ['-as', 'mkisofs', ...args]).status).toBe(0);
  url = pathToFileURL(iso).href;
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function warnings(judgeInstaller: BuildContext['judgeInstaller']): Promise<string[]> {
  const config = testConfig();
  config.paths.dataDir = path.join(dir, 'data');
  const tdl = testTdl({ install: { type: 'iso', url, extras: [] } });
  const events: Pick<BuildEvent, 'type'>[] = [];
  const context = {
    plan: plan(testInput({ tdl, config })),
    emit: (event) => events.push(event),
    forceDownload: false,
    judgeInstaller,
  } as Partial<BuildContext> as BuildContext;
  const fetched = await fetchMedia(context);
  expect(fetched.get('installer')).toBeDefined();
  return events.flatMap((event) => {
    const { level, text } = event as { level?: string; text?: string };
    return event.type === 'log' && level === 'warning' && text ? [text] : [];
  });
}

describe('fetchMedia()', () => {
  it('tells what is wrong with the ISO that it fetched', async () => {
    const said = await warnings(async (iso, signal) => {
      const [best] = await detectIso(iso, { env: {}, signal });
      return `it is ${best?.shortId}`;
    });
    expect(said).toEqual(['it is debian12']);
  });

  it('warns of nothing when nothing is wrong, and never fails for it', async () => {
    expect(await warnings(async () => undefined)).toEqual([]);
    expect(await warnings(() => Promise.reject(new Error('x')))).toEqual([]);
    expect(await warnings(undefined)).toEqual([]);
  });
});
