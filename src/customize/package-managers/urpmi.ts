/** urpmi: Mandrake, Mandriva and Mageia. */
import type { Repository } from '../types.ts';
import type { Action, PackageManager } from './manager.ts';

/** Whether signatures count is said in urpmi.cfg, below the medium's name. */
const add = `
id=$1 url=$2 check=$3
shift 3
urpmi.addmedia "$@" "$id" "$url" || return $?
if [ "$check" = no ]; then
  cfg=/etc/urpmi/urpmi.cfg
  awk -v id="$id" '
    { print }
    index($0, id " ") == 1 && /\\{[ \\t]*$/ { print "  verify-rpm: 0" }
  ' "$cfg" >"$cfg.new" && cat "$cfg.new" >"$cfg" && rm -f "$cfg.new"
fi
`;

function addRepository(repository: Repository, id: string): Action[] {
  const { url, signed, sslverify } = repository;
  const unchecked = !sslverify && /^https:/i.test(url.trim());
  const words = [
    ...(signed ? [] : ['--nopubkey']),
    // Only wget is told by urpmi not to look at certificates.
    ...(unchecked ? ['--wget', '--wget-options', '--no-check-certificate'] : []),
  ];
  return [{ script: { text: add, args: [id, url.trim(), signed ? 'yes' : 'no', ...words] } }];
}

export const urpmi: PackageManager = {
  environment: { LC_ALL: 'C' },
  install: ['urpmi', '--auto'],
  endOfOptions: [],
  fileExtension: '.rpm',
  addRepository,
  removeRepository: (_, id) => [{ script: { text: 'urpmi.removemedia "$1"', args: [id] } }],
  takeFrom: (id) => ({ words: ['--searchmedia', id] }),
};
