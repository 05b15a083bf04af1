"""What all tests share."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, the only event loop that jobwatchd runs on."""
    return "asyncio"
