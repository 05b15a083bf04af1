#!/bin/bash
# Installs real job servers, as their locks pin them, each into a virtual environment of its own below FOLDER: install.sh FOLDER
set -eu
folder=$1
here="$(cd "$(dirname "$0")" && pwd)"
mkdir -p "$folder"
for name in buildbot prefect airflow; do
  [ "$folder/$name/.done" -nt "$here/$name.lock" ] && continue
  echo "Installing $name into $folder/$name …"
  "${PYTHON:-python3}" -m venv --clear "$folder/$name"
  "$folder/$name/bin/python" -I "$here/../../deploy/tools/locks.py" install "tests/jobservers/$name.lock"
  touch "$folder/$name/.done"
done
