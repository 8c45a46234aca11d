#!/bin/bash
# Installs what the build needs and builds the program: build/PRESET/vedette.
#   deploy/build.sh [PRESET [TARGET]]      PRESET is release unless named (see CMakePresets.json)
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}
groups=(build)
[[ $preset != *clang ]] || groups+=(clang)
deploy/install-packages.sh "${groups[@]}"
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset" --target "${2:-vedette}"
