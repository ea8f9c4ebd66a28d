#!/bin/sh
# Installs the packages of the lists that are missing; asks sudo when not root.
#   install-packages.sh LIST...
set -eu
wanted=$(sed 's/#.*//' "$@")
missing=
for package in $wanted; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
    missing="$missing $package"
done
[ -n "$missing" ] || exit 0
echo "installing:$missing"
as_root=
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || {
    echo "Cannot install$missing: neither root nor sudo; install them first" >&2
    exit 1
  }
  as_root=sudo
fi
$as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
