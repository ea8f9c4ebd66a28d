/** Every system of our own data, and the answer file it gets. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Database } from '../../../osinfo/database/database.ts';
import { param } from '../../../osinfo/database/entity.ts';
import { loadOsinfo, openOsinfo, scriptConfig } from '../../../osinfo/index.ts';
import { scriptDocument } from '../../../osinfo/script/document.ts';
import { scriptsOf } from '../../../osinfo/script/generate.ts';
import type { OsEntity } from '../../../osinfo/types.ts';
import { compileStylesheet } from '../../../osinfo/xslt/transform.ts';
import { packageFile } from '../../../src/base/package-root.ts';
import { osinfoEnv } from '../../fakes/osinfo-env.ts';

export const osinfo = loadOsinfo({ env: osinfoEnv });
const database: Database = openOsinfo({ env: osinfoEnv });

/** Vendors' directories of our data, but Debian's, which has tests of its own. */
function ownFiles(): string[] {
  const top = packageFile('osinfo', 'data');
  return [top, path.join(top, 'additions')].flatMap((location) =>
    readdirSync(path.join(location, 'os'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.xml') && !name.startsWith('debian.org/'))
      .map((name) => name.replace(/\.d\/[^/]*$|\.xml$/, '')),
  );
}

/** By short id, the oldest first within a family. */
export const systems: readonly OsEntity[] = [...new Set(ownFiles())].map((name) => {
  const [domain = '', file = ''] = name.split('/');
  // fedora-44 is http://fedoraproject.org/fedora/44, centos-stream-10 centos-stream/10
  const at = file.lastIndexOf(
    '-',
    /-unknown$/.test(file) ? file.length - '-unknown'.length - 1 : undefined,
  );
  const os = osinfo.os(`http://${domain}/${file.slice(0, at)}/${file.slice(at + 1)}`);
  if (!os) throw new Error(`${name} is not found`);
  return os;
});

export const hash = `$6$saltsaltsaltsalt$${'aB3./'.repeat(17)}x`;
export const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ';

/** As a build asks: everything is said. */
export const buildConfig = (os: OsEntity): Record<string, string> => ({
  ...scriptConfig({
    rootPassword: 'secret word',
    hostname: 'guest.example',
    targetDisk: '/dev/vda',
    arch: 'x86_64',
    sshAuthorizedKey: publicKey,
    installationUrl: 'http://mirror.example/tree/',
  }),
  ...(os.family === 'winnt' ? {} : { 'admin-password-crypted': hash }),
});

export const sources = ['media', 'network', 'tree'] as const;

export const answer = (
  os: OsEntity,
  source: (typeof sources)[number],
  config: Record<string, string>,
) => osinfo.script(os, { profile: 'jeos', source, config });

/**
 * The script without what the library adds to the configuration: as a user of
 * the data gets it who has a plain password only.
 */
export function plainAnswer(os: OsEntity, config: Record<string, string>): string {
  const record = database.os(os.id);
  const [script] = record ? scriptsOf(database, record, 'jeos') : [];
  if (!record || !script?.template) throw new Error(`${os.id} has no script`);
  const values = new Map(Object.entries(config).map(([name, value]) => [name, [value]]));
  return compileStylesheet(script.template).apply(
    scriptDocument('install-script-config', {
      script,
      os: record,
      config: values,
      installationSource: 'media',
    }),
  );
}

/** Ids of our scripts. */
const ownScripts = new Set(
  readdirSync(packageFile('osinfo', 'data', 'install-script'), {
    recursive: true,
    encoding: 'utf8',
  })
    .filter((name) => name.endsWith('.xml'))
    .map((name) => {
      const text = readFileSync(packageFile('osinfo', 'data', 'install-script', name), 'utf8');
      return /<install-script id="([^"]+)"/.exec(text)?.[1];
    }),
);

/** Whether its answer file is ours, and not that of the installed database. */
export function hasOwnScript(os: OsEntity): boolean {
  const record = database.os(os.id);
  const [script] = record ? scriptsOf(database, record, 'jeos') : [];
  return ownScripts.has(script?.id);
}

/** Scripts whose ids name no kind of their own. */
const kinds: Readonly<Record<string, string>> = {
  'http://mandriva.com/drakx/jeos': 'drakx',
  'http://redhat.com/redhat/kickstart/jeos': 'old-kickstart',
};

/** kickstart, autoinstall, autoyast, agama, unattend, installerconfig, answers, script, … */
export function kindOf(os: OsEntity): string {
  const record = database.os(os.id);
  const [script] = record ? scriptsOf(database, record, 'jeos') : [];
  const kind = kinds[script?.id ?? ''];
  if (kind) return kind;
  return script?.id.split('/')[4]?.replace(/-10$/, '') ?? '';
}

export const recordParam = (os: OsEntity, name: string): string | undefined => {
  const record = database.os(os.id);
  return record && param(record.params, name);
};

export { database };
