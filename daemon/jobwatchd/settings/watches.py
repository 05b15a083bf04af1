"""Jobs that are known beforehand."""

from jobwatchd.values.watch_request import WatchRequest


class WatchSettings(WatchRequest):
    """One job of the file: asked for as it would be through the API."""
