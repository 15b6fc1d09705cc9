#!/usr/bin/env bash
# build.sh [IMAGE…] : builds the images of the container tests where they cannot be pulled, from
# packages alone: Debian's, Maven Central's, Go's and npm's. IMAGE is kafka, toxiproxy, registry or
# holdfast; by default all of them. One that was built from the same files is left as it is. Needs
# Docker; Debian for kafka and registry, with Java 17 and Maven; Go for toxiproxy; npm for holdfast, and
# Debian where Node's own image cannot be pulled.
set -euo pipefail
cd "$(dirname "$0")"
export DOCKER_BUILDKIT=${DOCKER_BUILDKIT:-0}
kafka_version=4.4.0
toxiproxy_version=2.5.0
registry_version=2.6.13.Final
node_image=$(sed -n 's/^ARG NODE_IMAGE=//p' holdfast/Dockerfile)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

stamp=holdfast.sources
is_pulled() { docker pull --quiet "$1" > /dev/null 2>&1; }
# need COMMAND PACKAGE : installs what is missing, on a machine that is ours to install on, as CI's is.
need() {
  if command -v "$1" > /dev/null; then return; fi
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get > /dev/null; then
    echo "build.sh: $1 is missing, of Debian's package $2." >&2
    exit 1
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" > /dev/null
}
# What an image is made of, as a sum: a build from the same files is not repeated.
sum_of() {
  find "$@" -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}
is_current() { # NAME SUM
  [ "$(docker image inspect --format "{{index .Config.Labels \"$stamp\"}}" "$1" 2> /dev/null)" = "$2" ]
}
# The classic builder says on each call that it is old; what a build says is shown if it fails.
build() { # NAME SUM FOLDER [OPTION…]
  local name=$1 sum=$2 folder=$3 former
  shift 3
  former=$(docker image inspect --format '{{.Id}}' "$name" 2> /dev/null || true)
  if ! docker build -t "$name" --label "$stamp=$sum" "$@" "$folder" > "$work/build.log" 2>&1; then
    cat "$work/build.log" >&2
    exit 1
  fi
  # One that a container still runs stays until that is gone.
  if [ -n "$former" ]; then docker image rm "$former" > /dev/null 2>&1 || true; fi
  echo "${SECONDS}s $name"
}

base() {
  local sum
  sum=$(sum_of base build.sh)
  if is_current holdfast-test/base:1 "$sum"; then return; fi
  mkdir -p "$work/base"
  base/pack.sh base-files bash coreutils findutils grep gzip hostname libacl1 libattr1 libbz2-1.0 \
    libc-bin libc6 libcap2 libgcc-s1 libgcrypt20 libgmp10 libgpg-error0 liblz4-1 liblzma5 \
    libpcre2-8-0 libproc2-0 libselinux1 libssl3 libstdc++6 libsystemd0 libtinfo6 libzstd1 mawk \
    netbase procps sed tar zlib1g > "$work/base/packages.tar"
  (
    mkdir "$work/links" && cd "$work/links"
    mkdir -p usr/{bin,sbin,lib,lib64,local/bin} etc tmp var/tmp root
    chmod 1777 tmp var/tmp
    for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$folder"; done
    ln -s bash usr/bin/sh
    echo 'hosts: files dns' > etc/nsswitch.conf
    printf '%s\n' root:x:0:0::/root:/bin/bash appuser:x:1000:1000::/tmp:/bin/bash \
      holdfast:x:10001:10001::/var/lib/holdfast:/bin/bash > etc/passwd
    printf '%s\n' root:x:0: appuser:x:1000: holdfast:x:10001: > etc/group
    tar -c --owner=0 --group=0 . > "$work/base/links.tar"
  )
  cp base/Dockerfile "$work/base/"
  build holdfast-test/base:1 "$sum" "$work/base"
}

kafka() {
  local sum
  sum=$(sum_of base kafka build.sh)
  if is_current "holdfast-test/kafka:$kafka_version" "$sum"; then return; fi
  need java openjdk-17-jre-headless
  need mvn maven
  base
  cp -r kafka "$work/kafka"
  base/pack.sh openjdk-17-jre-headless > "$work/kafka/jre.tar"
  mvn --batch-mode --quiet -Dstyle.color=never --file kafka/pom.xml dependency:copy-dependencies \
    -Dkafka.version="$kafka_version" -DincludeScope=runtime -DoutputDirectory="$work/kafka/libs"
  build "holdfast-test/kafka:$kafka_version" "$sum" "$work/kafka"
}

toxiproxy() {
  local sum
  sum=$(sum_of toxiproxy build.sh)
  if is_current "holdfast-test/toxiproxy:$toxiproxy_version" "$sum"; then return; fi
  need go golang-go
  cp -r toxiproxy "$work/toxiproxy"
  GOBIN=$work/toxiproxy CGO_ENABLED=0 go install -ldflags='-s -w' \
    "github.com/Shopify/toxiproxy/v2/cmd/server@v$toxiproxy_version"
  build "holdfast-test/toxiproxy:$toxiproxy_version" "$sum" "$work/toxiproxy"
}

registry() {
  local sum
  sum=$(sum_of base registry build.sh)
  if is_current "holdfast-test/registry:$registry_version" "$sum"; then return; fi
  need java openjdk-17-jre-headless
  need mvn maven
  base
  cp -r registry "$work/registry"
  base/pack.sh openjdk-17-jre-headless > "$work/registry/jre.tar"
  mvn --batch-mode --quiet -Dstyle.color=never dependency:copy -DoutputDirectory="$work/packed" \
    -Dartifact="io.apicurio:apicurio-registry-app:$registry_version:tar.gz:all"
  mkdir "$work/registry/app"
  tar -xzf "$work"/packed/*.tar.gz -C "$work/registry/app"
  mv "$work"/registry/app/*-runner.jar "$work/registry/app/app.jar"
  build "holdfast-test/registry:$registry_version" "$sum" "$work/registry"
}

# The Node of the checkout, on this machine's libraries.
node() {
  local sum
  sum=$(sum_of base build.sh ../node/package.json)
  if is_current holdfast-test/node:24 "$sum"; then return; fi
  base
  mkdir -p "$work/node"
  (cd ../.. && npm exec --silent -- node -p process.execPath) | xargs -I{} cp {} "$work/node/node"
  printf 'FROM holdfast-test/base:1\nCOPY node /usr/local/bin/node\n' > "$work/node/Dockerfile"
  build holdfast-test/node:24 "$sum" "$work/node"
}

holdfast() {
  local sum options=()
  sum=$(cd ../.. && sum_of actors infra pipeline schemas package.json package-lock.json tsconfig*.json)
  if is_current holdfast-test/holdfast:latest "$sum"; then return; fi
  if ! is_pulled "$node_image"; then
    node
    options=(--build-arg NODE_IMAGE=holdfast-test/node:24)
  fi
  holdfast/lay-out.sh "$work/holdfast"
  build holdfast-test/holdfast:latest "$sum" "$work/holdfast" "${options[@]}"
}

if [ $# -eq 0 ]; then set -- kafka toxiproxy registry holdfast; fi
for image in "$@"; do
  case $image in
    kafka | toxiproxy | registry | holdfast) "$image" ;;
    *) echo "build.sh: $image is none of kafka, toxiproxy, registry, holdfast." >&2; exit 2 ;;
  esac
done
