"""Bodies are bounded in size and time, whatever the server lets through."""

from collections.abc import Sequence

import anyio
import pytest
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from jobwatchd.web.bounds import bounded


def _receiving(*chunks: bytes, then_hangs: bool = False) -> Receive:
    """Return a `receive` that yields these chunks, and then the end, nothing ever, or the client's leaving."""
    messages: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    if not then_hangs:
        messages += [{"type": "http.request"}]

    async def receive() -> Message:
        if not messages and then_hangs:
            await anyio.sleep_forever()
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    return receive


async def _read(receive: Receive) -> Sequence[bytes]:
    chunks = []
    while (message := await receive()).get("more_body"):
        chunks.append(message["body"])
    return chunks


async def test_a_body_within_bounds_passes_unchanged() -> None:
    """Chunks come through as they are, to the last byte that is allowed."""
    assert await _read(bounded(_receiving(b"abc", b"de"), max_size=5)) == [b"abc", b"de"]


async def test_the_first_byte_too_many_is_refused() -> None:
    """The sum of the chunks counts."""
    with pytest.raises(HTTPException) as refused:
        await _read(bounded(_receiving(b"abc", b"def"), max_size=5))
    assert refused.value.status_code == 413


async def test_a_body_that_does_not_come_is_given_up() -> None:
    """Chunks without an end are not waited for longer than allowed."""
    with pytest.raises(HTTPException) as refused:
        await _read(bounded(_receiving(b"a", then_hangs=True), timeout_s=0.01))
    assert refused.value.status_code == 408


async def test_after_the_body_there_is_no_bound() -> None:
    """Whoever waits for the client to leave may wait as long as it takes."""
    receive = bounded(_receiving(b"a"), timeout_s=0.01)
    await _read(receive)
    await anyio.sleep(0.02)
    assert (await receive())["type"] == "http.disconnect"
