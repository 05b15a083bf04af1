"""What an authentication is built with."""

from dataclasses import dataclass

from jobwatchd.description.auth import Credentials
from jobwatchd.ports import Clock, HttpClient
from jobwatchd.rotation import Rotating


@dataclass(frozen=True, slots=True)
class Site:
    """Where requests go and who sends them: logins below `base_url` are sent by `client`."""

    base_url: str
    credentials: Rotating[Credentials]
    client: HttpClient
    clock: Clock
