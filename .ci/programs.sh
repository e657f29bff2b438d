#!/usr/bin/env bash
# Installs from Debian's packages the programs that some tests need. Best effort: where one cannot be
# had, one line says so, and those tests skip.
set -uo pipefail

# install PACKAGES: prints why it cannot.
install() (
  [ "$(uname -s)" = Linux ] && command -v apt-get >/dev/null || { echo "it is installed from Debian packages"; exit 1; }
  [ "$(id -u)" = 0 ] || { echo "installing it needs root"; exit 1; }
  export DEBIAN_FRONTEND=noninteractive
  command="timeout 600 apt-get install -y -q --no-install-recommends $1"
  # Lists that are old name packages that are gone.
  log=$({ $command || { timeout 300 apt-get update -q && $command; }; } 2>&1) ||
    { echo "it could not be installed: ${log##*$'\n'}"; exit 1; }
)

# need PROGRAMS PACKAGES TESTS: any one of the programs.
need() {
  local name reason
  for name in $1; do
    command -v "$name" && return
  done >&2
  echo "installing $2" >&2
  reason=$(install "$2") || echo "without ${1%% *}: $reason; $3 are skipped" >&2
}

# A font, or pages have no text.
need "${CHROMIUM:-chromium} chromium-browser google-chrome" "chromium fonts-dejavu-core" "tests in a browser"
# Builds the CUDA device in software.
need g++ g++ "tests of the CUDA executor"
