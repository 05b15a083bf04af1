"""How jobs are named on the command line."""

import pytest

from jobwatchd.cli.options import named_jobs


@pytest.mark.parametrize(
    ("words", "jobs"),
    [
        (["1964"], [{"key": "1964"}]),
        (["1", "2"], [{"key": "1"}, {"key": "2"}]),
        (["a/b/c"], [{"key": "a/b/c"}]),
        (["space_id=a", "job_id=b"], [{"space_id": "a", "job_id": "b"}]),
        (["job_id=1", "job_id=2"], [{"job_id": "1"}, {"job_id": "2"}]),
        (["1", "job_id=2", "3", "job_id=4"], [{"key": "1"}, {"job_id": "2"}, {"key": "3"}, {"job_id": "4"}]),
        (["job_id=a=b"], [{"job_id": "a=b"}]),
        (["=1"], [{"key": "=1"}]),
        (["job_id="], [{"job_id": ""}]),
    ],
)
def test_both_forms_are_told_apart(words: list[str], jobs: list[dict[str, str]]) -> None:
    """A name that comes again begins another job, and so does what is written as in a key."""
    assert named_jobs(words) == jobs
