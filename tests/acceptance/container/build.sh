#!/usr/bin/env bash
# build.sh IMAGE: builds the image from deploy/container/Dockerfile, on a base made of a Debian tree, without a network.
# It wants the tree and the wheels that make has put into build/.
set -euo pipefail
cd "$(dirname "$0")/../../.."
image="$1" base=localhost/debian-python:bookworm tree=build/trees/python
export CONTAINERS_CONF="$PWD/tests/acceptance/container/containers.conf"
tests/acceptance/need.sh buildah=buildah podman=podman runc=runc conmon=conmon catatonit=catatonit
made_at() { podman image inspect "$base" --format '{{.Created.Unix}}' 2>/dev/null || echo 0; }
if [ "$(made_at)" -lt "$(stat -c %Y "$tree/.complete")" ]; then
  echo "Making the base image $base of $tree …"
  tar -C "$tree" --exclude='./proc/*' --exclude='./sys/*' --exclude='./dev/*' --exclude='./usr/share/doc/*' \
    --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' --exclude='./.complete' -c . \
    | podman import -q - "$base" >/dev/null
fi
echo "Building $image …"
PATH="$PWD/tests/acceptance/container/bin:$PATH" make --no-print-directory -s image IMAGE="$image" >/dev/null
