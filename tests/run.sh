#!/bin/bash
# The one test command: installs what is missing, builds, runs lint, unit and system tests.
#   tests/run.sh [--preset PRESET] [CTEST OPTION...]
# PRESET is release (the default), dev, asan, tsan, or one of them on clang: release-clang, dev-clang,
# asan-clang. Other options go to ctest: -L unit, -L system, -R NAME, -j 1 ...
set -euo pipefail
cd "$(dirname "$0")/.."

preset=release
if [ "${1-}" = --preset ]; then
  preset=${2:?--preset needs a name}
  shift 2
fi
groups=(build test)
[[ $preset != *clang ]] || groups+=(clang)
deploy/install-packages.sh "${groups[@]}"

cmake --preset "$preset" -DVEDETTE_TESTS=ON >/dev/null
cmake --build --preset "$preset"

# ThreadSanitizer needs its fixed places in memory: no randomised layout.
wrapper=()
[ "$preset" != tsan ] || wrapper=(setarch -R)
log=build/$preset/ctest.log
status=0
"${wrapper[@]}" ctest --preset "$preset" --output-on-failure -j2 "$@" 2>&1 | tee "$log" || status=$?

# The runner's closing line once more, so that it is the last.
closing=$(grep -E '^[0-9]+% tests passed, ' "$log" | tail -n 1) || status=1
echo "${closing:-no test was run}"
exit "$status"
