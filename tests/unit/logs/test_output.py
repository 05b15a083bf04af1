"""Whether it is the journal that reads the log."""

import os
from pathlib import Path

from jobwatchd.logs.output import is_journal


def test_a_descriptor_is_the_journal_where_the_variable_says_so(tmp_path: Path) -> None:
    """The variable is inherited by processes that write elsewhere, and descriptors may be closed."""
    with (tmp_path / "journal").open("w") as stream:
        status = os.fstat(stream.fileno())
        env = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
        assert is_journal(stream.fileno(), env)
        assert not is_journal(stream.fileno(), {"JOURNAL_STREAM": "1:2"})
        assert not is_journal(stream.fileno(), {})
        closed = os.dup(stream.fileno())
    os.close(closed)
    assert not is_journal(closed, env)
