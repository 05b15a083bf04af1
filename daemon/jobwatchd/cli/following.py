"""Follows the events of a daemon as they come, over restarts of the daemon."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from jobwatchd.cli.api_client import PAGE, ApiClient, ApiError, Query
from jobwatchd.cli.stderr import tell
from jobwatchd.model.cadence import Backoff

WAIT = "30s"
# Half of it by chance, for many may follow one daemon.
RETRY = Backoff(first_s=0.5, factor=2.0, longest_s=10.0)


class Follower:
    """Asks for the events that are `chosen`, page after page, and goes on where it stopped when the daemon is back.

    No event is missed and none comes twice, for each has a position. `sleep` and `chance` are the system's.
    """

    def __init__(
        self,
        client: ApiClient,
        chosen: Query,
        *,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._client = client
        self._chosen = chosen
        self._sleep = sleep
        self._chance = chance

    def pages(self, position: int) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Yield what comes after `position`, for ever; raises `ApiError` for what will not pass."""
        failures = 0
        while True:
            try:
                if failures:
                    position = self._resumed(position)
                page = self._client.events({**self._chosen, "after": position, "limit": PAGE, "wait": WAIT})
            except ApiError as exc:
                failures += 1
                self._wait(exc, failures)
                continue
            if failures:
                failures = 0
                tell("jobwatchd answers again.")
            yield page["items"]
            position = page["next"]

    def _wait(self, error: ApiError, failures: int) -> None:
        if not error.passes:
            raise error
        if failures == 1:
            tell(f"{error} Trying again until it answers.")
        longest_s = RETRY.ceiling_s(failures)
        self._sleep(longest_s * (1 + self._chance()) / 2)

    def _resumed(self, position: int) -> int:
        """Return where to go on: at the beginning where the daemon has begun anew, with another database."""
        newest = self._client.events({"order": "newest", "limit": 1})["items"]
        last = newest[0]["position"] if newest else 0
        if last >= position:
            return position
        tell("jobwatchd has another database than before; following from its beginning.")
        return 0
