#!/usr/bin/env bash
# Runs a command with a private Docker Engine at DOCKER_HOST: .ci/docker.sh COMMAND [ARGUMENT ...]
# An engine that already answers is used instead. If none can be started, it prints the reason and runs
# the command without one: tests that need an engine then skip. All state is in a temporary folder,
# which is removed at the end.
set -uo pipefail

# The engine, and the packages in the demo image (packages/envs/src/containers/demo-base-image.ts).
packages="curl docker.io bash dash coreutils sed grep findutils diffutils tar gzip patch procps mawk git
  python3-minimal python3-pytest base-files base-passwd libc-bin"
folder=""
pid=""

without() {
  echo "docker: no engine: $1; tests that need one are skipped" >&2
}

answers() {
  curl -fs --max-time 2 "$@" http://localhost/_ping >/dev/null 2>&1
}

install_packages() {
  local missing="" name
  for name in $packages; do
    dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null | grep -q '^ii' || missing+=" $name"
  done
  [ -n "$missing" ] || return 0
  echo "docker: installing$missing" >&2
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086
  { timeout 300 apt-get update -q && timeout 600 apt-get install -y -q --no-install-recommends $missing; } >"$folder/apt.log" 2>&1
}

start_engine() {
  [ "$(uname -s)" = Linux ] || { without "it needs Linux"; return 1; }
  [ "$(id -u)" = 0 ] || { without "it needs root"; return 1; }
  command -v dpkg-query >/dev/null || { without "it is installed from Debian packages"; return 1; }
  # Short name, since the path of a socket is limited to 107 bytes.
  folder=$(mktemp -d /tmp/twd.XXXXXX) || { without "no temporary folder"; return 1; }
  install_packages || { without "packages could not be installed: $(tail -1 "$folder/apt.log")"; return 1; }
  command -v dockerd >/dev/null || { without "dockerd is missing"; return 1; }
  local socket="$folder/s" attempt
  # Leave the network of the machine alone: containers have no network.
  dockerd --data-root "$folder/data" --exec-root "$folder/run" --pidfile "$folder/pid" -H "unix://$socket" \
    --storage-driver=overlay2 --bridge=none --iptables=false --ip6tables=false --ip-forward=false \
    --log-level=warn >"$folder/log" 2>&1 </dev/null &
  pid=$!
  for attempt in $(seq 300); do
    if answers --unix-socket "$socket"; then
      export DOCKER_HOST="unix://$socket"
      return 0
    fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  without "dockerd did not start: $(tail -1 "$folder/log")"
  return 1
}

stop_engine() {
  [ -n "$folder" ] || return 0
  if [ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null; then
    for _ in $(seq 300); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  fi
  # dockerd does not unmount its data.
  awk -v root="$folder/" 'index($2, root) == 1 { print $2 }' /proc/mounts 2>/dev/null | sort -r |
    while read -r path; do umount -l "$path"; done
  rm -rf "$folder"
  folder=""
}

[ $# -gt 0 ] || { echo "usage: .ci/docker.sh COMMAND [ARGUMENT ...]" >&2; exit 2; }
trap stop_engine EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if [ -z "${DOCKER_HOST:-}" ] && ! answers --unix-socket /var/run/docker.sock; then
  start_engine || stop_engine
fi
[ -z "${DOCKER_HOST:-}" ] || echo "docker: engine at $DOCKER_HOST" >&2
"$@"
