"""An address that is not there yet is waited for, but not for ever."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import anyio
import pytest
import structlog
from structlog.typing import EventDict

from jobwatchd.errors import AddressUnavailable, ConfigError
from jobwatchd.testing import FakeClock
from jobwatchd.web.listener import TRY_AGAIN_AFTER_S, WAIT_S, address_of, bind_within


class HurriedClock(FakeClock):
    """Time that passes as soon as somebody sleeps, and does `then` at a certain moment."""

    def __init__(self, at_s: float = 0.0, then: Any = None) -> None:
        super().__init__()
        self.slept_s = 0.0
        self._at_s, self._then = at_s, then

    def monotonic(self) -> float:
        """Return the seconds slept."""
        return self.slept_s

    async def sleep(self, delay_s: float) -> None:
        """Move on by `delay_s`."""
        self.slept_s += delay_s
        if self._then is not None and self.slept_s >= self._at_s:
            self._then()
        await anyio.lowlevel.checkpoint()


@pytest.fixture
def told() -> list[dict[str, Any]]:
    """Return what was logged."""
    return []


@pytest.fixture
def logger(told: list[dict[str, Any]]) -> Any:
    """Return a logger that writes into `told`."""

    def keep(_logger: Any, _name: str, event: EventDict) -> str:
        told.append(dict(event))
        return ""

    return structlog.wrap_logger(structlog.ReturnLogger(), processors=[keep])


@pytest.fixture
def other() -> Iterator[socket.socket]:
    """Return a socket that listens, as an older copy would."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


async def test_an_older_copy_is_waited_for(other: socket.socket, logger: Any, told: list[dict[str, Any]]) -> None:
    """As soon as the address is free it is taken; that it was waited for is told once."""
    listen = address_of(other)
    [sock] = await bind_within(listen, HurriedClock(5.0, other.close), logger)
    with sock:
        assert address_of(sock) == listen
    [line] = told
    assert (line["event"], line["for_s"]) == ("server.waiting_for_address", WAIT_S)
    assert "Address already in use" in line["why"]


async def test_what_does_not_come_is_given_up(logger: Any) -> None:
    """After the stated time the message says how long it was tried."""
    clock = HurriedClock()
    with pytest.raises(AddressUnavailable, match=f"cannot .*192.0.2.1:0.*; tried for {WAIT_S:g} s"):
        await bind_within("192.0.2.1:0", clock, logger)
    assert clock.slept_s == pytest.approx(WAIT_S, abs=TRY_AGAIN_AFTER_S)


async def test_a_mistake_is_not_waited_for(logger: Any, told: list[dict[str, Any]]) -> None:
    """What will be wrong in a moment too is told at once."""
    clock = HurriedClock()
    with pytest.raises(ConfigError):
        await bind_within("127.0.0.1", clock, logger)
    assert (clock.slept_s, told) == (0.0, [])


async def test_a_name_server_that_does_not_answer_does_not_hold_up_the_end(
    logger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled, it returns at once, and leaves no thread for which the end of the process would wait."""
    asked, answered = threading.Event(), threading.Event()

    def look_up(*_arguments: Any, **_options: Any) -> list[Any]:
        asked.set()
        answered.wait()
        raise socket.gaierror(socket.EAI_AGAIN, "planted")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bind_within, "slow.example:0", FakeClock(), logger)
        await anyio.to_thread.run_sync(asked.wait)
        tasks.cancel_scope.cancel()
    [thread] = [each for each in threading.enumerate() if each.name == "bind"]
    assert thread.daemon
    answered.set()
    thread.join()
