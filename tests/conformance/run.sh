#!/bin/bash
# The Sentinel suite of redis 7.0.15 against Vedette. The last line: "N passed, M failed".
#   tests/conformance/run.sh [--mix "0 2"] [PATTERN...]
# --mix: only these ids are ours, the others are Debian's redis-sentinel. PATTERN: some units only.
# VEDETTE_BIN is the program, by default build/release/vedette; run-suite.sh knows more variables.
# The suite comes from Debian's source package, into build/conformance; nothing of it is kept here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
[ "${1-}" != --mix ] || { export SUITE_MIX=${2:?--mix needs ids}; shift 2; }
SUITE_SRC=$("$here/get-suite.sh" "$root/build/conformance")
export SUITE_SRC
# The search for leaks at the end of an ASan build may wait for ever for a thread that has just gone.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}
exec "$here/run-suite.sh" "${VEDETTE_BIN:-$root/build/release/vedette}" "$@"
