#!/bin/sh
# Brings promtool into test/monitoring/.bin, for the PATH: the program alone out of Debian's package, which would also run a server.
# Safe twice.
set -eu
cd "$(dirname "$0")"
mkdir -p .bin
if [ ! -x .bin/promtool ]; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  here=$PWD
  cd "$folder"
  apt-get download -qq prometheus || { apt-get update -qq && apt-get download -qq prometheus; }
  dpkg --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool
  mv usr/bin/promtool "$here/.bin/promtool"
  cd "$here"
fi
.bin/promtool --version
