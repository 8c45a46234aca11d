#!/bin/bash
# One seed is one history on every compiler: builds the simulator with g++ and with clang and
# compares the trace hashes of N seeds (default 1000). Installs what is missing.
#
#   tests/sim/compare_compilers.sh [N]
set -euo pipefail
cd "$(dirname "$0")/../.."
seeds=${1:-1000}
hashes=$(mktemp -d)
trap 'rm -rf "$hashes"' EXIT
for preset in release release-clang; do
  deploy/build.sh "$preset" sim
  "build/$preset/sim" --hashes "$seeds" >"$hashes/$preset"
done
if ! diff "$hashes/release" "$hashes/release-clang" >"$hashes/difference"; then
  echo "g++ and clang play these seeds differently (< g++, > clang):" >&2
  head -n 10 "$hashes/difference" >&2
  exit 1
fi
echo "$seeds seeds have the same hash with g++ and clang"
