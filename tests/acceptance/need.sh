#!/usr/bin/env bash
# need.sh PROGRAM=PACKAGE …: has each program on the PATH, by installing Debian packages where this may be done.
set -euo pipefail
PATH="$PATH:/usr/sbin:/sbin"
missing=()
for pair in "$@"; do
  command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
done
[ ${#missing[@]} -eq 0 ] && exit
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
  echo "Missing here: ${missing[*]}. Install these packages (Debian: apt install ${missing[*]}), or run this as root on Debian." >&2
  exit 1
fi
echo "Installing ${missing[*]} …"
export DEBIAN_FRONTEND=noninteractive
install=(apt-get -o DPkg::Lock::Timeout=300 -qq -y --no-install-recommends install "${missing[@]}")
"${install[@]}" >/dev/null 2>&1 || { apt-get -o DPkg::Lock::Timeout=300 -qq update; "${install[@]}" >/dev/null; }
