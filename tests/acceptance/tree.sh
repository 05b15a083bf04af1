#!/usr/bin/env bash
# tree.sh FOLDER PACKAGE,…: makes a minimal Debian 12 in FOLDER, with these packages in it, unless it is there already.
# Needs root. Packages once downloaded are kept beside it.
set -euo pipefail
PATH="$PATH:/usr/sbin:/sbin"
here="$(cd "$(dirname "$0")" && pwd)"
folder="$1" packages="$2"
[ -e "$folder/.complete" ] && [ "$(cat "$folder/.complete")" = "$packages" ] && exit
[ "$(id -u)" -eq 0 ] || { echo "Making a Debian tree needs root; run this with sudo." >&2; exit 1; }
"$here/need.sh" debootstrap=debootstrap
rm -rf --one-file-system "$folder"
mkdir -p "$folder" "$(dirname "$folder")/debs"
echo "Making a Debian 12 with ${packages//,/, } in $folder (about a minute) …"
cache="$(cd "$(dirname "$folder")/debs" && pwd)"
debootstrap --variant=minbase --cache-dir="$cache" --include="$packages" bookworm "$folder" >"$folder.log" 2>&1 \
  || { tail -n 20 "$folder.log" >&2; echo "debootstrap failed; the whole story is in $folder.log" >&2; exit 1; }
rm -rf "$folder"/var/cache/apt/archives/*.deb "$folder"/var/lib/apt/lists/*
echo "$packages" > "$folder/.complete"
