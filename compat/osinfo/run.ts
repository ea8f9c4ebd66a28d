/**
 * Our libosinfo beside the C one: `tsx compat/osinfo/run.ts [query|scripts|detect]… [--every N]`.
 * Prints the numbers and each difference; exits with 1 when there is one.
 */
import { openOsinfo } from '../../osinfo/index.ts';
import { compareDetection } from './detect.ts';
import { compareQueries } from './query.ts';
import { compareScripts } from './scripts.ts';
import { report, type Tally } from './tally.ts';

const args = process.argv.slice(2);
const every = args.includes('--every') ? Number(args[args.indexOf('--every') + 1]) : 1;
const wanted = args.filter((arg) => /^[a-z]+$/.test(arg));

// as the C tools would see it: no data of ours, no user's or administrator's either
const database = openOsinfo({
  env: { LC_ALL: 'C.UTF-8' },
  localDir: '/nonexistent',
  userDir: '/nonexistent',
  ownData: false,
  onWarning: (message) => console.log(`warning: ${message}`),
});

const comparisons: Record<string, () => Promise<Tally[]>> = {
  query: () => compareQueries(database),
  scripts: () => compareScripts(database, every),
  detect: () => compareDetection(database, every),
};

let ok = true;
let compared = 0;
for (const [name, compare] of Object.entries(comparisons)) {
  if (wanted.length && !wanted.includes(name)) continue;
  for (const tally of await compare()) {
    compared += tally.equal;
    ok = report(tally) && ok;
  }
}
// a run that compared nothing proves nothing
process.exitCode = ok && compared > 0 ? 0 : 1;
