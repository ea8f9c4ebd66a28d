/**
 * What `oz check` says that Oz takes, beside what Oz takes. Ends with 1 when one is wrong.
 *
 *     npx tsx compat/check/compare.ts [directory with another version of Oz's package]
 */
import { fileURLToPath } from 'node:url';
import { ozTakes } from '../../src/check/oz-support.ts';
import { askPeer } from '../peer.ts';
import { systems as cases } from '../systems.ts';

const directory = process.argv[2];
const theirs = await askPeer<boolean[]>(
  fileURLToPath(new URL('peer.py', import.meta.url)),
  cases,
  directory,
);
/** Came after 0.17, which Debian has; a later Oz must take them itself. */
const later = (distro: string, version: string) =>
  /^(RHEL|CentOS)-[89]$/.test(distro) || (distro === 'Fedora' && Number(version) >= 30);

const wrong: string[] = [];
const counts = { equal: 0, later: 0 };
for (const [i, [distro, version]] of cases.entries()) {
  const ours = ozTakes({ distro, version });
  if (ours === theirs[i]) counts.equal++;
  else if (ours && !directory && later(distro, version)) counts.later++;
  else wrong.push(`WRONG ${distro} ${version}: we say ${ours}, Oz says ${theirs[i]}`);
}
for (const line of wrong) console.log(line);
console.log(
  `systems: ${cases.length}: ${counts.equal} equal, ${counts.later} taken by Oz after 0.17, ${wrong.length} wrong`,
);
process.exitCode = wrong.length === 0 ? 0 : 1;
