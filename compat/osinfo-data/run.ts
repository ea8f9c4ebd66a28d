/**
 * Our own data beside the real libosinfo and the installers' own checkers:
 * `tsx compat/osinfo-data/run.ts [tools|checkers] [--every N] [--only TEXT] [--schemas DIR]`.
 * DIR may hold subiquity/autoinstall-schema.json, agama/*.schema.json and
 * autoyast-rnc/*.rnc of the projects of these names.
 */
import { openOsinfo } from '../../osinfo/index.ts';
import { report, type Tally } from '../osinfo/tally.ts';
import type { Choice } from './answers.ts';
import { checkAnswers } from './checkers.ts';
import { compareWithRealTools } from './real-tools.ts';

const args = process.argv.slice(2);
const option = (name: string): string | undefined =>
  args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
const choice: Choice = { every: Number(option('--every') ?? 1), only: option('--only') ?? '' };
const wanted = args.filter((arg) => ['tools', 'checkers'].includes(arg));

const database = openOsinfo({
  env: { LC_ALL: 'C.UTF-8' },
  localDir: '/nonexistent',
  userDir: '/nonexistent',
  onWarning: (message) => console.log(`warning: ${message}`),
});

const comparisons: Record<string, () => Promise<Tally[]>> = {
  checkers: () => checkAnswers(database, choice, option('--schemas')),
  tools: () => compareWithRealTools(database, choice),
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
