/** zypper: openSUSE and SUSE Linux Enterprise. */
import type { Repository } from '../types.ts';
import type { PackageManager } from './manager.ts';

function urlFor({ url, sslverify }: Repository): string {
  if (sslverify || !/^https:/i.test(url)) return url.trim();
  return `${url.trim()}${url.includes('?') ? '&' : '?'}ssl_verify=no`;
}

/**
 * Older releases have no options for signatures or refreshing: the repository's
 * file says it. One of that name from an earlier run is replaced. A signed one
 * that fails now may do so for its key alone, which the TDL's precommands may
 * bring: whether its packages are to be had is seen when they are installed.
 */
const add = `
url=$1 id=$2 check=$3
file=/etc/zypp/repos.d/$id.repo
rm -f "$file"
zypper --non-interactive addrepo -- "$url" "$id" || return $?
sed -i -e '/^\\(repo_\\|pkg_\\)\\{0,1\\}gpgcheck *=/d' -e '/^autorefresh *=/d' "$file"
echo autorefresh=1 >>"$file"
if [ "$check" = no ]; then printf '%s\\n' gpgcheck=0 repo_gpgcheck=0 pkg_gpgcheck=0 >>"$file"; fi
zypper --non-interactive refresh -- "$id"
code=$?
[ "$check" = yes ] || return $code
`;

/** A file that the TDL names need not be signed, but what it depends on must be where that can be told apart. */
const installFile = `
unsigned= checks=
if zypper help install | grep -q -- --allow-unsigned-rpm; then
  unsigned=--allow-unsigned-rpm
else
  checks=--no-gpg-checks
fi
zypper --non-interactive $checks install --auto-agree-with-licenses $unsigned "$@"
`;

export const zypper: PackageManager = {
  environment: { LC_ALL: 'C' },
  install: ['zypper', '--non-interactive', 'install', '--auto-agree-with-licenses'],
  installFile: ['sh', '-c', installFile, 'zypper'],
  // restart needed, zypper itself was renewed, repositories out of reach (the installer's CD) passed over
  fineCodes: [102, 103, 106],
  endOfOptions: ['--'],
  fileExtensions: ['.rpm'],
  addRepository: (repository, id) => [
    { script: { text: add, args: [urlFor(repository), id, repository.signed ? 'yes' : 'no'] } },
  ],
  removeRepository: (_, id) => [
    { script: { text: 'zypper --non-interactive removerepo -- "$1"', args: [id] } },
  ],
  takeFrom: (id) => ({ words: ['--from', id] }),
};
