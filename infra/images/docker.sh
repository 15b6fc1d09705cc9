#!/usr/bin/env bash
# docker.sh [stop]: brings up a Docker engine on a machine that has none running: installs Debian's
# where there is none at all, and starts `dockerd` by hand, for machines without a service manager,
# such as CI's. Does nothing where Docker answers. Exits 3, with a sentence, where it may not do that
# here. `stop` ends the engine that it started, and no other.
set -euo pipefail

run=/var/run/holdfast-docker
log=${HOLDFAST_DOCKER_LOG:-/tmp/holdfast-dockerd.log}
answers() { timeout 10 docker version > /dev/null 2>&1; }
leave() { echo "docker.sh: $*" >&2; exit 3; }

if [ "${1:-}" = stop ]; then
  if [ -f "$run/dockerd.pid" ]; then kill "$(cat "$run/dockerd.pid")"; fi
  exit 0
fi
if answers; then echo "Docker answers already."; exit 0; fi
[ -z "${DOCKER_HOST:-}" ] || leave "Docker does not answer at DOCKER_HOST=$DOCKER_HOST."
[ "$(id -u)" -eq 0 ] || leave "Docker does not answer, and only root can start it."

if ! command -v dockerd > /dev/null || ! command -v iptables > /dev/null; then
  command -v apt-get > /dev/null || leave "there is no Docker, and no apt-get to install it with."
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends docker.io iptables iproute2 > /dev/null
fi

# A killed engine leaves its pid file, and the next one refuses to start while that pid is anybody's.
mkdir -p "$run"
for file in "$run/dockerd.pid" "$run/exec/containerd/containerd.pid"; do
  if [ -f "$file" ] && ! grep -qsxE 'dockerd|containerd' "/proc/$(cat "$file")/comm"; then
    rm -f "$file"
  fi
done
setsid nohup dockerd --exec-root "$run/exec" --pidfile "$run/dockerd.pid" \
  --host unix:///var/run/docker.sock > "$log" 2>&1 < /dev/null 9>&- &
for _ in $(seq 150); do
  if answers; then echo "Docker is up: its log is $log, its pid in $run/dockerd.pid."; exit 0; fi
  sleep 0.2
done
tail -20 "$log" >&2
leave "dockerd did not come up within 30 seconds."
