/** npx tsx compat/check/compare.ts: what `oz check` says that Oz takes, beside what Oz takes. */
import { fileURLToPath } from 'node:url';
import { ozTakes } from '../../src/check/oz-support.ts';
import { askPeer } from '../peer.ts';
import { systems as cases } from '../systems.ts';

const theirs = await askPeer<boolean[]>(
  fileURLToPath(new URL('peer.py', import.meta.url)),
  cases,
  process.argv[2],
);
/** Came after 0.17, which Debian has. */
const newer = (distro: string, version: string) =>
  /^(RHEL|CentOS)-[89]$/.test(distro) || (distro === 'Fedora' && version === '30');

const wrong = cases.flatMap(([distro, version], i) => {
  const ours = ozTakes({ distro, version });
  const equal = ours === theirs[i] || (ours && newer(distro, version));
  return equal ? [] : [`${distro} ${version}: we say ${ours}, Oz says ${theirs[i]}`];
});
for (const line of wrong) console.log(line);
console.log(`${cases.length} systems, ${cases.length - wrong.length} equal, ${wrong.length} not`);
