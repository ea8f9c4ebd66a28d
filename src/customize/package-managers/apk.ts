/** apk: Alpine Linux. */
import type { Repository } from '../types.ts';
import type { Action, PackageManager } from './manager.ts';

/**
 * apk knows no options of a single repository: what one needs holds for all
 * installing of this run. The file is in memory and gone with the guest.
 */
const options = '/run/build-apk-options';

/** A comment names the repository, so that it can be found again. */
const forget = `
forget() {
awk -v id="$1" '$0 == "# " id { skip = 2 } skip > 0 { skip--; next } { print }' \\
  /etc/apk/repositories >/etc/apk/repositories.new &&
cat /etc/apk/repositories.new >/etc/apk/repositories &&
rm -f /etc/apk/repositories.new
}
`;

/** One of that name from an earlier run is replaced. */
const add = `${forget}
forget "$1" || return $?
id=$1 url=$2
shift 2
for word; do grep -qxF -- "$word" ${options} 2>/dev/null || echo "$word" >>${options}; done
printf '# %s\\n%s\\n' "$id" "$url" >>/etc/apk/repositories
apk $(cat ${options} 2>/dev/null) update
`;

/** The first version that the repository offers, as name=version. */
const pick = (id: string) => `
url=$(awk -v id='${id}' 'found { print; exit } $0 == "# " id { found = 1 }' /etc/apk/repositories)
version=$(apk policy "$1" | awk -v url="$url" '
  /^  [^ ]/ { version = $1; sub(/:$/, "", version) }
  BEGIN { sub(/\\/+$/, "", url) }
  /^    / {
    rest = substr($1, length(url) + 1)
    if (index($1, url) == 1 && (rest == "" || rest ~ /^\\//)) { print version; exit }
  }')
if [ -z "$url" ] || [ -z "$version" ]; then
  echo "repository ${id} has no package $1" >&2
  return 1
fi
printf '%s=%s\\n' "$1" "$version"
`;

/** A version that was named once must not keep later updates away. */
const unpin = `
name=\${picked%%=*}
sed -i "s|^$name=.*|$name|" /etc/apk/world
`;

function addRepository({ url, signed, sslverify }: Repository, id: string): Action[] {
  const words = [
    ...(signed ? [] : ['--allow-untrusted']),
    ...(!sslverify && /^https:/i.test(url.trim()) ? ['--no-check-certificate'] : []),
  ];
  return [{ script: { text: add, args: [id, url.trim(), ...words] } }];
}

const install = (more: string) => ['sh', '-c', `apk $(cat ${options} 2>/dev/null)${more} add "$@"`];

export const apk: PackageManager = {
  shell: '/bin/sh',
  environment: { LC_ALL: 'C' },
  install: [...install(' --no-progress'), 'apk'],
  installFile: [...install(' --no-progress --allow-untrusted'), 'apk'],
  endOfOptions: ['--'],
  fileExtensions: ['.apk'],
  refresh: { text: `apk $(cat ${options} 2>/dev/null) update` },
  addRepository,
  removeRepository: (_, id) => [{ script: { text: `${forget}forget "$1"`, args: [id] } }],
  takeFrom: (id) => ({ pick: { text: pick(id) }, afterwards: unpin }),
};
