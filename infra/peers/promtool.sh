#!/usr/bin/env bash
# Puts Debian's promtool, which checks and tests alert rules, beside the other peers, and prints where it
# is. Only the one program of the package is taken: nothing is installed, and no service started.
#
#     infra/peers/promtool.sh [--print]     --print: say where it would be, and fetch nothing
#
# HOLDFAST_PEERS   folder of the binaries; default ${XDG_CACHE_HOME:-~/.cache}/holdfast-peers/bin
set -euo pipefail
folder=${HOLDFAST_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/holdfast-peers/bin}
binary=$folder/promtool

if [ "${1:-}" = --print ] || [ -x "$binary" ]; then
  echo "$binary"
  exit 0
fi
if ! command -v apt-get > /dev/null || ! command -v dpkg-deb > /dev/null; then
  echo "promtool was not fetched: it is taken from a Debian package, and there is no apt here." >&2
  exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
(cd "$work" && apt-get download prometheus) >&2
dpkg-deb --fsys-tarfile "$work"/prometheus_*.deb | tar -x -C "$work" ./usr/bin/promtool
mkdir -p "$folder"
mv "$work/usr/bin/promtool" "$binary"
echo "$binary"
