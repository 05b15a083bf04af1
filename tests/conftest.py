"""What all tests share."""

import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from jobwatchd.redaction import SECRETS

# How much is tried of what holds for whatever is given: `make test-slow` has --hypothesis-profile=thorough.
# How long it takes is no claim: the machine may be busy.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", unhurried, max_examples=25, derandomize=True)
settings.register_profile("thorough", unhurried, max_examples=300)
settings.load_profile("quick")


def pytest_configure() -> None:
    """Heed the signals that a shell's `&` or nohup(1) has ignored: processes of tests would ignore them too."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, the only event loop that jobwatchd runs on."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _no_secrets_of_others() -> Iterator[None]:
    """Let no test mask what another one has loaded."""
    yield
    SECRETS.forget_all()
