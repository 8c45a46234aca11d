#!/bin/bash
# The steps of the Dockerfile, so that they can be run and checked without Docker on any Debian 12
# root file system that may be spoilt.
#   deploy/image.sh build PROGRAM    builds with clang and writes the stripped program there
#   deploy/image.sh layout           turns this system into the one that runs the program
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

build() {
  # g++ 12 miscompiles some coroutine statements; the lint refuses those we know, clang has none.
  "$here/build.sh" release-clang
  strip --strip-debug -o "$1" "$here/../build/release-clang/vedette"
}

layout() {
  "$here/install-packages.sh" runtime
  rm -rf /var/lib/apt/lists/*
  useradd --uid 1000 --user-group --home-dir /data --no-create-home --shell /bin/sh vedette
  install -d -o 1000 -g 1000 /data
  # The names under which operators, charts and probes know a Sentinel.
  for name in redis-server redis-sentinel valkey-server valkey-sentinel; do
    ln -s vedette "/usr/local/bin/$name"
  done
  ln -s /usr/bin/redis-cli /usr/local/bin/valkey-cli
}

case ${1-} in
  build) build "${2:?where to write the program}" ;;
  layout) layout ;;
  *) sed -n '2,5s/^# //p' "$0" >&2; exit 2 ;;
esac
