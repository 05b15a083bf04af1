"""A webhook receiver in the process of the test, which overhears what it is sent."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jobwatchd.simulator.receiver import ReceiverState

SECRET = "whsec_Zm9yLXRoZS1hY2NlcHRhbmNlLXRlc3RzLW9ubHk="


@dataclass
class Hook:
    """A webhook receiver, and every body that it was sent, by the id it came under."""

    state: ReceiverState
    url: str = ""
    bodies: dict[str, set[bytes]] = field(default_factory=dict)

    def listening_to(self, app: ASGIApp) -> ASGIApp:
        """Return `app` with its requests overheard."""

        async def overheard(scope: Scope, receive: Receive, send: Send) -> None:
            body = b""

            async def receive_and_keep() -> Message:
                nonlocal body
                message = await receive()
                body += message.get("body", b"")
                if message["type"] == "http.request" and not message.get("more_body"):
                    name = dict(scope["headers"]).get(b"webhook-id", b"").decode()
                    self.bodies.setdefault(name, set()).add(body)
                return message

            await app(scope, receive_and_keep, send)

        return overheard

    def types(self, subject: str) -> list[str]:
        """Return what was told of one job or source, in the order of arrival."""
        return [each.type.split(".", 2)[2].removesuffix(".v1") for each in self.state.by_subject().get(subject, [])]


# With the fields of its state.
RunHook = Callable[..., Awaitable[Hook]]
