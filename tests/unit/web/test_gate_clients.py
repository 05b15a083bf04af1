"""Without tokens, only clients on the same machine are let through."""

from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from jobwatchd.web.gate import BearerGate


async def _inside(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})


async def _status(client: Any, *tokens: str, path: str = "/v1/watches") -> int:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    scope = {"type": "http", "path": path, "headers": [(b"host", b"localhost")], "client": client}
    await BearerGate(_inside, lambda: dict(zip("abc", tokens, strict=False)))(scope, receive, send)
    return int(sent[0]["status"])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
async def test_the_same_machine_may(host: str) -> None:
    """Every form of a loopback address is this machine."""
    assert await _status((host, 5_000)) == 204


@pytest.mark.parametrize("client", [("10.0.0.5", 5_000), ("::ffff:10.0.0.5", 5_000), ("fe80::1", 5), ("name", 1), None])
async def test_others_may_not(client: Any) -> None:
    """Other machines, and whoever cannot be told, get 401 even where the server listens to all."""
    assert await _status(client) == 401


async def test_with_tokens_the_same_machine_needs_one_too() -> None:
    """Being on this machine is no substitute for a configured token."""
    assert await _status(("127.0.0.1", 5_000), "planted-token") == 401


@pytest.mark.parametrize("path", ["/v1x", "/metrics", "/", "/v2/watches"])
async def test_other_paths_are_not_its_business(path: str) -> None:
    """Only /v1 is guarded."""
    assert await _status(("10.0.0.5", 5_000), path=path) == 204
