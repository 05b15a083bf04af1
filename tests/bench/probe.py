"""A look at the daemon from outside, 50 times a second: the longest answer is the longest pause of its loop."""

import http.client
import threading
import time
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

EVERY_S = 0.02


class PauseProbe:
    """Asks `/livez` for as long as its context lasts; `longest_s` is the longest that an answer took."""

    def __init__(self, base_url: str) -> None:
        self._netloc = urlsplit(base_url).netloc
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.longest_s = 0.0

    def __enter__(self) -> Self:
        """Begin to ask."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        """Stop asking."""
        self._stopped.set()
        self._thread.join()

    def _look(self) -> None:
        connection = http.client.HTTPConnection(self._netloc, timeout=120)
        while not self._stopped.wait(EVERY_S):
            begun_s = time.perf_counter()
            try:
                connection.request("GET", "/livez")
                connection.getresponse().read()
            except (OSError, http.client.HTTPException):
                connection.close()  # an idle connection that was closed meanwhile; the next look opens another
                continue
            self.longest_s = max(self.longest_s, time.perf_counter() - begun_s)
