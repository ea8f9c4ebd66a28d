/** The answer files that are checked: every system of our data that has a script of ours. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Database } from '../../../osinfo/database/database.ts';
import type { OsRecord } from '../../../osinfo/database/os-record.ts';
import { scriptsOf } from '../../../osinfo/script/generate.ts';
import { type GeneratedFile, generateScripts } from '../../../osinfo/script/scripts.ts';
import { packageFile } from '../../../src/base/package-root.ts';

export interface Case {
  name: string;
  source: 'media' | 'network';
  config: Record<string, string>;
}

const hash = `$6$saltsaltsaltsalt$${'aB3./'.repeat(17)}x`;

export const cases: readonly Case[] = [
  {
    name: 'passwords only, media',
    source: 'media',
    config: { 'admin-password': `it's "<&$x`, 'admin-password-crypted': hash },
  },
  {
    name: 'all parameters, network',
    source: 'network',
    config: {
      'admin-password': 'x',
      'admin-password-crypted': hash,
      hostname: 'guest.example',
      'l10n-language': 'de_DE',
      'l10n-keyboard': 'de',
      'l10n-timezone': 'Europe/Berlin',
      'hardware-arch': 'x86_64',
      'target-disk': '/dev/vdb',
      'installation-url': 'http://mirror.example/tree?a=1&b=2',
      console: 'ttyS1',
      'ssh-authorized-key': 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ',
      'ssh-root-password': 'true',
      'reg-product-key': 'AAAAA-BBBBB-CCCCC-DDDDD-EEEEE',
      firmware: 'efi',
      tpm: 'true',
      'secure-boot': 'true',
      'image-index': '2',
    },
  },
];

const profile = 'jeos';

/** Which systems of ours are looked at. */
export interface Choice {
  /** One in so many. */
  every: number;
  /** Part of the id. */
  only: string;
}

/** Systems with a file of ours, as a master or as an addition. */
export function ownSystems(database: Database, { every, only }: Choice): OsRecord[] {
  const data = packageFile('osinfo', 'data');
  const own = new Set(
    [data, path.join(data, 'additions')].flatMap((location) =>
      readdirSync(path.join(location, 'os'), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.xml'))
        .map((name) => name.replace(/\.d\/[^/]*$|\.xml$/, '')),
    ),
  );
  return (
    database
      .oses()
      .filter((os) => {
        const [domain = '', ...rest] = os.id.replace('http://', '').split('/');
        return own.has(`${domain}/${rest.join('-')}`) && os.id.includes(only);
      })
      // Additions may be of other things, for a system that has no script at all.
      .filter((os) => scriptsOf(database, os, profile).length > 0)
      .filter((_, i) => i % every === 0)
  );
}

export const generate = (database: Database, os: OsRecord, one: Case): GeneratedFile[] =>
  generateScripts(database, os, {
    profile,
    config: one.config,
    installationSource: one.source,
  });
