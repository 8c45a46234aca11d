#!/bin/bash
# Installs the Debian 12 packages that the named groups need, as far as they are missing.
#   deploy/install-packages.sh [--list] GROUP...      GROUP: build clang tidy demo test runtime
# Uses sudo when not root. Starts no service and leaves none enabled that was not there before.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

packages_of() {
  case $1 in
    build) echo g++ cmake ninja-build libboost1.81-dev libssl-dev libbsd-dev libspdlog-dev libfmt-dev \
      nlohmann-json3-dev prometheus-cpp-dev libgtest-dev libgmock-dev ;;
    clang) echo clang-14 libclang-rt-14-dev ;;
    tidy) echo clang-tidy-14 ;;
    demo) echo redis-server redis-tools python3 python3-redis ;;
    test) echo clang-format-14 redis-server redis-sentinel redis-tools \
      python3 python3-redis iproute2
      echo tcl procps dpkg-dev  # for the suite of redis-sentinel
      # A Node.js of any origin will do, and a second one would only shadow it.
      command -v npm >/dev/null || echo nodejs npm ;;
    runtime) echo libssl3 libbsd0 libspdlog1.10 libfmt9 libprometheus-cpp-core1.0 redis-tools tzdata hostname \
      ca-certificates ;;
    *) echo "install-packages.sh: no group '$1' (build clang tidy demo test runtime)" >&2; return 2 ;;
  esac
}

installed() {
  [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = 'ii ' ]
}

list_only=
[ "${1-}" = --list ] && { list_only=yes; shift; }
wanted=()
for group in "$@"; do
  packages=$(packages_of "$group")
  wanted+=($packages)
done
mapfile -t wanted < <(printf '%s\n' "${wanted[@]}" | sort -u)
if [ -n "$list_only" ]; then
  printf '%s\n' "${wanted[@]}"
  exit
fi

missing=()
for package in "${wanted[@]}"; do
  installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    echo "Missing packages, and neither root nor sudo to install them: ${missing[*]}" >&2
    exit 1
  }
  exec sudo -- "$0" "$@"
fi

# While dpkg configures packages, a policy-rc.d that answers 101 keeps it from starting services.
# What was there before comes back on every way out, and after a kill -9 at the next run.
policy=/usr/sbin/policy-rc.d
saved=$policy.before-vedette
services=()
for package in redis-server redis-sentinel; do
  installed "$package" || services+=("$package")
done

log=$(mktemp)
finish() {
  trap '' INT TERM HUP
  rm -f "$log"
  if [ -e "$saved" ] || [ -L "$saved" ]; then mv -f "$saved" "$policy"; else rm -f "$policy"; fi
  # A service that came with these packages must not start at the next boot either.
  for service in "${services[@]}"; do
    installed "$service" || continue
    if command -v systemctl >/dev/null; then
      systemctl disable --quiet "$service.service" >/dev/null 2>&1 || true
    fi
    update-rc.d "$service" disable >/dev/null 2>&1 || true
  done
}

exec 9<"$0"
flock 9
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
if [ -e "$saved" ] || [ -L "$saved" ]; then mv -f "$saved" "$policy"; fi
if [ -e "$policy" ] || [ -L "$policy" ]; then mv "$policy" "$saved"; fi
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"

echo "Installing: ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
install() {
  apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"
}
if ! install </dev/null >"$log" 2>&1 9>&-; then
  tail -n 30 "$log" >&2
  echo "install-packages.sh: apt-get failed" >&2
  exit 1
fi
