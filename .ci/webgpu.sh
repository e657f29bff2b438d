#!/usr/bin/env bash
# Runs a command with a software GPU for the tests of the WebGPU executor:
# .ci/webgpu.sh COMMAND [ARGUMENT ...]
# Unpacks Mesa's lavapipe from Debian packages into a cache folder, without root and without changes to
# the system. If that fails, it prints the reason and runs the command without a GPU: those tests skip.
set -uo pipefail

folder="${XDG_CACHE_HOME:-$HOME/.cache}/turnwise/vulkan"

# Downloads and unpacks Mesa and those of its dependencies that are not installed.
fetch() (
  [ "$(uname -s)" = Linux ] || { echo "it needs Linux"; exit 1; }
  for program in apt-get dpkg-deb; do
    command -v "$program" >/dev/null || { echo "it is unpacked from Debian packages"; exit 1; }
  done
  . /etc/os-release
  work="$folder.$$"
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/root" || exit 1
  # Use the archive that this machine has for its release. Mesa of Debian 12 is too old for WebGPU; that
  # of its backports is not.
  # shellcheck disable=SC2016
  archive=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' |
    awk -v release="$VERSION_CODENAME" '$2 == release && $3 == "main" { print $1; exit }')
  [ -n "$archive" ] || { echo "apt has no source for $VERSION_CODENAME main"; exit 1; }
  for suite in "$VERSION_CODENAME" "$VERSION_CODENAME-backports"; do
    echo "deb [signed-by=/usr/share/keyrings/$ID-archive-keyring.gpg] $archive $suite main"
  done >"$work/sources.list"
  apt() {
    timeout 300 apt-get -qq -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
      -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work" -o "Dir::Cache::archives=$work/archives" \
      -o APT::Sandbox::User= -o Debug::NoLocking=true -o Acquire::Languages=none "$@"
  }
  apt update -o APT::Update::Error-Mode=any || exit 1
  apt install --download-only --yes --no-install-recommends --reinstall \
    -t "$VERSION_CODENAME-backports" mesa-vulkan-drivers libvulkan1 || exit 1
  for package in "$work"/archives/*.deb; do dpkg-deb -x "$package" "$work/root" || exit 1; done
  driver=$(find "$work/root" -name libvulkan_lvp.so | head -n 1)
  [ -n "$driver" ] || { echo "the packages do not contain lavapipe"; exit 1; }
  # An absolute path; otherwise the loader searches for the driver in the system folders.
  printf '{"file_format_version":"1.0.0","ICD":{"library_path":"%s","api_version":"1.4.0"}}\n' \
    "$folder${driver#"$work"}" >"$work/lavapipe.json"
  dirname "${driver#"$work"}" >"$work/libraries"
  rm -rf "$work/lists" "$work/archives" "$work"/*.bin "$folder"
  mv "$work" "$folder"
)

if [ ! -f "$folder/lavapipe.json" ]; then
  log=$(fetch 2>&1) ||
    echo "webgpu: no device: $(tail -n 1 <<<"$log"); the tests that need one are skipped" >&2
fi
if [ -f "$folder/lavapipe.json" ]; then
  echo "webgpu: Mesa's lavapipe in $folder" >&2
  export VK_DRIVER_FILES="$folder/lavapipe.json" VK_ICD_FILENAMES="$folder/lavapipe.json"
  export LD_LIBRARY_PATH="$folder$(cat "$folder/libraries")${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
fi
exec "$@"
