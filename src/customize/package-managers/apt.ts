/** apt: Debian, Ubuntu and their kin. */
import type { Repository } from '../types.ts';
import { parseAptSource } from './apt-source.ts';
import type { Action, PackageManager } from './manager.ts';

/** Restricts apt to one list file, given as "$list", and leaves the other lists alone. */
const onlyThisList =
  '-o Dir::Etc::SourceList="$list" -o Dir::Etc::SourceParts=/dev/null -o APT::Get::List-Cleanup=0';

/** Whether the guest's apt is older than "$1". */
const olderThan = `
older_than() { dpkg --compare-versions "$(dpkg-query -W -f '\${Version}' apt)" lt "$1"; }
`;

/**
 * Writes the entry and fetches its index. A repository that need not be signed
 * (or whose certificate need not be checked) is tried with the checks first:
 * they are given up only where they fail and the TDL allows it, so that a
 * properly signed one stays so in the image. Before 1.5 apt-get goes on without a
 * signature and refuses the packages later, so what the TDL allows is said at
 * once; before 0.8.16 that can be said for all repositories only.
 */
const addLine = `
set -eu
${olderThan}
id=$1 type=$2 options=$3 uri=$4 rest=$5 unsigned=$6 tlshost=$7
list=/etc/apt/sources.list.d/$id.list
conf=/etc/apt/apt.conf.d/90$id
if [ -z "$rest" ]; then
  codename=$( (. /etc/os-release && printf %s "\${VERSION_CODENAME:-}") 2>/dev/null || :)
  [ -n "$codename" ] || codename=$(lsb_release -cs 2>/dev/null || :)
  [ -n "$codename" ] || codename=$(sed -n -e '/cdrom:/d' \\
    -e 's/^deb  *\\(\\[[^]]*\\]  *\\)\\{0,1\\}[^ ]*  *\\([^ /]*\\) .*/\\2/p' /etc/apt/sources.list | head -n 1)
  rest="$codename main"
fi
try() { # $1: trusted=yes or nothing, $2: the host whose certificate does not count, or nothing
  trust=$1
  umask 022
  rm -f "$conf"
  if [ -n "$trust" ] && older_than 0.8.16~exp3; then
    trust=
    echo 'APT::Get::AllowUnauthenticated "true";' >"$conf"
  fi
  all="$options\${options:+\${trust:+ }}$trust"
  printf '%s%s %s %s\\n' "$type" "\${all:+ [$all]}" "$uri" "$rest" >"$list"
  if [ -n "$2" ]; then
    printf 'Acquire::https::%s::Verify-Peer "false";\\nAcquire::https::%s::Verify-Host "false";\\n' \\
      "$2" "$2" >>"$conf"
  fi
  apt-get -o APT::Update::Error-Mode=any ${onlyThisList} update
}
first=
if [ -n "$unsigned" ] && older_than 1.5~; then first=trusted=yes unsigned=; fi
try "$first" "" && return 0
if [ -n "$unsigned" ]; then
  echo "no valid signature; trying without, as the TDL allows"
  try trusted=yes "" && return 0
fi
if [ -n "$tlshost" ]; then
  echo "no valid certificate; trying without, as the TDL allows"
  try "$first" "$tlshost" && return 0
  [ -z "$unsigned" ] || { try trusted=yes "$tlshost" && return 0; }
fi
rm -f "$list" "$conf"
return 100
`;

const addPpa = 'apt-add-repository --yes "$1" && apt-get update';

function tlsHost({ sslverify }: Repository, uri: string): string {
  if (sslverify || !/^https:/i.test(uri)) return '';
  return URL.canParse(uri) ? new URL(uri).hostname : '';
}

function addRepository(repository: Repository, id: string): Action[] {
  const source = parseAptSource(repository.url);
  if (source.kind === 'ppa') return [{ script: { text: addPpa, args: [source.name] } }];
  const { type, options, uri, rest } = source;
  const unsigned = repository.signed ? '' : 'yes';
  const args = [id, type, options, uri, rest, unsigned, tlsHost(repository, uri)];
  return [{ script: { text: addLine, args } }];
}

function removeRepository(repository: Repository, id: string): Action[] {
  const source = parseAptSource(repository.url);
  if (source.kind === 'ppa') {
    return [{ script: { text: 'apt-add-repository --yes --remove "$1"', args: [source.name] } }];
  }
  const text = 'rm -f "/etc/apt/sources.list.d/$1.list" "/etc/apt/apt.conf.d/90$1"';
  return [{ script: { text, args: [id] } }];
}

/** The guest's own daily update may be running; it must neither start now nor be cut off. */
const waitForDailyUpdate = `
if [ -d /run/systemd/system ]; then
  systemctl stop apt-daily.timer apt-daily-upgrade.timer 2>/dev/null || true
  left=120
  while [ "$left" -gt 0 ]; do
    case $(systemctl show -p ActiveState apt-daily.service apt-daily-upgrade.service 2>/dev/null) in
      *activating*) sleep 5 ;;
      *) break ;;
    esac
    left=$((left - 1))
  done
fi
`;

/** The newest version that the repository's own list offers, as name=version. */
const pickFromList = (id: string) => `
list=/etc/apt/sources.list.d/${id}.list
version=$(apt-cache ${onlyThisList} -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \\
  madison "$1" | sed -n '1s/^[^|]*| *\\([^ |]*\\) *|.*/\\1/p')
if [ -z "$version" ]; then
  echo "repository ${id} has no package $1" >&2
  return 100
fi
printf '%s=%s\\n' "$1" "$version"
`;

const settings = [
  ...['-y', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Use-Pty=0'],
  ...['-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold'],
];

/** Before 1.1 apt-get knows no files: dpkg takes the file, and apt-get brings what it needs. */
const installFile = `${olderThan}
if ! older_than 1.1~; then
  apt-get "$@"
  exit
fi
for file; do :; done
for word; do
  shift
  case $word in install | -- | "$file") ;; *) set -- "$@" "$word" ;; esac
done
dpkg --force-confdef --force-confold -i "$file"
apt-get "$@" -f install || exit
dpkg -s "$(dpkg -f "$file" Package)" | grep '^Status: install ok installed$'
`;

export const apt: PackageManager = {
  environment: {
    DEBIAN_FRONTEND: 'noninteractive',
    DEBCONF_NONINTERACTIVE_SEEN: 'true',
    APT_LISTCHANGES_FRONTEND: 'none',
    NEEDRESTART_MODE: 'l',
    LC_ALL: 'C',
  },
  install: ['apt-get', ...settings, 'install'],
  installFile: ['sh', '-c', installFile, 'sh', ...settings, 'install'],
  endOfOptions: ['--'],
  fileExtensions: ['.deb'],
  refresh: { text: `${waitForDailyUpdate}\napt-get update` },
  addRepository,
  removeRepository,
  takeFrom: (id, ours) =>
    ours ? { pick: { text: pickFromList(id) } } : { words: ['--target-release', id] },
};
