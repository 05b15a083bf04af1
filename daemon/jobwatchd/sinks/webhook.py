"""The webhook sink: one HTTP POST an event, signed, without redirects."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType

from jobwatchd.errors import SinkError, SinkGone, SinkRateLimited, SinkRejected, SinkUnavailable
from jobwatchd.model.event import Event
from jobwatchd.model.retry_after import retry_after_s
from jobwatchd.ports import Answer, Clock, HttpClient
from jobwatchd.sinks.cloud_event import CONTENT_TYPE, cloud_event
from jobwatchd.sinks.endpoint import checked_headers, checked_url
from jobwatchd.sinks.signature import Signer

RETRIED = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
# The classes of status: their first digits.
SUCCESS, REDIRECTION, SERVER_ERROR = 2, 3, 5
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Webhook:
    """Posts events to one URL as CloudEvents; implements `ports.Sink`.

    The first of `secrets` signs, the others do too while they are rotated out; without any, nothing is signed. `client`
    is one that raises `SinkUnavailable`, and belongs to the sink from now on; its timeouts bound an attempt. `headers`
    are sent along. A user name and password in `url` are sent as basic authentication. Raises `ConfigError` for what
    cannot work; neither that nor any other error of the sink's own shows more of the URL than its host and port.
    """

    durable = True

    def __init__(
        self,
        name: str,
        url: str,
        secrets: Sequence[str | bytes],
        clock: Clock,
        *,
        client: HttpClient,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> None:
        place = f"webhook sink {name}"
        self.name = name
        checked = checked_url(url, place)
        self._url = str(checked)
        self._host = checked.netloc.decode()
        self._headers = {**checked_headers(headers, place), "content-type": CONTENT_TYPE}
        self._signer = Signer(secrets, place)
        self._clock = clock
        self._client = client

    async def send(self, event: Event) -> None:
        """Post the event once; a 2xx whose answer came whole means that it was taken.

        Raises `SinkGone` for 410; `SinkRateLimited` for 429; `SinkUnavailable` for 408, 425 and 5xx, for time-outs, and
        where no whole answer came; `SinkRejected` for every other status, redirects among them. The error tells what
        Retry-After asks for.
        """
        body = cloud_event(event)
        headers = {**self._headers, **self._signer.headers(event.id, body, self._clock.now())}
        answer = await self._client.request("POST", self._url, headers, body)
        if answer.status // 100 != SUCCESS:
            raise self._refusal(answer)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    def _refusal(self, answer: Answer) -> SinkError:
        status = answer.status
        sentence = f"{self._host} answered {status}"
        if status == HTTPStatus.GONE:
            return SinkGone(f"{sentence}; it wants no more events")
        asked_s = retry_after_s(answer.header("retry-after"), self._clock.now(), answer.header("date"))
        if status in RETRIED or status // 100 == SERVER_ERROR:
            later = SinkRateLimited if status == HTTPStatus.TOO_MANY_REQUESTS else SinkUnavailable
            return later(sentence, asked_s)
        if status // 100 == REDIRECTION and answer.header("location") is not None:
            return SinkRejected(f"{sentence}; redirects are not followed, configure the final URL", asked_s)
        return SinkRejected(sentence, asked_s)
