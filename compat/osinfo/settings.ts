/**
 * What environment, administrator and user change: directories and their order,
 * replaced and extended entries, languages. Whole lists beside osinfo-query's.
 */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openOsinfo } from '../../osinfo/index.ts';
import { formatTable, listEntities } from '../../osinfo/query/list.ts';
import { runTool } from '../../src/base/run-tool.ts';
import { firstDifference, newTally, record, type Tally } from './tally.ts';

const fields = ['short-id', 'name', 'version', 'vendor', 'eol-date', 'codename', 'id'];

/** Without the headings, which gettext translates and our tables do not. */
const rows = (table: string): string => table.split('\n').slice(2).join('\n');

async function compare(env: Record<string, string>, what: string, tally: Tally): Promise<void> {
  const args = ['os', '-s', 'id', '-f', fields.join(',')];
  const { stdout } = await runTool('osinfo-query', args, { env, most: Infinity });
  const theirs = rows(stdout.toString('utf8'));
  const warnings: string[] = [];
  const database = openOsinfo({ env, ownData: false, onWarning: (text) => warnings.push(text) });
  const ours = rows(
    formatTable('os', listEntities(database, 'os', { sort: 'id', fields }), fields),
  );
  record(tally, ours === theirs, what, firstDifference(ours, theirs));
  record(tally, warnings.length === 0, `${what}, warnings`, warnings.join('; '));
}

const entity = (id: string, content: string): string =>
  `<libosinfo version="0.0.1"><os id="http://${id}">${content}</os></libosinfo>\n`;

/** Files below a directory: what replaces, what extends, what is new. */
const files: Record<string, string> = {
  'local/os/example.org/thing-1.xml': entity(
    'example.org/thing/1',
    '<short-id>thing1</short-id><name>Thing</name><name xml:lang="de">Ding</name><version>1</version>',
  ),
  'local/os/debian.org/debian-11.xml': entity(
    'debian.org/debian/11',
    '<short-id>debian11</short-id><name>Our Debian</name><version>11.9</version><vendor>Us</vendor>',
  ),
  'local/os/debian.org/debian-10.d/a.xml': entity(
    'debian.org/debian/10',
    '<eol-date>2029-01-01</eol-date><codename>from local</codename>',
  ),
  'local/os/debian.org/debian-10.d/b.xml': entity(
    'debian.org/debian/10',
    '<codename>the later file</codename>',
  ),
  'user/os/debian.org/debian-10.d/a.xml': entity(
    'debian.org/debian/10',
    '<eol-date>2030-01-01</eol-date>',
  ),
  'user/os/debian.org/debian-11.d/a.xml': entity(
    'debian.org/debian/11',
    '<short-id>mine</short-id><codename>changed</codename>',
  ),
  'user/os/debian.org/debian-9.xml': entity('debian.org/debian/9', '<name>Nothing else</name>'),
  'user/os/example.org/thing-1.d/a.xml': entity('example.org/thing/1', '<vendor>Them</vendor>'),
  'system/os/example.org/alone-1.xml': entity('example.org/alone/1', '<name>Alone</name>'),
};

export async function compareSettings(): Promise<Tally[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'ozma-settings-'));
  const at = (name: string): string => path.join(directory, name);
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(path.dirname(at(name)), { recursive: true });
      await writeFile(at(name), text);
    }
    await mkdir(at('config'));
    await symlink(at('user'), at('config/osinfo'));

    const plain = {
      LC_ALL: 'C.UTF-8',
      LANGUAGE: '',
      OSINFO_LOCAL_DIR: at('none'),
      OSINFO_USER_DIR: at('none'),
    };
    const directories = newTally('osinfo-query, directories');
    const settings: Record<string, string>[] = [
      { OSINFO_LOCAL_DIR: at('local') },
      { OSINFO_USER_DIR: at('user') },
      { OSINFO_LOCAL_DIR: at('local'), OSINFO_USER_DIR: at('user') },
      { OSINFO_LOCAL_DIR: at('user'), OSINFO_USER_DIR: at('local') },
      { OSINFO_SYSTEM_DIR: at('system') },
      { OSINFO_SYSTEM_DIR: at('system'), OSINFO_LOCAL_DIR: at('local') },
      { OSINFO_DATA_DIR: at('system'), OSINFO_SYSTEM_DIR: at('local') },
    ];
    for (const setting of settings) {
      const what = Object.entries(setting).map(
        ([name, value]) => `${name}=${path.basename(value)}`,
      );
      await compare({ ...plain, ...setting }, what.join(' '), directories);
    }
    const { OSINFO_USER_DIR: _, ...noUser } = plain;
    await compare({ ...noUser, XDG_CONFIG_HOME: at('config') }, 'XDG_CONFIG_HOME', directories);

    const languages = newTally('osinfo-query, languages');
    for (const language of ['de', 'pl', 'fr:de', 'pt_BR', 'uk', 'ka', 'ko', 'zh_CN', 'xx:it']) {
      const env = { ...plain, OSINFO_LOCAL_DIR: at('local'), LANGUAGE: language };
      await compare(env, `LANGUAGE=${language}`, languages);
    }
    return [directories, languages];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
