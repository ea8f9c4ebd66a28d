/**
 * Every install script of every operating system of the installed database, in
 * three configurations, byte by byte beside osinfo-install-script's files.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Database } from '../../osinfo/database/database.ts';
import { type OsRecord, scriptIdsOf } from '../../osinfo/database/os-record.ts';
import { generateScripts, listConfig, listProfiles } from '../../osinfo/script/scripts.ts';
import { runTool } from '../../src/base/run-tool.ts';
import { each, firstDifference, newTally, record, type Tally } from './tally.ts';

interface Case {
  name: string;
  config: Record<string, string>;
  source: 'media' | 'network';
}

/** A password is always given: the reference makes up a random one otherwise. */
const cases: Case[] = [
  { name: 'password only', config: { 'admin-password': 'pw' }, source: 'media' },
  {
    name: 'all parameters',
    source: 'media',
    config: {
      'admin-password': 'ro<ot>&"pw',
      'user-login': 'oz',
      'user-password': 's3&cret',
      'user-realname': 'Oz <User> é',
      hostname: 'host1',
      'l10n-language': 'en_GB',
      'l10n-keyboard': 'uk',
      'l10n-timezone': 'Europe/Paris',
      'target-disk': '/dev/vdb',
      'script-disk': '/dev/sdc',
      'hardware-arch': 'x86_64',
      'reg-product-key': 'AAAAA-BBBBB',
      'avatar-location': '/a.png',
      'avatar-disk': 'C',
      'user-autologin': 'true',
      'user-admin': 'true',
      'driver-signing': 'false',
      'pre-install-drivers-location': '\\x',
      'pre-install-drivers-disk': 'D',
      'post-install-drivers-location': '\\y',
      'post-install-drivers-disk': 'E',
    },
  },
  {
    name: 'network',
    source: 'network',
    config: {
      'admin-password': 'x',
      'user-login': 'u',
      'user-password': 'p',
      'user-realname': 'U',
      'l10n-language': 'de_DE',
      'l10n-keyboard': 'de',
      'l10n-timezone': 'Europe/Berlin',
      'installation-url': 'http://ex.org/a/BaseOS/x86_64/os?a=1&b=2',
      'hardware-arch': 'i386',
    },
  },
];

const environment = { LC_ALL: 'C.UTF-8', LANGUAGE: '' };

async function filesOf(os: OsRecord, profile: string, { config, source }: Case) {
  const directory = await mkdtemp(path.join(tmpdir(), 'ozma-scripts-'));
  try {
    const settings = Object.entries(config).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
    const args = ['-q', '-p', profile, '-d', directory, '-s', source, ...settings, os.id];
    await runTool('osinfo-install-script', args, { env: environment });
    const names = await readdir(directory);
    const files = await Promise.all(
      names.map(
        async (name) => [name, await readFile(path.join(directory, name), 'utf8')] as const,
      ),
    );
    return new Map(files);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function compareFiles(
  database: Database,
  os: OsRecord,
  profile: string,
  one: Case,
  tally: Tally,
): Promise<void> {
  const theirs = await filesOf(os, profile, one);
  const ours = generateScripts(database, os, {
    profile,
    config: one.config,
    installationSource: one.source,
  });
  const what = `${os.id} ${profile}, ${one.name}`;
  for (const { filename, text } of ours) {
    const reference = theirs.get(filename);
    const reason = reference === undefined ? 'theirs has none' : firstDifference(text, reference);
    record(tally, text === reference, `${what}, ${filename}`, reason);
  }
  const missing = [...theirs.keys()].filter((name) => !ours.some((f) => f.filename === name));
  for (const name of missing) record(tally, false, `${what}, ${name}`, 'ours has none');
}

/** As a set: the reference's order is that of a hash table. */
const lines = (text: string): string => text.split('\n').filter(Boolean).sort().join('\n');

async function compareLists(database: Database, os: OsRecord, tally: Tally): Promise<void> {
  const rows = listProfiles(database, os);
  const ours: Record<string, string[]> = {
    '--list-profiles': rows.map((r) => `${r.profile}: ${r.expectedFilename}`),
    '--list-injection-methods': rows.map((r) => [`${r.profile}:`, ...r.injectionMethods].join(' ')),
  };
  for (const profile of new Set(rows.map((r) => r.profile))) {
    ours[`--list-config -p ${profile}`] = listConfig(database, os, profile).map(
      (p) => `${p.name}: ${p.policy}`,
    );
  }
  for (const [flags, mine] of Object.entries(ours)) {
    const args = [...flags.split(' '), os.id];
    const { stdout } = await runTool('osinfo-install-script', args, { env: environment });
    const [a, b] = [lines(mine.join('\n')), lines(stdout.toString('utf8'))];
    record(tally, a === b, `${os.id} ${flags}`, firstDifference(a, b));
  }
}

/** `every` takes one system in so many, for a quick look. */
export async function compareScripts(database: Database, every = 1): Promise<Tally[]> {
  const files = newTally('osinfo-install-script, files');
  const lists = newTally('osinfo-install-script, lists');
  const oses = database.oses().filter((os) => scriptIdsOf(os).length);
  const chosen = oses.filter((_, i) => i % every === 0);
  console.log(`${chosen.length} of ${oses.length} systems with an installer`);
  await each(chosen, async (os) => {
    const profiles = new Set(listProfiles(database, os).map((row) => row.profile));
    for (const profile of profiles) {
      for (const one of cases) await compareFiles(database, os, profile, one, files);
    }
    await compareLists(database, os, lists);
  });
  return [files, lists];
}
