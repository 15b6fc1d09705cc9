#!/usr/bin/env bash
# Builds an OpenTelemetry Collector from its Go modules, as a peer to test and measure against, and
# prints where it is. Needs Go; takes some eight minutes the first time, and none once it is there.
#
#     infra/peers/otelcol.sh [--print]      --print: say where it would be, and build nothing
#
# HOLDFAST_PEERS   folder of the binaries; default ${XDG_CACHE_HOME:-~/.cache}/holdfast-peers/bin
set -euo pipefail
version=0.148.0
folder=${HOLDFAST_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/holdfast-peers/bin}
binary=$folder/otelcol

if [ "${1:-}" = --print ]; then
  echo "$binary"
  exit 0
fi
if [ -x "$binary" ] && [ "$("$binary" --version)" = "otelcol version $version" ]; then
  echo "$binary"
  exit 0
fi
if ! command -v go > /dev/null; then
  echo "The collector was not built: there is no Go on the PATH. Install Go 1.25 or newer." >&2
  exit 1
fi

# One build at a time: whoever comes second waits, and finds the binary there.
mkdir -p "$folder"
exec 9> "$folder/.otelcol.lock"
flock 9
if [ -x "$binary" ] && [ "$("$binary" --version)" = "otelcol version $version" ]; then
  echo "$binary"
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/builder.yaml" << YAML
dist:
  name: otelcol
  description: OpenTelemetry Collector to test and measure against
  output_path: $work/out
  version: $version
receivers:
  - gomod: go.opentelemetry.io/collector/receiver/otlpreceiver v$version
exporters:
  - gomod: go.opentelemetry.io/collector/exporter/otlpexporter v$version
  - gomod: go.opentelemetry.io/collector/exporter/otlphttpexporter v$version
  - gomod: go.opentelemetry.io/collector/exporter/debugexporter v$version
  - gomod: github.com/open-telemetry/opentelemetry-collector-contrib/exporter/fileexporter v$version
processors:
  - gomod: go.opentelemetry.io/collector/processor/batchprocessor v$version
extensions:
  - gomod: github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage v$version
YAML

# The builder would tidy the module first, for which it also wants modules that only tests use, some of
# which no proxy has. The build needs none of them: `-mod=mod` resolves what it does need, and every
# module is still checked against the checksum database.
{
  cd "$work"
  GOBIN=$work GOFLAGS=-buildvcs=false go install "go.opentelemetry.io/collector/cmd/builder@v$version"
  ./builder --config builder.yaml --skip-get-modules --skip-compilation
  cd out
  CGO_ENABLED=0 go build -buildvcs=false -mod=mod -trimpath -ldflags='-s -w' -o "$work/otelcol" .
} >&2
mv "$work/otelcol" "$binary.new"
mv "$binary.new" "$binary"
echo "$binary"
