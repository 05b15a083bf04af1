"""The webhook sink: one HTTP POST an event, signed, without redirects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

from jobwatchd.errors import (
    SinkError,
    SinkGone,
    SinkRateLimited,
    SinkRejected,
    SinkUnavailable,
    SourceError,
    SourceUnauthorized,
)
from jobwatchd.http.answer import retry_after_s
from jobwatchd.http.authenticated_client import AuthenticatedClient
from jobwatchd.http.authentication.constant import ConstantHeaders
from jobwatchd.http.authentication.contract import Authentication, CredentialsRefused
from jobwatchd.http.request import HttpRequest
from jobwatchd.model.event import Event
from jobwatchd.ports import Answer, Clock, HttpClient
from jobwatchd.rotation import Rotating
from jobwatchd.sinks.webhook.message import Message, Mode, Signer, cloud_event


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL that takes events, what is sent to it beside them, and how they are put; the headers may be secret."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    mode: Mode = "structured"
    content_type: str = "application/cloudevents+json"


RETRIED = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
# The classes of status: their first digits.
SUCCESS, REDIRECTION, SERVER_ERROR = 2, 3, 5


class Webhook:
    """Posts events to one URL as CloudEvents; implements `ports.Sink`.

    The first of `secrets` signs, the others do too while they are rotated out; without any, nothing is signed. `client`
    is one that raises `SinkUnavailable`, and belongs to the sink from now on, as `authentication` does, which proves
    who is sending; the client's timeouts bound an attempt. A user name and password in the URL are sent as basic
    authentication. Raises `ConfigError` for what cannot work; neither that nor any other error of the sink's own shows
    more of the URL than its host and port.
    """

    durable = True

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        secrets: Rotating[tuple[str, ...]],
        clock: Clock,
        *,
        client: HttpClient,
        authentication: Authentication | None = None,
    ) -> None:
        self._place = f"webhook sink {name}"
        self.name = name
        self._url = endpoint.url
        self._host = urlsplit(endpoint.url).netloc.rpartition("@")[2]
        self._mode = endpoint.mode
        self._headers = {**endpoint.headers, "content-type": endpoint.content_type}
        self._secrets = secrets
        self._take_secrets(secrets.value)
        secrets.listen(self._take_secrets)
        self._clock = clock
        self._client = AuthenticatedClient(client, authentication or ConstantHeaders.nothing())

    async def send(self, event: Event) -> None:
        """Post the event once; a 2xx whose answer came whole means that it was taken.

        Where it is refused (401, 403), it is posted once more after a new login, or with new secrets, if there are any.

        Raises `SinkGone` for 410; `SinkRateLimited` for 429; `SinkUnavailable` for 408, 425 and 5xx, for time-outs,
        where no whole answer came, and where no login succeeds; `SinkRejected` for every other status, redirects among
        them. The error tells what Retry-After asks for.
        """
        message = cloud_event(event, self._mode)
        signer = self._signer
        answer = await self._post(event.id, message)
        if answer.status in REFUSED:
            await self._secrets.refresh()
            if self._signer is not signer:
                answer = await self._post(event.id, message)
        if answer.status // 100 != SUCCESS:
            raise self._refusal(answer)

    async def close(self) -> None:
        """Close all connections."""
        self._secrets.close()
        await self._client.close()

    def _take_secrets(self, secrets: Sequence[str]) -> None:
        self._signer = Signer(secrets, self._place)

    def signed(self, event_id: str, message: Message) -> HttpRequest:
        """Return the request for an event, signed as of now."""
        signature = self._signer.headers(event_id, message.body, self._clock.now())
        return HttpRequest("POST", self._url, {**self._headers, **message.headers, **signature}, message.body)

    async def _post(self, event_id: str, message: Message) -> Answer:
        """Return the answer to an event, by what proves best who is sending."""
        post = _Post(self, event_id, message)
        try:
            return await self._client.ask(post)
        except SourceError as exc:
            if post.refusal is not None and isinstance(exc, SourceUnauthorized):
                return post.refusal
            raise SinkUnavailable(f"no login for {self._host}: {exc}", exc.retry_after_s) from None

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


@dataclass(slots=True)
class _Post:
    """An event on its way; `refusal` is the last answer that refused the credentials. Implements `Question`."""

    sink: Webhook
    event_id: str
    message: Message
    refusal: Answer | None = None

    def write(self) -> HttpRequest:
        return self.sink.signed(self.event_id, self.message)

    def read(self, answer: Answer) -> Answer:
        if answer.status in REFUSED:
            self.refusal = answer
            raise CredentialsRefused(f"answered {answer.status}")
        return answer
