"""Which kinds of requests take room from each other."""

import anyio
import httpx
import pytest
from starlette.types import Receive, Scope, Send

from jobwatchd.web.bounds import MAX_CHANGES, Capacity


class Busy:
    """An application that answers only what brings no body."""

    def __init__(self) -> None:
        self.begun = 0
        self.full = anyio.Event()

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer, or wait for a body for ever."""
        self.begun += 1
        if scope["method"] == "POST":
            if self.begun == MAX_CHANGES:
                self.full.set()
            await anyio.sleep_forever()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})


@pytest.mark.anyio
async def test_bodies_on_their_way_keep_out_other_bodies_only() -> None:
    """However many clients send a body slowly, the API is read all the same, and memory is bounded."""
    app = Busy()
    transport = httpx.ASGITransport(Capacity(app, connections=1_000))
    client = httpx.AsyncClient(transport=transport, base_url="http://localhost")
    async with client, anyio.create_task_group() as group:
        for _ in range(MAX_CHANGES):
            group.start_soon(client.post, "/v1/watches")
        await app.full.wait()
        refused = await client.post("/v1/watches")
        read = await client.get("/v1/watches")
        group.cancel_scope.cancel()

    assert (refused.status_code, refused.headers["retry-after"], read.status_code) == (503, "2", 200)
