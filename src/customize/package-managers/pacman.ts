/** pacman: Arch Linux. A repository's name is that of its database file. */
import { OzError } from '../../base/errors.ts';
import type { Repository } from '../types.ts';
import type { Action, PackageManager } from './manager.ts';

const conf = '/etc/pacman.conf';

const add = `
printf '[%s]\\nSigLevel = %s\\nServer = %s\\n' "$1" "$3" "$2" >>${conf}
pacman -Sy --noconfirm
`;

const remove = `
awk -v id="[$1]" '/^\\[/ { skip = $0 == id } !skip { print }' ${conf} >${conf}.new &&
cat ${conf}.new >${conf} &&
rm -f ${conf}.new "/var/lib/pacman/sync/$1".*
`;

function addRepository({ name, url, signed, sslverify }: Repository, id: string): Action[] {
  if (!sslverify && /^https:/i.test(url.trim())) {
    throw new OzError(
      'OZ_REPOSITORY',
      `Cannot use repository ${name}: pacman checks the certificate of every server`,
      { hint: 'give the repository by http, or a certificate that the guest trusts' },
    );
  }
  return [
    {
      script: { text: add, args: [id, url.trim(), signed ? 'Required DatabaseOptional' : 'Never'] },
    },
  ];
}

const quiet = ['--noconfirm', '--noprogressbar'];

export const pacman: PackageManager = {
  environment: { LC_ALL: 'C' },
  install: ['pacman', '-S', '--needed', ...quiet],
  installFile: ['pacman', '-U', ...quiet],
  endOfOptions: ['--'],
  fileExtension: '.pkg.tar.zst',
  refresh: { text: 'pacman -Sy --noconfirm' },
  addRepository,
  removeRepository: (_, id) => [{ script: { text: remove, args: [id] } }],
  takeFrom: (id) => ({ words: [], prefix: `${id}/` }),
};
