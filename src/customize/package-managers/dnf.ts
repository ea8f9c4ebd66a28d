/** dnf and yum: the package managers of rpm systems that read /etc/yum.repos.d. */
import type { Repository } from '../types.ts';
import type { Action, PackageManager } from './manager.ts';

/** The same keys as Oz writes. */
function repoFile({ name, url, signed, sslverify }: Repository, id: string): Action {
  const content = [
    `[${id}]`,
    `name=${name.replace(/\p{Cc}/gu, ' ')}`,
    `baseurl=${url.trim()}`,
    'skip_if_unavailable=1',
    'enabled=1',
    `sslverify=${Number(sslverify)}`,
    `gpgcheck=${Number(signed)}`,
    '',
  ].join('\n');
  return { path: `/etc/yum.repos.d/${id}.repo`, content };
}

/** What the repository left in the cache goes with it. */
const forget = 'rm -rf "/etc/yum.repos.d/$1.repo" "/var/cache/dnf/$1"-* "/var/cache/libdnf5/$1"-*';

export const dnf: PackageManager = {
  environment: { LC_ALL: 'C' },
  install: ['dnf', '-y', 'install'],
  // dnf 5 and yum 2.0 take `--` for a package's name
  endOfOptions: [],
  fileExtensions: ['.rpm'],
  addRepository: (repository, id) => [repoFile(repository, id)],
  removeRepository: (_, id) => [{ script: { text: forget, args: [id] } }],
  takeFrom: (id) => ({ words: [`--enablerepo=${id}`, `--setopt=${id}.priority=1`] }),
};

/** yum knows no priorities by itself: the repository's newest version is asked for by name. */
const pick = (id: string) => `
full=$(yum -q --disablerepo='*' --enablerepo='${id}' list available "$1" 2>/dev/null |
  awk -v name="$1" '{
    arch = $1
    sub(/.*\\./, "", arch)
    if ($1 == name || $1 == name "." arch) { print name "-" $2 "." arch; exit }
  }')
if [ -n "$full" ]; then
  echo "$full"
elif rpm -q "$1" >/dev/null 2>&1; then
  echo "$1"
else
  echo "repository ${id} has no package $1" >&2
  return 1
fi
`;

/** Where one package of several is not to be had, yum says so and ends well without it. */
const complete = `
said=$(mktemp /var/tmp/.build-yum.XXXXXX) || exit 1
code=0
{ "$@" 2>&1 || echo "$?" >"$said.code"; } | tee "$said"
[ ! -s "$said.code" ] || code=$(cat "$said.code")
if [ "$code" = 0 ] && grep -qi '^No \\(package\\|match for argument\\)' "$said"; then code=1; fi
rm -f "$said" "$said.code"
exit "$code"
`;

export const yum: PackageManager = {
  ...dnf,
  install: ['sh', '-c', complete, 'sh', 'yum', '-y', 'install'],
  takeFrom: (id) => ({ pick: { text: pick(id) } }),
};
