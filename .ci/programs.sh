#!/usr/bin/env bash
# Installs programs that some tests need from Debian packages. Best effort: if one cannot be installed,
# it prints one line, and the tests that need it skip.
set -uo pipefail

# install PACKAGES: prints the reason if it fails.
install() (
  [ "$(uname -s)" = Linux ] && command -v apt-get >/dev/null || { echo "it is installed from Debian packages"; exit 1; }
  [ "$(id -u)" = 0 ] || { echo "installing it needs root"; exit 1; }
  export DEBIAN_FRONTEND=noninteractive
  command="timeout 600 apt-get install -y -q --no-install-recommends $1"
  # Old package lists may name versions that no longer exist: update and try again.
  log=$({ $command || { timeout 300 apt-get update -q && $command; }; } 2>&1) ||
    { echo "it could not be installed: ${log##*$'\n'}"; exit 1; }
)

# need PROGRAMS PACKAGES TESTS: one of the programs is enough.
need() {
  local name reason
  for name in $1; do
    command -v "$name" && return
  done >&2
  echo "installing $2" >&2
  reason=$(install "$2") || echo "without ${1%% *}: $reason; $3 are skipped" >&2
}

# Without a font, pages show no text.
need "${CHROMIUM:-chromium} chromium-browser google-chrome" "chromium fonts-dejavu-core" "tests in a browser"
# Compiles the software CUDA device.
need g++ g++ "tests of the CUDA executor"
