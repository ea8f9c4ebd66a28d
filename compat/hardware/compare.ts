/**
 * The same TDLs to the real Oz and to us, no guest started: hardware, file names, kernel
 * arguments, restarts, time limits and the domain's XML, element by element, for every system,
 * architecture and install type that Oz takes. A difference must have one of the reasons that
 * DEVIATIONS.md names; any other is wrong, and the command then ends with 1.
 *
 *     npm run compare:hardware -- [--every N] [--oz DIRECTORY] [--type qemu]
 *
 * `--every N`: only each Nth system; `--oz`: another version of Oz's package than the installed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Arch } from '../../backends/backend.ts';
import { loadOsinfo } from '../../osinfo/index.ts';
import { messageOf } from '../../src/base/errors.ts';
import { parseConfig } from '../../src/config/load.ts';
import { familyOf } from '../../src/plan/families/index.ts';
import { parseTdl } from '../../src/tdl/parse.ts';
import type { Tdl } from '../../src/tdl/types.ts';
import { askPeer } from '../peer.ts';
import { systems } from '../systems.ts';
import { ourFacts, ourPlan } from './ours.ts';
import { reasonOf } from './reasons.ts';
import { type Combination, type PeerAnswer, theirFacts } from './theirs.ts';

const { values: options } = parseArgs({
  options: {
    every: { type: 'string', default: '1' },
    oz: { type: 'string' },
    type: { type: 'string', default: 'kvm' },
  },
});

const arches: Arch[] = ['i386', 'x86_64', 'aarch64', 'armv7l', 'ppc64', 'ppc64le', 's390x'];
const urls = { url: 'http://mirror.test/os/netboot', iso: 'http://mirror.test/os.iso' };
const mac = '52:54:00:12:34:56';
const root = path.join(mkdtempSync(path.join(tmpdir(), 'ozma-compare-')), 'oz');
const settings = `[paths]
output_dir = ${root}/out
data_dir = ${root}/data
screenshot_dir = ${root}/shots
[libvirt]
type = ${options.type}
bridge_name = virbr0
[cache]
jeos = yes
`;
/** What AutoYaST reads its number of restarts from; the others don't care. */
const answer = '<profile><final_halt config:type="boolean">true</final_halt></profile>';

function tdlOf({ distro, version, arch, type }: Combination): Promise<Tdl> {
  const text = `<template><name>probe</name><os><name>${distro}</name><version>${version}</version>
    <arch>${arch}</arch><install type='${type}'><${type}>${urls[type]}</${type}></install>
    <rootpw>x</rootpw><key>AAAAA-BBBBB-CCCCC-DDDDD-EEEEE</key>
    <kernelparam>ozma.probe=1</kernelparam></os></template>`;
  return parseTdl(text, { source: 'probe.tdl' });
}

const osinfo = loadOsinfo({ env: {} });
const config = parseConfig(settings, 'oz.cfg', { home: '/root', isRoot: true });
const surroundings = { root, config, osinfo, mac, answer };

/** Combinations, and facts of them, by what came of them. */
const counts = { combinations: 0, refused: 0, crashed: 0, equal: 0 };
const deliberate = new Map<string, { facts: number; example: string }>();
const wrong = new Map<string, string[]>();

function note(reason: string | undefined, what: string, where: string): void {
  if (reason === undefined) wrong.set(what, [...(wrong.get(what) ?? []), where]);
  else {
    const { facts, example } = deliberate.get(reason) ?? { facts: 0, example: `${where}: ${what}` };
    deliberate.set(reason, { facts: facts + 1, example });
  }
}

/** What we refuse to plan although Oz would begin with it. */
const refusals: readonly [RegExp, (of: Combination) => boolean][] = [
  [/it has no such port$/, ({ arch }) => arch === 'ppc64'],
];

async function compare(found: PeerAnswer): Promise<void> {
  counts.combinations++;
  const where = `${found.distro} ${found.version} ${found.arch} ${found.type}`;
  const theirs = theirFacts(found, root);
  const tdl = await tdlOf(found);
  const os = osinfo.findForTdl(found.distro, found.version)?.os;
  if (!os) return note(undefined, 'not known here', where);
  let ours: ReturnType<typeof ourFacts>;
  try {
    ours = ourFacts(ourPlan(tdl, surroundings), surroundings);
  } catch (error) {
    const message = messageOf(error);
    if (refusals.some(([text, when]) => text.test(message) && when(found))) counts.refused++;
    else note(undefined, message, where);
    return;
  }
  if (!theirs) {
    counts.crashed++;
    return;
  }
  const family = familyOf(os, tdl).name;
  for (const fact of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
    const pair = { theirs: theirs[fact], ours: ours[fact] };
    if (pair.theirs === pair.ours) counts.equal++;
    else {
      const all = { theirs, ours };
      const reason = reasonOf({ fact, ...pair, all, of: found, os, family, osinfo });
      note(reason, `${fact}: Oz ${shown(pair.theirs)}, we ${shown(pair.ours)}`, where);
    }
  }
}

const shown = (value: string | undefined) => (value === undefined ? 'none' : `"${value}"`);

/** A table of what differs on purpose, then what is wrong one by one. */
function report(): void {
  const reasons = [...deliberate].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [reason, { facts, example }] of reasons) {
    console.log(`different on purpose, ${reason}: ${facts}, such as ${example}`);
  }
  for (const [what, places] of wrong) {
    console.log(`WRONG ${what}\n    ${places.length} times: ${places.slice(0, 4).join('; ')}`);
  }
  const differing = reasons.reduce((sum, [, { facts }]) => sum + facts, 0);
  const wrongs = [...wrong.values()].reduce((sum, places) => sum + places.length, 0);
  console.log(
    `hardware: ${counts.combinations} combinations (${counts.crashed} in which Oz fails, ${counts.refused} that we refuse), ${counts.equal + differing + wrongs} facts: ${counts.equal} equal, ${differing} different on purpose (${reasons.length} reasons), ${wrongs} wrong`,
  );
  process.exitCode = wrongs === 0 ? 0 : 1;
}

const every = Number(options.every);
try {
  const peer = fileURLToPath(new URL('peer.py', import.meta.url));
  const asked = systems.filter((_, index) => index % every === 0);
  const job = { root, name: 'probe', mac, config: settings, arches, types: ['url', 'iso'], urls };
  for (const found of await askPeer<PeerAnswer[]>(peer, { ...job, systems: asked }, options.oz)) {
    await compare(found);
  }
  report();
} finally {
  rmSync(path.dirname(root), { recursive: true, force: true });
}
