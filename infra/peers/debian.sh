#!/usr/bin/env bash
# Brings rsyslog and syslog-ng from Debian's packages, for the measurement beside them, into a folder of
# their own: nothing is installed, no service starts, and the system's own syslog is left alone.
# Afterwards ${XDG_CACHE_HOME:-~/.cache}/holdfast-peers/bin has `rsyslogd` and `syslog-ng`.
# Needs Debian or what is made of it, and a package list that was fetched before (`apt-get update`).
set -euo pipefail

cache="${XDG_CACHE_HOME:-$HOME/.cache}/holdfast-peers"
tree="$cache/debian"
mkdir -p "$cache/bin" "$tree" "$cache/packages"

# The two must not be installed side by side: each is asked for alone.
bring() {
  local name
  mapfile -t names < <(apt-get install --simulate --no-install-recommends "$@" | sed -n 's/^Inst \([^ ]*\).*/\1/p')
  for name in "${names[@]}"; do
    (cd "$cache/packages" && apt-get download -qq "$name" 2> "$cache/packages/download.log") ||
      { cat "$cache/packages/download.log" >&2; exit 1; }
  done
}
rm -f "$cache"/packages/*.deb
bring rsyslog
bring syslog-ng-core syslog-ng-mod-http
for package in "$cache"/packages/*.deb; do dpkg -x "$package" "$tree"; done

libraries="$(echo "$tree"/usr/lib/*-linux-gnu*)"
older="$(echo "$tree"/lib/*-linux-gnu*)"
cat > "$cache/bin/rsyslogd" <<END
#!/bin/sh
LD_LIBRARY_PATH="$libraries:$older" exec "$tree/usr/sbin/rsyslogd" -M "$libraries/rsyslog" "\$@"
END
own="$tree/usr/lib/syslog-ng"
modules="$(echo "$own"/[0-9]*)"
cat > "$cache/bin/syslog-ng" <<END
#!/bin/sh
LD_LIBRARY_PATH="$libraries:$older:$own" exec "$tree/usr/sbin/syslog-ng" --module-path="$modules" "\$@"
END
chmod +x "$cache/bin/rsyslogd" "$cache/bin/syslog-ng"

"$cache/bin/rsyslogd" -v | head -1
"$cache/bin/syslog-ng" --version | head -1
