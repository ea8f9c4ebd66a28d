import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detectIso } from '../../osinfo/index.ts';
import { noLedger } from '../../src/base/ledger-entry.ts';
import type { BuildContext } from '../../src/engine/build-context.ts';
import type { BuildEvent } from '../../src/engine/events.ts';
import { fetchMedia, stageMedia } from '../../src/engine/prepare-media.ts';
import { plan } from '../../src/plan/plan.ts';
import { testConfig, testInput, testTdl } from '../fakes/inputs.ts';
import { type MemoryBackend, memoryBackend } from '../fakes/memory-backend.ts';
import { osinfoEnv } from '../fakes/osinfo-env.ts';
import { giveAway, sendFile, serve, testDir } from '../media/support.ts';

let dir: string;
let url: string;
const ledger = { ...noLedger, entries: () => [], close: () => {} };

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

/** As a build does at its end. */
async function endUses({ uses }: BuildContext): Promise<void> {
  for (const { use } of uses) await use.end({ drop: false });
}

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
    ledger,
    workDir: testDir(),
    uses: [],
    used: [],
  } as Partial<BuildContext> as BuildContext;
  const fetched = await fetchMedia(context);
  await endUses(context);
  expect(fetched.files.get('installer')).toBeDefined();
  return events.flatMap((event) => {
    const { level, text } = event as { level?: string; text?: string };
    return event.type === 'log' && level === 'warning' && text ? [text] : [];
  });
}

/** What is done with an ISO of a server that a guest starts from and nobody else needs. */
async function prepared(changes: { keep?: boolean; cached?: boolean; passes?: boolean } = {}) {
  const { keep = false, cached = false, passes = true } = changes;
  const content = readFileSync(fileURLToPath(url));
  const server = await serve((request, response) =>
    sendFile(request, response, { content, etag: '"a"' }),
  );
  const config = testConfig();
  config.paths.dataDir = testDir();
  config.cache.originalMedia = keep;
  const tdl = testTdl({ install: { type: 'iso', url: 'http://example.org/x.iso', extras: [] } });
  const made = plan(testInput({ tdl, config }));
  made.media = made.media.map((medium) => ({ ...medium, url: `${server.url}/x.iso` }));
  const attach = [{ role: 'installer', device: 'cdrom' } as const];
  made.install = { ...made.install, boot: { kind: 'cdrom' }, carrier: 'user-data', attach };
  const kept = made.media[0]?.cachePath ?? '';
  if (cached) {
    mkdirSync(path.dirname(kept), { recursive: true });
    writeFileSync(kept, content);
  }
  const judged: string[] = [];
  const memory = memoryBackend();
  const backend: MemoryBackend = {
    ...memory,
    ...(passes && {
      async pass({ role, label, open }) {
        let length = 0;
        for await (const piece of open()) length += piece.length;
        return { role, label, ref: `${length} of ${content.length} bytes` };
      },
    }),
  };
  const context = {
    ...{ plan: made, backend, workDir: testDir(), forceDownload: false, emit: () => {} },
    ...{ uses: [], used: [], ledger },
    judgeInstaller: async (iso) => void judged.push(iso),
  } as Partial<BuildContext> as BuildContext;
  const { media } = await stageMedia(context, await fetchMedia(context));
  await endUses(context);
  const all = `${content.length} of ${content.length} bytes`;
  return { passed: media[0]?.ref === all, here: existsSync(kept), media, judged, server };
}

describe('an ISO that is not to be kept', () => {
  it('goes straight to where its guest is', async () => {
    const { passed, here, media, judged, server } = await prepared();
    expect({ passed, here }).toEqual({ passed: true, here: false });
    expect(media).toMatchObject([{ role: 'installer', device: 'cdrom' }]);
    expect(judged).toEqual([`${server.url}/x.iso`]);
  });

  it.each([
    ['it is to be kept', { keep: true }],
    ['it is here already', { cached: true }],
    ['the place needs it here', { passes: false }],
  ])('comes here where %s', async (_, changes) => {
    expect(await prepared(changes)).toMatchObject({ passed: false, here: true });
  });
});

describe('a cache that another user owns', () => {
  it('is not used, and nothing is kept there: the medium lies with the build’s own files', async () => {
    const config = testConfig();
    config.paths.dataDir = testDir();
    const workDir = testDir();
    const isos = path.join(config.paths.dataDir, 'isos');
    mkdirSync(isos);
    giveAway(isos);
    const log: string[] = [];
    const context = {
      plan: plan(
        testInput({ tdl: testTdl({ install: { type: 'iso', url, extras: [] } }), config }),
      ),
      emit: (event: { text?: string }) => void log.push(event.text ?? ''),
      ...{ forceDownload: false, ledger, workDir, uses: [], used: [] },
    } as Partial<BuildContext> as BuildContext;
    const { files } = await fetchMedia(context);
    expect(path.dirname(files.get('installer') ?? '')).toBe(path.join(workDir, 'media'));
    expect(existsSync(files.get('installer') ?? '')).toBe(true);
    expect(readdirSync(isos)).toEqual([]);
    expect(log.join('\n')).toContain(`${isos} is not used for installer`);
    await endUses(context);
  });
});

describe('fetchMedia()', () => {
  it('tells what is wrong with the ISO that it fetched', async () => {
    const said = await warnings(async (iso, signal) => {
      const [best] = await detectIso(iso, { env: osinfoEnv, signal });
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
