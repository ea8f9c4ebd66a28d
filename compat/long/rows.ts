/** The proofs that take too long for CI, as data: what runs, and which folders it is about. */

export interface Row {
  name: string;
  /** One line for --list. */
  help: string;
  /** A program of this project; REPORT becomes the file in which it leaves its figures. */
  command: readonly string[];
  /** It leaves no report, but prints its figures as JSON, and nothing else, on standard output. */
  prints?: boolean;
  /** It is current until one of these changes. */
  sources: readonly string[];
}

/** Stands for the report's file in a row's command. */
export const reportWord = 'REPORT';

/** What ends up in the packed tool, and with it in every build. */
const product = ['bin', 'src', 'backends', 'osinfo', 'tdl-examples', 'package-lock.json'];

const users = ['root', 'user'] as const;
const suites = ['bookworm', 'trixie'] as const;
const whats = ['demo', 'test', 'pack'] as const;

/** What every bare machine is made by, and what a clone or the packed tool is told to do there. */
const bare = [
  ...['compat/fresh', 'compat/node', 'compat/program.ts', 'compat/setup', 'package.json'],
  ...['compat/demo', 'compat/rigs/debian', 'compat/rigs/lib'],
];

/** What each thing that is done on a bare machine is about, beside the product. */
const about: Record<string, readonly string[]> = {
  demo: bare,
  test: [...bare, 'compat', 'test'],
  pack: [...bare, 'docs/man'],
};

function fresh(suite: string, user: string, what: string, like: string = what): Row {
  return {
    name: `fresh-${suite}-${user}-${what}`,
    help: `a bare ${suite}, as ${user}: ${what}`,
    command: ['npx', 'tsx', 'compat/fresh/main.ts', suite, user, what, '--report', reportWord],
    sources: [...product, ...(about[like] ?? [])],
  };
}

const openstack = ['compat/rigs/openstack', 'compat/rigs/standin', 'test/openstack-e2e'];

function cloud(name: string, help: string): Row {
  return {
    name: `openstack-${name}`,
    help: `a real OpenStack: ${help}`,
    command: ['npm', 'run', 'test:openstack', '--', name],
    sources: [...product, ...openstack],
  };
}

function units(line: string): Row {
  return {
    name: `units-node-${line}`,
    help: `the unit tests on Node ${line}`,
    command: ['npx', 'tsx', 'compat/node/run.ts', line, '--', 'npx', 'vitest', 'run'],
    sources: [...product, 'test', 'compat'],
  };
}

function guest(name: string, help: string): Row {
  return {
    name: `e2e-${name}`,
    help,
    command: ['npm', 'run', 'test:e2e', '--', name],
    sources: [...product, 'compat/rigs', 'test/e2e'],
  };
}

const stress = [...product, 'compat/stress', 'compat/program.ts', 'test/e2e/support'];

function short(place: 'session' | 'system'): Row {
  const uri = `qemu:///${place}`;
  return {
    name: `stress-short-${place}`,
    help: `60 installs of a few seconds, three at a time, in ${uri}`,
    command: ['npx', 'tsx', 'compat/stress/short-installs.ts', '--uri', uri],
    sources: stress,
    prints: true,
  };
}

export const rows: readonly Row[] = [
  ...suites.flatMap((suite) =>
    users.flatMap((user) => whats.map((what) => fresh(suite, user, what))),
  ),
  units('22'),
  units('24'),
  fresh('trixie', 'user', 'whole', 'demo'),
  fresh('bookworm', 'root', 'hints', 'pack'),
  fresh('trixie', 'user', 'hints', 'pack'),
  guest('debian-session', "Debian's real installer in qemu:///session"),
  guest('debian-system', "Debian's real installer in qemu:///system"),
  {
    name: 'databases',
    help: 'the tests that read the osinfo database, with those of three Debian suites',
    command: ['npm', 'run', 'test:databases'],
    sources: [...product, 'compat', 'test'],
  },
  short('session'),
  short('system'),
  {
    name: 'stress-mixed',
    help: '40 pairs of builds at once, of one system from other URLs and ISOs: each its own media',
    command: ['npm', 'run', '--silent', 'stress:mixed'],
    prints: true,
    sources: stress,
  },
  cloud('strategies', 'every way to start an installer'),
  cloud('devices', 'old and new hardware'),
  cloud('floating', 'floating addresses'),
];
