/**
 * Our libosinfo beside the C one, and our own data beside the C one and the
 * installers' own checkers:
 *
 *     tsx compat/osinfo/run.ts [query|settings|scripts|detect|tools|checkers]…
 *         [--every N] [--only TEXT] [--schemas DIR]
 *
 * The first four compare what the database of the distribution alone gives,
 * `tools` what the real tools make of our data; `checkers` needs, for some,
 * schemas in DIR: subiquity/autoinstall-schema.json, agama/*.schema.json and
 * autoyast-rnc/*.rnc of the projects of these names. --every takes one in so
 * many, --only (but for query and scripts) the systems with TEXT in their id. Prints the
 * numbers and each difference; exits with 1 when there is one.
 */
import { loadavg } from 'node:os';
import type { Database } from '../../osinfo/database/database.ts';
import { openOsinfo } from '../../osinfo/index.ts';
import { compareDetection } from './detect.ts';
import type { Choice } from './own/answers.ts';
import { checkAnswers } from './own/checkers.ts';
import { compareWithRealTools } from './own/real-tools.ts';
import { compareQueries } from './query.ts';
import { compareScripts } from './scripts.ts';
import { compareSettings } from './settings.ts';
import { report, type Tally } from './tally.ts';

const args = process.argv.slice(2);
const option = (name: string): string | undefined =>
  args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
const choice: Choice = { every: Number(option('--every') ?? 1), only: option('--only') ?? '' };

/** No user's or administrator's data; ours only where it is what is looked at. */
const database = (ownData: boolean): Database =>
  openOsinfo({
    env: { LC_ALL: 'C.UTF-8' },
    localDir: '/nonexistent',
    userDir: '/nonexistent',
    ownData,
    onWarning: (message) => console.log(`warning: ${message}`),
  });

const comparisons: Record<string, () => Promise<Tally[]>> = {
  query: () => compareQueries(database(false)),
  settings: compareSettings,
  scripts: () => compareScripts(database(false), choice.every),
  detect: () => compareDetection(database(false), choice),
  tools: () => compareWithRealTools(database(true), choice),
  checkers: () => checkAnswers(database(true), choice, option('--schemas')),
};

const wanted = args.filter((arg) => Object.hasOwn(comparisons, arg));
let ok = true;
let compared = 0;
for (const [name, compare] of Object.entries(comparisons)) {
  if (wanted.length && !wanted.includes(name)) continue;
  const began = Date.now();
  for (const tally of await compare()) {
    compared += tally.equal;
    ok = report(tally) && ok;
  }
  const seconds = Math.round((Date.now() - began) / 1000);
  console.log(`${name}: ${seconds} s, load ${loadavg()[0]?.toFixed(1)}`);
}
// a run that compared nothing proves nothing
process.exitCode = ok && compared > 0 ? 0 : 1;
