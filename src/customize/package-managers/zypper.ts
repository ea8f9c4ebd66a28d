/** zypper: openSUSE and SUSE Linux Enterprise. */
import type { Repository } from '../types.ts';
import type { PackageManager } from './manager.ts';

function urlFor({ url, sslverify }: Repository): string {
  if (sslverify || !/^https:/i.test(url)) return url.trim();
  return `${url.trim()}${url.includes('?') ? '&' : '?'}ssl_verify=no`;
}

/** Older releases have no options for signatures: there the repository's file says it. */
const add = `
url=$1 id=$2 check=$3
zypper --non-interactive addrepo --refresh -- "$url" "$id" || return $?
file=/etc/zypp/repos.d/$id.repo
sed -i '/^\\(repo_\\|pkg_\\)\\{0,1\\}gpgcheck *=/d' "$file"
if [ "$check" = no ]; then printf '%s\\n' gpgcheck=0 repo_gpgcheck=0 pkg_gpgcheck=0 >>"$file"; fi
zypper --non-interactive refresh -- "$id"
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
  endOfOptions: ['--'],
  fileExtension: '.rpm',
  addRepository: (repository, id) => [
    { script: { text: add, args: [urlFor(repository), id, repository.signed ? 'yes' : 'no'] } },
  ],
  removeRepository: (_, id) => [
    { script: { text: 'zypper --non-interactive removerepo -- "$1"', args: [id] } },
  ],
  takeFrom: (id) => ({ words: ['--from', id] }),
};
