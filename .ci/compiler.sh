#!/usr/bin/env bash
# Installs Debian's g++, which builds the CUDA device in software that the tests of the CUDA executor
# run on. Best effort: where it cannot be had, one line says so, and those tests skip.
set -uo pipefail

without() {
  echo "compiler: no g++: $1; the tests of the CUDA executor are skipped" >&2
  exit 0
}

if ! command -v g++ >/dev/null; then
  [ "$(uname -s)" = Linux ] || without "it is installed from Debian packages"
  command -v apt-get >/dev/null || without "it is installed from Debian packages"
  [ "$(id -u)" = 0 ] || without "installing it needs root"
  log=$(mktemp) || without "no temporary file"
  trap 'rm -f "$log"' EXIT
  export DEBIAN_FRONTEND=noninteractive
  echo "compiler: installing" >&2
  install="timeout 600 apt-get install -y -q --no-install-recommends g++"
  # Lists that are old name packages that are gone.
  { $install || { timeout 300 apt-get update -q && $install; }; } >"$log" 2>&1 ||
    without "it could not be installed: $(tail -n 1 "$log")"
fi
echo "compiler: $(command -v g++)" >&2
