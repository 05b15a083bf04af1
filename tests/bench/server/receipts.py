"""The webhooks that came, and how long after the change that they tell of."""

import time
from collections import Counter

import orjson

from bench.server.connection import response
from bench.server.script import FIRST_JOB, Script

PATH = b"/hook"
_TAKEN = response(b"{}")


class Receipts:
    """Takes CloudEvents of Nebula-shaped jobs; latencies are in seconds, in the order of arrival."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._ids: set[str] = set()
        self._kinds: Counter[str] = Counter()
        self._latencies_s: list[tuple[float, float]] = []
        self._received = 0

    def answer(self, _target: bytes, _head: bytes, body: bytes) -> bytes:
        """Take one event."""
        now_s = time.monotonic()
        event = orjson.loads(body)
        kind = event["type"]
        self._received += 1
        self._kinds[kind] += 1
        if event["id"] in self._ids:
            return _TAKEN
        self._ids.add(event["id"])
        index = int(event["subject"].rpartition("/")[2]) - FIRST_JOB
        if kind == "dev.jobwatchd.job.running.v1":
            self._latencies_s.append((now_s, now_s - self._script.began_s(index)))
        elif kind == "dev.jobwatchd.job.succeeded.v1":
            self._latencies_s.append((now_s, now_s - self._script.ended_s(index)))
        return _TAKEN

    def summary(self, from_s: float, to_s: float) -> dict[str, object]:
        """Return what came between two instants of the script's own time: how much, how late, how often twice."""
        start_s = self._script.start_s
        chosen = sorted(late_s for at_s, late_s in self._latencies_s if from_s <= at_s - start_s < to_s)
        return {
            "changes": len(chosen),
            "p50_s": _quantile(chosen, 0.5),
            "p99_s": _quantile(chosen, 0.99),
            "max_s": _quantile(chosen, 1.0),
            "received": self._received,
            "twice": self._received - len(self._ids),
            "kinds": dict(self._kinds),
        }


def _quantile(ordered: list[float], fraction: float) -> float | None:
    return ordered[min(len(ordered) - 1, int(len(ordered) * fraction))] if ordered else None
