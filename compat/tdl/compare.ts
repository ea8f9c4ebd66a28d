/**
 * The same TDLs to the real Oz and to us: verdicts and values must be equal,
 * or differ for a reason that DEVIATIONS.md names.
 *
 *     npx tsx compat/tdl/compare.ts [directory with another version of Oz's package]
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../../src/base/errors.ts';
import { mergePackages, mergeRepositories } from '../../src/tdl/merge.ts';
import { readTdl } from '../../src/tdl/read.ts';
import type { Tdl, TdlContent } from '../../src/tdl/types.ts';
import { askPeer, report, tally, type Verdict } from '../peer.ts';
import { corpus, type TdlCase } from './corpus.ts';

interface PeerAnswer {
  /** False for Oz 0.17, which knows no units but G and T. */
  knowsUnits: boolean;
  verdicts: Verdict[];
}

const base64 = (content: TdlContent): string => {
  if ('bytes' in content) return content.bytes.toString('base64');
  return content.url.startsWith('file:')
    ? readFileSync(new URL(content.url)).toString('base64')
    : Buffer.from(`DOWNLOAD ${content.url}`).toString('base64');
};

/** Our Tdl in the peer's words. */
function values(tdl: Tdl): unknown {
  const { checksum } = tdl.install;
  return {
    name: tdl.name,
    distro: tdl.distro,
    version: tdl.version,
    arch: tdl.arch,
    key: tdl.key ?? null,
    description: tdl.description ?? null,
    install: tdl.install.type,
    url: tdl.install.url,
    checksum: checksum ? { [checksum.type]: checksum.url } : {},
    extras: tdl.install.extras.map((e) => [e.kind, e.source, e.destination]),
    rootpw: tdl.rootpw ?? null,
    packages: tdl.packages.map((p) => [
      p.name,
      p.repository ?? null,
      p.file ?? null,
      p.arguments ?? null,
    ]),
    files: tdl.files.map((f) => [f.name, base64(f.content)]),
    repositories: tdl.repositories.map((r) => [r.name, r.url, r.signed, r.persisted, r.sslverify]),
    commands: tdl.commands.map((c) => base64(c.content)),
    precommands: tdl.precommands.map((c) => base64(c.content)),
    disksize: tdl.diskSize === undefined ? null : BigInt(tdl.diskSize).toString(),
    icicle: tdl.icicleExtraCommand ?? null,
    kernelparam: tdl.kernelparam ?? null,
  };
}

async function ourVerdict(test: TdlCase, dir: string): Promise<Verdict> {
  process.chdir(dir);
  try {
    let tdl = await readTdl('test.tdl', { rootpwRequired: test.rootpw });
    for (const packages of test.mergePackages ?? []) tdl = await mergePackages(tdl, packages);
    for (const repositories of test.mergeRepositories ?? []) {
      tdl = await mergeRepositories(tdl, repositories);
    }
    return { ok: true, values: values(tdl) };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'OzError') {
      return { ok: true, values: `NOT AN OZERROR: ${messageOf(error)}` };
    }
    return { ok: false, error: error.message };
  }
}

function lay(root: string, index: number, test: TdlCase): string {
  const dir = path.join(root, String(index));
  for (const [name, content] of Object.entries({ 'test.tdl': test.text, ...test.files })) {
    const file = path.join(dir, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return dir;
}

const start = process.cwd();
const root = mkdtempSync(path.join(tmpdir(), 'ozma-compare-'));
try {
  const dirs = corpus.map((test, index) => lay(root, index, test));
  const answer = await askPeer<PeerAnswer>(
    fileURLToPath(new URL('peer.py', import.meta.url)),
    corpus.map(({ rootpw = false, mergePackages = [], mergeRepositories = [] }, index) => ({
      dir: dirs[index],
      rootpw,
      mergePackages,
      mergeRepositories,
    })),
    process.argv[2],
  );
  const results = [];
  let skipped = 0;
  for (const [index, test] of corpus.entries()) {
    const theirs = answer.verdicts[index];
    const ours = await ourVerdict(test, dirs[index] ?? root);
    if (!theirs) throw new Error(`the peer says nothing to ${test.name}`);
    // Oz 0.17 refuses these sizes, whether good or 0; there is nothing to compare with.
    if (test.units && !answer.knowsUnits) {
      if (test.reason) skipped++;
      else results.push({ name: test.name, ours, theirs, reason: 'units-after-0.17' });
    } else results.push({ name: test.name, ours, theirs, reason: test.reason });
  }
  if (skipped > 0) console.log(`not compared, as this Oz knows no such unit: ${skipped}`);
  process.exitCode = report('TDL', tally(results)) ? 0 : 1;
} finally {
  process.chdir(start);
  rmSync(root, { recursive: true, force: true });
}
