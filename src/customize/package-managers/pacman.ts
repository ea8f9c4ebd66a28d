/** pacman: Arch Linux. A repository's name is that of its database file. */
import { OzError } from '../../base/errors.ts';
import type { Repository } from '../types.ts';
import type { Action, PackageManager } from './manager.ts';

const conf = '/etc/pacman.conf';

/** In an image that was sealed the keyring is made at boot, which takes its time. */
const keyring = `
if [ -d /run/systemd/system ]; then systemctl start pacman-keyring.service 2>/dev/null || :; fi
`;

/** One of that name from an earlier run is replaced. */
const add = `
forget "$1"
[ -z "$(tail -c 1 ${conf})" ] || echo >>${conf}
printf '[%s]\\nSigLevel = %s\\nServer = %s\\n' "$1" "$3" "$2" >>${conf}
pacman -Sy --noconfirm
`;

const forget = `
forget() {
awk -v id="[$1]" '/^\\[/ { skip = $0 == id } !skip { print }' ${conf} >${conf}.new &&
cat ${conf}.new >${conf} &&
rm -f ${conf}.new "/var/lib/pacman/sync/$1".*
}
`;

/**
 * Arch knows no packages of today on a system of yesterday: all of it is brought
 * up to date before anything is added, the keys of its packagers first.
 */
const refresh = `${keyring}
pacman -Sy --noconfirm || return $?
if pacman -Qq archlinux-keyring >/dev/null 2>&1; then
  pacman -S --needed --noconfirm --noprogressbar archlinux-keyring || return $?
fi
pacman -Su --noconfirm --noprogressbar
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
      script: {
        text: `${keyring}${forget}${add}`,
        args: [id, url.trim(), signed ? 'Required DatabaseOptional' : 'Never'],
      },
    },
  ];
}

const quiet = ['--noconfirm', '--noprogressbar'];

export const pacman: PackageManager = {
  environment: { LC_ALL: 'C' },
  install: ['pacman', '-S', '--needed', ...quiet],
  installFile: ['pacman', '-U', ...quiet],
  endOfOptions: ['--'],
  fileExtensions: ['.pkg.tar.zst', '.pkg.tar.xz', '.pkg.tar.gz'],
  refresh: { text: refresh },
  addRepository,
  removeRepository: (_, id) => [{ script: { text: `${forget}forget "$1"`, args: [id] } }],
  takeFrom: (id) => ({ words: [], prefix: `${id}/` }),
};
