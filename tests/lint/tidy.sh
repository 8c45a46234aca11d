#!/bin/bash
# clang-tidy over the product's sources: slow, so a step of its own and no part of tests/run.sh.
#   tests/lint/tidy.sh [FILE...]
set -euo pipefail
cd "$(dirname "$0")/../.."
deploy/install-packages.sh build clang tidy
cmake --preset dev-clang >/dev/null
[ $# -gt 0 ] || mapfile -t files < <(find proto consensus agent -name '*.cpp' | sort)
[ $# -eq 0 ] || files=("$@")
printf '%s\n' "${files[@]}" | xargs -r -P "$(nproc)" -n 1 clang-tidy-14 --quiet -p build/dev-clang
