#!/bin/bash
# Installs real job servers, each into a virtual environment of its own below FOLDER, once: install.sh FOLDER
set -eu
folder=$1

install() { # NAME REQUIREMENT...
  local name=$1; shift
  [ -e "$folder/$name/.done" ] && return
  echo "Installing $name into $folder/$name …"
  "${PYTHON:-python3}" -m venv "$folder/$name"
  "$folder/$name/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
  touch "$folder/$name/.done"
}

mkdir -p "$folder"
# Buildbot 4 imports pkg_resources, which setuptools 81 no longer has.
install buildbot 'buildbot>=4,<5' buildbot-www buildbot-worker 'setuptools<81'
# Prefect 3.8 does not start with a newer FastAPI.
install prefect 'prefect>=3,<4' 'fastapi<0.151'
install airflow 'apache-airflow>=3,<4'
