"""How a webhook is configured."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from jobwatchd.description.api import auth_mistakes
from jobwatchd.http.authentication.contract import Authentication, Site
from jobwatchd.http.authentication.kinds import build_authentication
from jobwatchd.kinds.http import CredentialSettings, HttpSettings, TimeoutSettings
from jobwatchd.kinds.sink import DeliveryPolicy, SinkContext, SinkSection
from jobwatchd.model.cadence import Backoff
from jobwatchd.model.delivery import Retry
from jobwatchd.model.notation import shown
from jobwatchd.sinks.webhook.sink import Endpoint, Webhook
from jobwatchd.values.secrets import SigningSecret
from jobwatchd.values.section import Mistake, Section, refuse
from jobwatchd.values.units import Count, Duration, PositiveDuration, Size
from jobwatchd.values.urls import HookUrl

STRUCTURED, BINARY = "application/cloudevents+json", "application/json"


def _check_content_type(text: str) -> str:
    known = [f"{kind}{charset}" for kind in (STRUCTURED, BINARY) for charset in ("", "; charset=utf-8")]
    if text.lower() not in known:
        raise ValueError(f"got {shown(text, known)}; expected one of {', '.join(known)}")
    return text.lower()


class RetrySettings(Section):
    """How long an event is tried: backing off up to `longest`, given up `max_age` after it happened.

    A receiver that refuses an event (a 4xx that promises nothing) is asked `rejections` times, and for `rejections_for`
    at least. What it asks for with Retry-After is obeyed up to `longest`.
    """

    first: PositiveDuration = 1.0
    factor: Annotated[float, Field(ge=1, le=10)] = 2.0
    longest: PositiveDuration = 600.0
    max_age: PositiveDuration = 3 * 86_400.0
    rejections: Count = 5
    rejections_for: Duration = 600.0


class WebhookTimeoutSettings(TimeoutSettings):
    """Bounds of one attempt; receivers often do their work before they answer."""

    read: PositiveDuration = 15.0
    total: PositiveDuration = 15.0


class WebhookSinkSettings(SinkSection, HttpSettings, CredentialSettings):
    """Signed CloudEvents over HTTP; the first of `secrets` signs first, all do while one is being replaced.

    An empty list, which has to be written, sends without signatures.
    """

    kind: Literal["webhook"]
    url: HookUrl
    mode: Literal["structured", "binary"] = "structured"
    content_type: Annotated[str, AfterValidator(_check_content_type)] | None = None
    secrets: tuple[SigningSecret, ...]
    secret_files: tuple[Path, ...] = ()
    timeout: WebhookTimeoutSettings = WebhookTimeoutSettings()
    max_body: Size = 65_536
    concurrency: Count = 16
    retry: RetrySettings = RetrySettings()

    def build(self, context: SinkContext) -> Webhook:
        """Return a new sink with HTTP clients of its own; raises `ConfigError`."""
        return Webhook(
            context.name,
            Endpoint(self.url, self.plain_headers(), self.mode, self.sent_content_type()),
            context.secrets(self, "secrets"),
            context.clock,
            client=context.clients.of_sink(context.place, self, self.concurrency),
            authentication=None if self.auth.kind == "none" else self._authentication(context),
        )

    def _authentication(self, context: SinkContext) -> Authentication:
        parts = urlsplit(self.url)
        client = context.clients.of_login(context.place, self)
        credentials = context.credentials(self)
        base_url = f"{parts.scheme}://{parts.netloc}"
        return build_authentication(self.auth, Site(base_url, credentials, client, context.clock))

    def sent_headers(self) -> Mapping[str, str]:
        """Return what proves who is sending, signatures aside."""
        return dict.fromkeys(self.auth.sent_headers(), "auth")

    @model_validator(mode="after")
    def _check_webhook(self) -> Self:
        mistakes: list[Mistake] = [*auth_mistakes(self.auth)]
        if self.mode == "binary" and (self.content_type or BINARY).startswith(STRUCTURED):
            mistakes.append((("content_type",), f"in binary mode the body is the data alone; expected {BINARY}"))
        mistakes += [
            (("headers", name), "this header is set by jobwatchd itself; expected another")
            for name in self.headers
            if name.lower().startswith(("webhook-", "ce-"))
        ]
        refuse("webhook", mistakes)
        return self

    def sent_content_type(self) -> str:
        """Return the content type: the one given, else the one of the mode."""
        return self.content_type or (STRUCTURED if self.mode == "structured" else BINARY)

    def delivery_policy(self) -> DeliveryPolicy:
        """Return how events are delivered."""
        backoff = Backoff(self.retry.first, self.retry.factor, self.retry.longest)
        retry = Retry(backoff, self.retry.max_age, self.retry.rejections, self.retry.rejections_for)
        return DeliveryPolicy(retry, self.concurrency, self.timeout.total)
