/** pkg: FreeBSD. */
import type { Repository } from '../types.ts';
import type { Action, PackageManager } from './manager.ts';

const directory = '/usr/local/etc/pkg/repos';

const ucl = (text: string) => `"${text.replace(/[\\"]/g, '\\$&')}"`;

function addRepository({ url, signed, sslverify }: Repository, id: string): Action[] {
  const checks = signed
    ? ['  signature_type: "fingerprints",', '  fingerprints: "/usr/share/keys/pkg",']
    : ['  signature_type: "none",'];
  const unchecked = '  env: { SSL_NO_VERIFY_PEER: "1", SSL_NO_VERIFY_HOSTNAME: "1" },';
  const content = [
    `${ucl(id)}: {`,
    `  url: ${ucl(url.trim())},`,
    ...checks,
    ...(sslverify ? [] : [unchecked]),
    '  enabled: yes',
    '}',
    '',
  ].join('\n');
  return [
    { script: { text: 'mkdir -p "$1"', args: [directory] } },
    { path: `${directory}/${id}.conf`, content },
  ];
}

const forget = 'rm -rf "$1/$2.conf" "/var/db/pkg/repos/$2" "/var/db/pkg/repo-$2".*';

export const pkg: PackageManager = {
  shell: '/bin/sh',
  environment: { LC_ALL: 'C', ASSUME_ALWAYS_YES: 'yes', IGNORE_OSVERSION: 'yes' },
  install: ['pkg', 'install', '-y'],
  endOfOptions: ['--'],
  fileExtensions: ['.pkg', '.txz', '.tbz', '.tgz'],
  // The program itself comes as a package, too.
  refresh: { text: 'pkg bootstrap && pkg update' },
  addRepository,
  removeRepository: (_, id) => [{ script: { text: forget, args: [directory, id] } }],
  takeFrom: (id) => ({ words: ['-r', id] }),
};
