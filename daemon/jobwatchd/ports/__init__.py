"""Every seam of jobwatchd; the docstrings are the contracts, kept by the suites in `tests/conformance`.

- `remote`: a job API, where events go, and the HTTP client
- `store`: what is kept
- `running`: time, and the running daemon as the HTTP API sees and steers it
"""

from jobwatchd.ports.remote import UNCHANGED, Answer, HttpClient, Listing, Sighting, Sink, Source
from jobwatchd.ports.running import Clock, Heartbeats, Sinks, Watchlist
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
