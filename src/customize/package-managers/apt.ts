/** apt: Debian, Ubuntu and their kin. */
import type { Repository } from '../types.ts';
import { parseAptSource } from './apt-source.ts';
import type { Action, PackageManager } from './manager.ts';

/** Restricts apt to one list file, given as "$list", and leaves the other lists alone. */
const onlyThisList =
  '-o Dir::Etc::SourceList="$list" -o Dir::Etc::SourceParts=/dev/null -o APT::Get::List-Cleanup=0';

/**
 * Writes the entry and fetches its index. A repository that need not be signed
 * (or whose certificate need not be checked) is tried with the checks first:
 * they are given up only where they fail and the TDL allows it, so that a
 * properly signed one stays so in the image.
 */
const addLine = `
set -eu
id=$1 type=$2 options=$3 uri=$4 rest=$5 unsigned=$6 tlshost=$7
list=/etc/apt/sources.list.d/$id.list
conf=/etc/apt/apt.conf.d/90$id
if [ -z "$rest" ]; then
  codename=$(. /etc/os-release && printf %s "\${VERSION_CODENAME:-}")
  [ -n "$codename" ] || codename=$(lsb_release -cs)
  rest="$codename main"
fi
try() { # $1: trusted=yes or nothing, $2: the host whose certificate does not count, or nothing
  all="$options\${options:+\${1:+ }}$1"
  umask 022
  printf '%s%s %s %s\\n' "$type" "\${all:+ [$all]}" "$uri" "$rest" >"$list"
  rm -f "$conf"
  if [ -n "$2" ]; then
    printf 'Acquire::https::%s::Verify-Peer "false";\\nAcquire::https::%s::Verify-Host "false";\\n' \\
      "$2" "$2" >"$conf"
  fi
  apt-get -o APT::Update::Error-Mode=any ${onlyThisList} update
}
try "" "" && return 0
if [ -n "$unsigned" ]; then
  echo "no valid signature; trying without, as the TDL allows"
  try trusted=yes "" && return 0
fi
if [ -n "$tlshost" ]; then
  echo "no valid certificate; trying without, as the TDL allows"
  try "" "$tlshost" && return 0
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

export const apt: PackageManager = {
  environment: {
    DEBIAN_FRONTEND: 'noninteractive',
    DEBCONF_NONINTERACTIVE_SEEN: 'true',
    APT_LISTCHANGES_FRONTEND: 'none',
    NEEDRESTART_MODE: 'l',
    LC_ALL: 'C',
  },
  install: [
    'apt-get',
    '-y',
    '-o',
    'DPkg::Lock::Timeout=300',
    '-o',
    'Dpkg::Options::=--force-confdef',
    '-o',
    'Dpkg::Options::=--force-confold',
    '-o',
    'Dpkg::Use-Pty=0',
    'install',
  ],
  endOfOptions: ['--'],
  fileExtensions: ['.deb'],
  refresh: { text: `${waitForDailyUpdate}\napt-get update` },
  addRepository,
  removeRepository,
  takeFrom: (id, ours) =>
    ours ? { pick: { text: pickFromList(id) } } : { words: ['--target-release', id] },
};
