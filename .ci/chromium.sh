#!/usr/bin/env bash
# Installs Debian's chromium for the test that shops in a real browser. Best effort: where it cannot
# be had, one line says so, and that test skips.
set -uo pipefail

without() {
  echo "chromium: no browser: $1; the test that needs one is skipped" >&2
  exit 0
}

for name in "${CHROMIUM:-chromium}" chromium-browser google-chrome; do
  if command -v "$name" >/dev/null; then
    echo "chromium: $(command -v "$name")" >&2
    exit 0
  fi
done
[ "$(uname -s)" = Linux ] || without "it is installed from Debian packages"
command -v apt-get >/dev/null || without "it is installed from Debian packages"
[ "$(id -u)" = 0 ] || without "installing it needs root"
log=$(mktemp) || without "no temporary file"
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
echo "chromium: installing" >&2
# A font, or pages have no text.
install="timeout 600 apt-get install -y -q --no-install-recommends chromium fonts-dejavu-core"
# Lists that are old name packages that are gone.
{ $install || { timeout 300 apt-get update -q && $install; }; } >"$log" 2>&1 ||
  without "it could not be installed: $(tail -n 1 "$log")"
echo "chromium: $(command -v chromium)" >&2
