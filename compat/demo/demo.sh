#!/bin/sh
# npm run demo: from a fresh Debian 12 or 13 with Node.js to a Debian 13 image.
set -eu
cd "$(dirname "$0")/../.."
node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' || {
  echo "Cannot run the demo: Node.js 20 or newer is needed, this is $(node --version)" >&2
  exit 1
}
sh compat/install-packages.sh compat/packages.txt
[ -e node_modules/.package-lock.json ] || npm ci --no-fund --no-audit
npm run build --silent >/dev/null
exec node_modules/.bin/tsx compat/demo/demo.ts "$@"
