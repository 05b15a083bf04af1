"""Every seam of jobwatchd; the docstrings are the contracts, kept by the suites in `tests/conformance`.

- `clock`: time
- `http`: the HTTP client
- `source`: a job API
- `sink`: where events go
- `store`: what is kept
- `running`: the running daemon, as the HTTP API sees and steers it
"""

from jobwatchd.ports.clock import Clock
from jobwatchd.ports.http import Answer, HttpClient
from jobwatchd.ports.running import Heartbeats, Sinks, Watchlist
from jobwatchd.ports.sink import Sink
from jobwatchd.ports.source import UNCHANGED, Listing, Sighting, Source
from jobwatchd.ports.store import STORE_PATIENCE_S, Pruned, Route, Store

__all__ = [
    "STORE_PATIENCE_S",
    "UNCHANGED",
    "Answer",
    "Clock",
    "Heartbeats",
    "HttpClient",
    "Listing",
    "Pruned",
    "Route",
    "Sighting",
    "Sink",
    "Sinks",
    "Source",
    "Store",
    "Watchlist",
]
