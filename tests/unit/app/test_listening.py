"""While the address to listen at is waited for, signals are obeyed."""

import signal
import socket
from collections.abc import AsyncIterator, Sequence

import anyio
import pytest

from jobwatchd.app.listening import listen
from jobwatchd.errors import AddressUnavailable

Signals = AsyncIterator[signal.Signals]


@pytest.fixture
async def signals() -> AsyncIterator[Signals]:
    """Receive the signals of this process."""
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
        yield signals


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_to_stop_ends_the_wait(signals: Signals, signum: signal.Signals):
    """Also after a reload was asked for; there is nothing to listen at then."""

    async def bind() -> Sequence[socket.socket]:
        signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signum)
        await anyio.sleep_forever()
        return ()

    with anyio.fail_after(10):
        came = await listen(bind, signals)
    assert (came.sockets, came.stopped_by, came.reload) == ((), signum, True)


async def test_a_signal_that_comes_last_is_left_to_who_looks_next(signals: Signals):
    """It is not lost where the wait ends at the same moment."""
    with socket.create_server(("127.0.0.1", 0)) as sock:

        async def bind() -> Sequence[socket.socket]:
            signal.raise_signal(signal.SIGTERM)
            return [sock]

        came = await listen(bind, signals)
        assert came.sockets == [sock]
        with anyio.fail_after(10):
            assert came.stopped_by or await anext(signals) == signal.SIGTERM


async def test_what_the_wait_raises_comes_out(signals: Signals):
    """With nobody left who waits for signals."""

    async def bind() -> Sequence[socket.socket]:
        raise AddressUnavailable("planted")

    with pytest.raises(ExceptionGroup) as caught:
        await listen(bind, signals)
    assert [str(error) for error in caught.value.exceptions] == ["planted"]
