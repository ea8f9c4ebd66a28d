/** urpmi: Mandrake, Mandriva and Mageia. */
import type { Repository } from '../types.ts';
import type { Action, PackageManager } from './manager.ts';

const cfg = '/etc/urpmi/urpmi.cfg';

/** Only wget is told by urpmi not to look at certificates, and that for all media at once. */
const lax = 'wget-options: --no-check-certificate';

/**
 * What holds for a medium is said in urpmi.cfg, below its name; for all of them,
 * in a section without one. A medium of that name from an earlier run is
 * replaced; its name must be there, as urpmi.removemedia takes a part of a name
 * for it as well.
 */
const add = `
id=$1 url=$2 options=$3 all=$4
shift 4
is_there() {
  awk -v id="$id" 'index($0, id " ") == 1 && /\\{[ \\t]*$/ { found = 1 } END { exit !found }' ${cfg} 2>/dev/null
}
! is_there || urpmi.removemedia "$id" || return $?
urpmi.addmedia "$@" "$id" "$url" || return $?
if grep -qF -- "$all" ${cfg}; then all=; fi
{
  [ -z "$all" ] || grep -q '^{' ${cfg} || printf '{\\n}\\n\\n'
  cat ${cfg}
} | awk -v id="$id" -v options="$options" -v all="$all" '
  { print }
  /^\\{[ \\t]*$/ && all != "" { print "  " all; all = "" }
  index($0, id " ") == 1 && /\\{[ \\t]*$/ {
    count = split(options, list, ",")
    for (i = 1; i <= count; i++) print "  " list[i]
  }
' >${cfg}.new && cat ${cfg}.new >${cfg} && rm -f ${cfg}.new
`;

const remove = `
urpmi.removemedia "$1" || return $?
if [ -n "$2" ]; then
  grep -vF -- "$2" ${cfg} >${cfg}.new
  cat ${cfg}.new >${cfg}
  rm -f ${cfg}.new
fi
`;

const unchecked = ({ url, sslverify }: Repository) => !sslverify && /^https:/i.test(url.trim());

function addRepository(repository: Repository, id: string): Action[] {
  const { url, signed } = repository;
  const tls = unchecked(repository);
  const options = [...(signed ? [] : ['verify-rpm: 0']), ...(tls ? ['downloader: wget'] : [])];
  const words = [
    ...(signed ? [] : ['--nopubkey']),
    ...(tls ? ['--wget', '--wget-options', '--no-check-certificate'] : []),
  ];
  const args = [id, url.trim(), options.join(','), tls ? lax : '', ...words];
  return [{ script: { text: add, args } }];
}

export const urpmi: PackageManager = {
  environment: { LC_ALL: 'C' },
  install: ['urpmi', '--auto'],
  endOfOptions: [],
  fileExtensions: ['.rpm'],
  addRepository,
  removeRepository: (repository, id) => [
    { script: { text: remove, args: [id, unchecked(repository) ? lax : ''] } },
  ],
  takeFrom: (id) => ({ words: ['--searchmedia', id] }),
};
