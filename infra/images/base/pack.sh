#!/usr/bin/env bash
# pack.sh PACKAGE… : the files of installed Debian packages, as a tar on standard output. An image of
# them needs no registry and no bootstrapped system: what this machine runs, runs in it.
set -euo pipefail
# Folders are left out, since tar would give them this machine's rights, and documents, to stay small.
# The old names /bin, /lib … are written under /usr, where Debian's links point.
dpkg -L "$@" | sort -u | grep -vE '^/usr/share/(doc|man|info|locale|lintian|bug)(/|$)' |
  while IFS= read -r file; do
    if [ -L "$file" ] || [ -f "$file" ]; then printf '%s\n' "${file#/}"; fi
  done |
  tar -C / --create --no-recursion --owner=0 --group=0 --files-from=- \
    --transform='flags=rhS;s,^\(bin\|sbin\|lib\|lib64\)/,usr/\1/,'
