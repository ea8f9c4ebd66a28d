/**
 * The same oz.cfg files to the real Oz and to us: values must be equal, or
 * differ for a reason that DEVIATIONS.md names.
 *
 *     npx tsx compat/config/compare.ts [directory with another version of Oz's package]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../../src/base/errors.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { OzConfig } from '../../src/config/types.ts';
import { agree, askPeer, type Compared, report, tally, type Verdict } from '../peer.ts';
import { type ConfigCase, configCorpus } from './corpus.ts';

interface PeerCase {
  home: string;
  root: boolean;
  path: string | null;
}

/** Our configuration by oz.cfg's keys. */
function values({ paths, libvirt, cache, icicle, timeouts }: OzConfig): unknown {
  return {
    paths: {
      output_dir: paths.outputDir,
      data_dir: paths.dataDir,
      screenshot_dir: paths.screenshotDir,
      sshprivkey: paths.sshPrivKey,
    },
    libvirt: {
      uri: libvirt.uri ?? null,
      type: libvirt.type ?? null,
      bridge_name: libvirt.bridgeName ?? null,
      cpus: libvirt.cpus ?? null,
      memory: libvirt.memory ?? null,
      image_type: libvirt.imageType,
      rng_model: libvirt.rngModel ?? null,
      rng_device: libvirt.rngDevice ?? null,
      rng_rate_bytes: libvirt.rngRateBytes ?? null,
      rng_rate_period: libvirt.rngRatePeriod ?? null,
    },
    cache: {
      original_media: cache.originalMedia,
      modified_media: cache.modifiedMedia,
      jeos: cache.jeos,
    },
    safe_generation: icicle.safeGeneration,
    timeouts: {
      install: timeouts.install,
      inactivity: timeouts.inactivity,
      boot: timeouts.boot,
      shutdown: timeouts.shutdown,
    },
  };
}

function ourVerdict({ home, root, path: file }: PeerCase): Verdict {
  try {
    return {
      ok: true,
      values: values(loadConfig({ home, isRoot: root, path: file ?? undefined })),
    };
  } catch (error) {
    if (error instanceof Error && error.name === 'OzError')
      return { ok: false, error: error.message };
    return { ok: true, values: `NOT AN OZERROR: ${messageOf(error)}` };
  }
}

function lay(root: string, index: number, test: ConfigCase): PeerCase {
  const home = path.join(root, String(index));
  const named = path.join(home, 'named.cfg');
  const file = test.at === 'home' ? path.join(home, '.oz', 'oz.cfg') : named;
  mkdirSync(path.dirname(file), { recursive: true });
  if (test.text !== undefined) writeFileSync(file, test.text);
  return { home, root: test.root ?? false, path: test.at === 'home' ? null : named };
}

/** The file that ours shall be like, in the same place. */
function layLike({ like = '' }: ConfigCase, index: number): PeerCase {
  const [home, file] = [path.join(root, String(index)), path.join(root, String(index), 'like.cfg')];
  writeFileSync(file, like);
  return { home, root: false, path: file };
}

const root = mkdtempSync(path.join(tmpdir(), 'ozma-compare-'));
try {
  const cases = configCorpus.map((test, index) => lay(root, index, test));
  const peer = fileURLToPath(new URL('peer.py', import.meta.url));
  const verdicts = await askPeer<Verdict[]>(peer, cases, process.argv[2]);
  const likes = await askPeer<Verdict[]>(peer, configCorpus.map(layLike), process.argv[2]);
  const results = configCorpus.map((test, index): Compared => {
    const { name, reason } = test;
    const [given, theirs, like] = [cases[index], verdicts[index], likes[index]];
    if (!given || !theirs || !like) throw new Error(`the peer says nothing to ${name}`);
    const ours = ourVerdict(given);
    const compared = { name, ours, theirs, reason };
    if (reason === undefined) return compared;
    const meant: Verdict = test.like === undefined ? { ok: false, error: 'it must be' } : like;
    // a reason excuses this one value and no other
    return agree(ours, meant) ? compared : { name, ours, theirs: meant };
  });
  process.exitCode = report('oz.cfg', tally(results)) ? 0 : 1;
} finally {
  rmSync(root, { recursive: true, force: true });
}
