#!/bin/bash
# The one command that shows what Vedette does: builds it, starts three zones on this machine, kills
# the master and prints what happened when.
#   deploy/demo.sh [--keep]      --keep leaves the three zones running and says how to talk to them
# VEDETTE_BIN=PROGRAM runs that program instead of building one; a Redis Sentinel works too.
set -euo pipefail
cd "$(dirname "$0")/.."

deploy/install-packages.sh demo
if [ -z "${VEDETTE_BIN-}" ]; then
  deploy/build.sh release
  export VEDETTE_BIN=$PWD/build/release/vedette
fi

# Debian's Python, with Debian's python3-redis and nothing else on its path.
exec /usr/bin/python3 -BEs deploy/demo/failover.py "$@"
