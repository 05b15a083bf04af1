#!/usr/bin/env bash
# install.sh install|uninstall: puts jobwatchd and its units on this machine, or takes them away again.
#
# It is called by `make install-systemd` and `make uninstall-systemd`, and obeys these variables:
#   PREFIX   where the virtual environment goes                    /opt/jobwatchd
#   PYTHON   what it is made with; the service must be able to see it   /usr/bin/python3, else python3
#   UNITDIR  where the units go                                    /etc/systemd/system
#   MANDIR   where the manual pages are                            /usr/local/share/man
#   DESTDIR  a folder that stands for /, for packaging             (none)
# pip's own variables work too: PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels installs from a folder, without a network.
# Running it again upgrades; the configuration is left as it is, and `systemctl restart jobwatchd` is yours to say.
set -euo pipefail

PREFIX="${PREFIX:-/opt/jobwatchd}"
UNITDIR="${UNITDIR:-/etc/systemd/system}"
MANDIR="${MANDIR:-/usr/local/share/man}"
DESTDIR="${DESTDIR:-}"
ETC=/etc/jobwatchd
here="$(cd "$(dirname "$0")/.." && pwd)"
[ -n "${PYTHON:-}" ] || { [ -x /usr/bin/python3 ] && PYTHON=/usr/bin/python3 || PYTHON=python3; }

fail() { echo "install-systemd: $*" >&2; exit 1; }

check() {
  local folder
  [[ "$PREFIX" =~ ^(/[A-Za-z0-9._+-]+)+$ ]] || fail "PREFIX is '$PREFIX'; expected an absolute path of plain characters."
  [ -z "$DESTDIR" ] || [[ "$DESTDIR" == /* ]] || fail "DESTDIR is '$DESTDIR'; expected an absolute path."
  [ -n "$DESTDIR" ] || [ "$(id -u)" -eq 0 ] || fail "installing for the whole machine needs root; use sudo, or DESTDIR."
  "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
    || fail "$PYTHON is $("$PYTHON" --version 2>&1); expected Python 3.11 or newer. Choose another with PYTHON=…"
  for folder in "$PREFIX/" "$("$PYTHON" -c 'import sys; print(sys.base_prefix)')/"; do
    case "$folder" in
      /home/*|/root/*|/run/user/*) fail "$folder is in a home folder, which the service cannot see (ProtectHome). Choose others with PREFIX=… and PYTHON=…" ;;
    esac
  done
}

install_program() {
  local venv="$DESTDIR$PREFIX"
  echo "Installing jobwatchd into $venv …"
  "$PYTHON" -m venv "$venv" || fail "making a virtual environment failed; Debian has it in the package python3-venv."
  "$venv/bin/python" -I "$here/deploy/tools/locks.py" install requirements.lock requirements-build.lock --project "$here" --no-compile \
    || fail "nothing was started or stopped; what is missing is named above."
  # What was built under DESTDIR will run without it.
  [ -z "$DESTDIR" ] || grep -rlIF "$DESTDIR" "$venv/bin" "$venv/pyvenv.cfg" | xargs -r sed -i "s|$DESTDIR||g"
  # The service can write no byte code, so it is made now.
  "$venv/bin/python" -m compileall -q -f -s "$DESTDIR" -p / "$venv/lib" >/dev/null || true
  install -D -m 644 "$here/config/jobwatchd.example.yaml" "$venv/share/jobwatchd/jobwatchd.example.yaml"
  "$venv/bin/python" -Im jobwatchd config-schema | install -m 644 /dev/stdin "$venv/share/jobwatchd/jobwatchd.schema.json"
  "$venv/bin/python" -Im jobwatchd man-page | install -D -m 644 /dev/stdin "$DESTDIR$MANDIR/man1/jobwatchd.1"
}

install_units() {
  local unit
  for unit in jobwatchd.service jobwatchd@.service; do
    sed "s|/opt/jobwatchd/|$PREFIX/|" "$here/systemd/$unit" | install -D -m 644 /dev/stdin "$DESTDIR$UNITDIR/$unit"
  done
}

install_configuration() {
  install -d -m 755 "$DESTDIR$ETC"
  install -d -m 700 "$DESTDIR$ETC/secrets"
  [ -e "$DESTDIR$ETC/jobwatchd.yaml" ] \
    || sed "s|/opt/jobwatchd/|$PREFIX/|" "$here/systemd/jobwatchd.yaml" | install -m 644 /dev/stdin "$DESTDIR$ETC/jobwatchd.yaml"
}

# Tells systemd, where it runs and the installation is for it.
manager() { [ -n "$DESTDIR" ] || [ ! -d /run/systemd/system ] || systemctl "$@"; }

case "${1:-}" in
  install)
    check
    install_program
    install_units
    install_configuration
    manager daemon-reload
    echo "Installed. Next: edit $ETC/jobwatchd.yaml, then systemctl enable --now jobwatchd"
    ;;
  uninstall)
    check
    manager disable --now jobwatchd.service || true
    manager stop 'jobwatchd@*.service' || true
    rm -f "$DESTDIR$UNITDIR"/jobwatchd{,@}.service "$DESTDIR$UNITDIR"/multi-user.target.wants/jobwatchd@*.service
    rm -f "$DESTDIR$MANDIR/man1/jobwatchd.1"
    rm -rf "${DESTDIR}${PREFIX:?}"
    manager daemon-reload
    echo "Removed. Kept: $ETC, /var/lib/jobwatchd and /var/lib/jobwatchd-* with what they remember."
    ;;
  *) fail "expected install or uninstall." ;;
esac
