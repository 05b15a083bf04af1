"""What all tests share."""

from collections.abc import Iterator

import pytest

from jobwatchd.redaction import SECRETS


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, the only event loop that jobwatchd runs on."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _no_secrets_of_others() -> Iterator[None]:
    """Let no test mask what another one has loaded."""
    yield
    SECRETS.forget_all()
