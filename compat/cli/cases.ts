/** Command lines that the real Oz and Ozma are both given. */

export type Command = 'oz-install' | 'oz-customize' | 'oz-generate-icicle' | 'oz-cleanup-cache';

/** What a command line leads to; only what is set is there. */
export type Observation = Record<string, string | number | boolean>;

export interface Difference {
  why: string;
  /** What we must make of the line, given what Oz makes of `plainLine()`: this, and nothing else. */
  ours: (plain: Observation) => Observation;
}

export interface Case {
  command: Command;
  line: readonly string[];
  /** How and why the two differ on purpose; absent: they must be equal. */
  different?: Difference;
}

const refused = (why: string): Difference => ({
  why,
  ours: () => ({ outcome: 'refused', exit: 1 }),
});

const noValue: Difference = {
  why: "Oz declares its long options without values (a slip that makes them useless); Ozma's take one",
  ours: (plain) => plain,
};
const help: Difference = {
  why: 'Oz counts -h as wrong usage (exit code 1); Ozma exits 0',
  ours: () => ({ outcome: 'help' }),
};
const crash = refused('Oz ends with a Python traceback; Ozma says what is wrong');
const stricter = refused(
  'Oz finds out from libvirt after the download, or never; Ozma refuses at once',
);
const tooShort = refused('Oz times out at once; Ozma refuses a timeout below one second');
const icicleFile: Difference = {
  why: 'Oz ignores the file of -i when -u is given too; Ozma writes it',
  ours: (plain) => ({ ...plain, icicle: 'out.icicle' }),
};
const ours = (more: Observation): Difference => ({
  why: 'only Ozma has this option',
  ours: (plain) => ({ ...plain, ...more }),
});

/** Long names of options with a value, and their letters. */
const letters: Readonly<Record<string, string>> = {
  ...{ auto: 'a', 'disk-bus': 'b', config: 'c', conf: 'c', debug: 'd', icicle: 'i' },
  ...{ 'mac-address': 'm', 'network-device': 'n', disk: 's', timeout: 't', xmlfile: 'x' },
};

/** The line in words that Oz understands: letters where it needs them, without what only we have. */
export function plainLine(line: readonly string[]): string[] {
  return line.flatMap((word) => {
    const [, name = '', value] = /^--([a-z-]+)(?:=(.*))?$/.exec(word) ?? [];
    if (/^(json|version|backend|on-error|progress)$/.test(name)) return [];
    const letter = letters[name];
    if (letter === undefined) return [word];
    return [`-${letter}`, ...(value === undefined ? [] : [value])];
  });
}

const install = (line: string, different?: Difference): Case => ({
  command: 'oz-install',
  line: line.split(' ').filter(Boolean),
  ...(different === undefined ? {} : { different }),
});
const other = (command: Command) => (line: string, different?: Difference) => ({
  ...install(line, different),
  command,
});
const customize = other('oz-customize');
const icicle = other('oz-generate-icicle');
const cache = other('oz-cleanup-cache');

