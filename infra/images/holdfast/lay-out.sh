#!/usr/bin/env bash
# lay-out.sh FOLDER : what the service image is built from: a Dockerfile, and in app/ the compiled
# program with the packages that production needs, and no others.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$here/../../.." && pwd)
mkdir -p "$1/app"
out=$(cd "$1" && pwd)
cd "$checkout"
npm run --silent build
cp "$here/Dockerfile" "$out/"
# What is published is what runs: npm decides by `files` in package.json.
npm pack --ignore-scripts --silent --pack-destination "$out" > /dev/null
tar -xzf "$out"/holdfast-*.tgz -C "$out/app" --strip-components=1
rm "$out"/holdfast-*.tgz
cp package-lock.json "$out/app/"
# The lock file knows the workspace that brings a checkout its Node; the image has its own, and leaves it out.
mkdir -p "$out/app/infra/node"
cp infra/node/package.json "$out/app/infra/node/"
# Native bindings come as optional packages, one for each platform: they have to be there.
(cd "$out/app" && npm ci --silent --omit=dev --workspaces=false --ignore-scripts --no-audit --no-fund)
rm -rf "$out/app/infra" "$out/app/package-lock.json" "$out/app/node_modules/@holdfast" \
  "$out/app/node_modules/.package-lock.json" "$out/app/node_modules/.bin"
