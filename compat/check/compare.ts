/**
 * What `oz check` says that Oz takes, refuses and customises, beside what Oz does. Ends with 1
 * when one is wrong.
 *
 *     npx tsx compat/check/compare.ts [directory with another version of Oz's package]
 */
import { fileURLToPath } from 'node:url';
import { ozCustomises, ozRefuses, ozTakes } from '../../src/check/oz-support.ts';
import type { Tdl } from '../../src/tdl/types.ts';
import { askPeer } from '../peer.ts';
import { systems as cases } from '../systems.ts';

interface Theirs {
  refused: [type: Tdl['install']['type'], arch: Tdl['arch']][];
  customised: Partial<Record<Tdl['install']['type'], boolean>>;
}

const directory = process.argv[2];
const theirs = await askPeer<(Theirs | null)[]>(
  fileURLToPath(new URL('peer.py', import.meta.url)),
  cases,
  directory,
);
/** Came after 0.17, which Debian has; a later Oz must take them itself. */
const later = (distro: string, version: string) =>
  /^(RHEL|CentOS)-[89]$/.test(distro) || (distro === 'Fedora' && Number(version) >= 30);

const types = ['url', 'iso'] as const;
const arches = ['i386', 'x86_64', 'ppc64', 'ppc64le', 'aarch64', 'armv7l', 's390x'] as const;

const shownBy = (refused: Theirs['refused']) => refused.map((each) => each.join(' ')).join(', ');

function differences(distro: string, version: string, known: Theirs): string[] {
  const tdl = (type: (typeof types)[number], arch: (typeof arches)[number]) =>
    ({ distro, version, arch, install: { type } }) as Tdl;
  const refused = types.flatMap((type) =>
    arches.flatMap((arch): Theirs['refused'] => (ozRefuses(tdl(type, arch)) ? [[type, arch]] : [])),
  );
  const [ours, ozs] = [shownBy(refused), shownBy(known.refused)];
  return [
    ...(ours === ozs ? [] : [`we say it refuses ${ours}; Oz refuses ${ozs}`]),
    ...types
      .filter((type) => ozCustomises(tdl(type, 'i386')) !== known.customised[type])
      .map((type) => `customizing of ${type} installs: Oz says ${known.customised[type]}`),
  ];
}

const wrong: string[] = [];
const counts = { equal: 0, later: 0, wrong: 0 };
for (const [i, [distro, version]] of cases.entries()) {
  const [ours, known] = [ozTakes({ distro, version }), theirs[i] ?? null];
  const found =
    ours !== (known !== null)
      ? [`we say ${ours ? 'taken' : 'not taken'}`]
      : known === null
        ? []
        : differences(distro, version, known);
  if (found.length === 0) counts.equal++;
  else if (ours && known === null && !directory && later(distro, version)) counts.later++;
  else {
    counts.wrong++;
    wrong.push(...found.map((text) => `WRONG ${distro} ${version}: ${text}`));
  }
}
for (const line of wrong) console.log(line);
console.log(
  `systems: ${cases.length}: ${counts.equal} equal, ${counts.later} taken by Oz after 0.17, ${counts.wrong} wrong`,
);
process.exitCode = counts.wrong === 0 ? 0 : 1;