export const cases: readonly Case[] = [
  // each letter alone
  install('x.tdl'),
  install('-a my.cfg x.tdl'),
  install('-b ide x.tdl'),
  install('-c my.cfg x.tdl'),
  install('-d 0 x.tdl'),
  install('-d 1 x.tdl'),
  install('-d 2 x.tdl'),
  install('-d 3 x.tdl'),
  install('-d 4 x.tdl'),
  install('-d 7 x.tdl'),
  install('-f x.tdl'),
  install('-g x.tdl'),
  install('-g -i out.icicle x.tdl'),
  install('-m 52:54:00:12:34:56 x.tdl'),
  install('-n e1000 x.tdl'),
  install('-p x.tdl'),
  install('-s /srv/x.qcow2 x.tdl'),
  install('-t 3600 x.tdl'),
  install('-u x.tdl'),
  install('-x out.xml x.tdl'),
  // glued values, bundles, repetition
  install('-d3 x.tdl'),
  install('-aauto.cfg x.tdl'),
  install('-t60 x.tdl'),
  install('-ugd3 x.tdl'),
  install('-ugpfd4 x.tdl'),
  install('-ug -i out.icicle x.tdl', icicleFile),
  install('-ugd 3 x.tdl'),
  install('-gu -x out.xml -s /srv/x.dsk x.tdl'),
  install('-du x.tdl'),
  install('-u -u x.tdl'),
  install('-d1 -d3 x.tdl'),
  install('-a -u x.tdl'),
  install('-a -- x.tdl'),
  install('-a - x.tdl'),
  install('-c= x.tdl'),
  // any order, end of options
  install('x.tdl -u'),
  install('x.tdl -u -d3'),
  install('-u x.tdl -g'),
  install('-u -- x.tdl'),
  install('-- -x.tdl'),
  install('x.tdl --'),
  install('x.tdl -- -u'),
  install('-- x.tdl'),
  // long names without a value, and their prefixes
  install('--customize x.tdl'),
  install('--cust x.tdl'),
  install('--cu x.tdl'),
  install('--generate-icicle x.tdl'),
  install('--generate x.tdl'),
  install('--g x.tdl'),
  install('--cleanup x.tdl'),
  install('--cl x.tdl'),
  install('--force-download x.tdl'),
  install('--for x.tdl'),
  install('x.tdl --cust --gen'),
  // long names with a value
  install('--auto=my.cfg x.tdl', noValue),
  install('--auto my.cfg x.tdl', noValue),
  install('--disk-bus=ide x.tdl', noValue),
  install('--config=my.cfg x.tdl', noValue),
  install('--conf my.cfg x.tdl', noValue),
  install('--debug=3 x.tdl', noValue),
  install('--debug 3 x.tdl', noValue),
  install('--mac-address=52:54:00:12:34:56 x.tdl', noValue),
  install('--network-device=e1000 x.tdl', noValue),
  install('--disk=/srv/x.dsk x.tdl', noValue),
  install('--timeout=60 x.tdl', noValue),
  install('--timeout 60 x.tdl', noValue),
  install('--xmlfile=out.xml x.tdl', noValue),
  install('--generate-icicle --icicle=out.icicle x.tdl', noValue),
  // wrong usage
  install(''),
  install('x.tdl u'),
  install('-z x.tdl'),
  install('-uz x.tdl'),
  install('-5 x.tdl'),
  install('--nonsense x.tdl'),
  install('--c x.tdl'),
  install('--d x.tdl'),
  install('--dis x.tdl'),
  install('--customize=yes x.tdl'),
  install('--cust= x.tdl'),
  install('x.tdl -d'),
  install('x.tdl -a'),
  install('-d x x.tdl'),
  install('-i out.icicle x.tdl'),
  install('-u -i out.icicle x.tdl'),
  install('-i out.icicle'),
  install('-h', help),
  install('--help', help),
  install('--he', help),
  install('-uh x.tdl', help),
  install('-t ten x.tdl', crash),
  install('-t 1.5 x.tdl', crash),
  install('-t 0 x.tdl', tooShort),
  install('-t -5 x.tdl', tooShort),
  install('-d -1 x.tdl', refused('Oz takes a negative level as 0; Ozma refuses it')),
  install('-d 1_0 x.tdl', refused("Oz takes Python's 1_0 for 10; Ozma refuses it")),
  install('-m nonsense x.tdl', stricter),
  install('-m 53:54:00:12:34:56 x.tdl', stricter),
  install('-b floppy x.tdl', stricter),
  install('-n a/b x.tdl', stricter),
  install('--json x.tdl', ours({ json: true })),
  install('--backend=libvirt x.tdl', ours({ backend: 'libvirt' })),
  install('--on-error=keep x.tdl', ours({ onError: 'keep' })),
  install('--progress=none x.tdl', ours({ progress: 'none' })),
  install('--version', { ...ours({}), ours: () => ({ outcome: 'version' }) }),
  // the other commands
  customize('x.tdl x.xml'),
  customize('-c my.cfg x.tdl x.xml'),
  customize('-d3 x.tdl x.xml'),
  customize('x.tdl -d3 x.xml'),
  customize('-m 52:54:00:12:34:56 x.tdl x.xml'),
  customize('x.tdl'),
  customize('x.tdl x.xml u'),
  customize('-g x.tdl x.xml'),
  customize('--debug=3 x.tdl x.xml', noValue),
  customize('-h', help),
  icicle('x.tdl x.xml'),
  icicle('-i out.icicle x.tdl x.xml'),
  icicle('x.tdl x.xml -d4'),
  icicle('-c my.cfg x.tdl x.xml'),
  icicle('x.tdl'),
  icicle('-u x.tdl x.xml'),
  icicle('--icicle=out.icicle x.tdl x.xml', noValue),
  icicle('-h', help),
  cache(''),
  cache('-f'),
  cache('--force'),
  cache('--for'),
  cache('-c my.cfg -f'),
  cache('-fd3'),
  cache('-f u'),
  cache('-u'),
  cache('-h', help),
];
