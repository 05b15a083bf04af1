"""Telling systemd how the daemon is, by the protocol of sd_notify(3)."""

import os
import socket
import time
from collections.abc import Mapping

# The manager reads 4096 bytes of a message.
MAX_STATUS = 500


class Notifier:
    """Sends notifications to the socket that `env` names; does nothing where there is none, and never raises."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._address = _address(env.get("NOTIFY_SOCKET", ""))
        self.watchdog_interval_s = _watchdog_interval_s(env)
        """Seconds within which `watchdog` has to be called, again and again; None where nobody waits for it."""

    def ready(self) -> None:
        """Say that start-up, or a reload, has come to its end."""
        self._send("READY=1")

    def extend_timeout(self, seconds: float) -> None:
        """Ask for so many seconds from now for the start, or the stop, that is under way."""
        self._send(f"EXTEND_TIMEOUT_USEC={seconds * 1_000_000:.0f}")

    def reloading(self) -> None:
        """Say that the configuration is being read again; `ready` has to follow."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1_000}")

    def stopping(self, within_s: float) -> None:
        """Say that shutdown has begun, and will be over within so many seconds, whatever the unit's own limit is."""
        self._send(f"STOPPING=1\nEXTEND_TIMEOUT_USEC={round(within_s * 1_000_000)}")

    def status(self, text: str) -> None:
        """Set the line that `systemctl status` shows; a very long one is cut."""
        line = " ".join(text.split())
        self._send(f"STATUS={line if len(line) <= MAX_STATUS else line[: MAX_STATUS - 1] + '…'}")

    def watchdog(self) -> None:
        """Say that the daemon makes progress."""
        self._send("WATCHDOG=1")

    def _send(self, message: str) -> None:
        if self._address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
                # A manager that does not read must not hold up the daemon.
                sock.settimeout(0)
                sock.sendto(message.encode(errors="replace"), self._address)
        except (OSError, ValueError):
            return


def _address(name: str) -> str | None:
    if name.startswith("@"):
        return "\0" + name[1:]
    return name if name.startswith("/") else None


def _watchdog_interval_s(env: Mapping[str, str]) -> float | None:
    try:
        interval_us = int(env.get("WATCHDOG_USEC", ""))
        meant = int(env.get("WATCHDOG_PID", str(os.getpid()))) == os.getpid()
    except ValueError:
        return None
    return interval_us / 1_000_000 if meant and interval_us > 0 else None
