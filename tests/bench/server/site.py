"""Who answers which path; under `/admin/`, what the benchmark itself asks.

`/admin/script?jobs=…` begins a new script, with the fields of `Script`; `/admin/counts` tells the requests by kind and
the open connections; `/admin/receipts?from=…&to=…` tells of the webhooks that came in that part of the script.
"""

from collections import Counter
from urllib.parse import parse_qs

import orjson

from bench.server import nebula, receipts
from bench.server.connection import response
from bench.server.nebula import Nebula
from bench.server.receipts import Receipts
from bench.server.script import Script
from bench.server.telestream import Telestream

_FIELDS = {"jobs": int, "workflows": int, "rate": float, "run_s": float, "fresh": int, "tasks": int}


class Site:
    """Everything behind one port."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._connections = 0
        self._nebula = Nebula(self._counts)
        self._telestream = Telestream(self._counts)
        self._receipts = Receipts(Script())

    def connected(self, change: int) -> None:
        """Count a connection that opened (1) or closed (-1)."""
        self._connections += change

    def answer(self, target: bytes, head: bytes, body: bytes) -> bytes:
        """Return the response to a request."""
        if target.startswith(nebula.PREFIX):
            return self._nebula.answer(target, head, body)
        if target == receipts.PATH:
            return self._receipts.answer(target, head, body)
        if target.startswith(b"/admin/"):
            return response(orjson.dumps(self._administer(target)))
        return self._telestream.answer(target, head, body)

    def _administer(self, target: bytes) -> object:
        path, _, query = target.decode("ascii").partition("?")
        values = {name: found[0] for name, found in parse_qs(query).items()}
        match path.rpartition("/")[2]:
            case "script":
                return self._begin(Script(**{name: _FIELDS[name](value) for name, value in values.items()}))
            case "counts":
                return {**self._counts, "connections": self._connections}
            case "receipts":
                return self._receipts.summary(float(values["from"]), float(values["to"]))
        return {"error": f"no such path: {path}"}

    def _begin(self, script: Script) -> object:
        self._nebula.begin(script)
        self._telestream.begin(script)
        self._receipts = Receipts(script)
        self._counts.clear()
        return {"start_s": script.start_s, "running_first": script.running_first}
