"""The process may open as many files as the system lets it."""

import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys
from jobwatchd.app.daemon import raise_open_files
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
raise_open_files()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(("soft", "hard", "after"), [(100, 500, "500 500"), (300, 300, "300 300")])
def test_the_limit_is_raised_as_far_as_it_may(soft: int, hard: int, after: str) -> None:
    """A thousand files, which is what shells give, do not do for as many clients."""
    command = [sys.executable, "-Ic", SCRIPT, str(soft), str(hard)]
    assert subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip() == after
