"""What a message shows of a value that came where it does not belong."""

from typing import Any

import pytest

from jobwatchd.model.notation import shown


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "nothing"),
        ({}, "an empty mapping"),
        ({"a": 1}, "a mapping"),
        ([], "an empty list"),
        ([1], "a list"),
        (True, "true"),
        (5, "5"),
        (1.5, "1.5"),
        ("", "''"),
        ("a[", "'a['"),
        ("5", "'5'"),
        ("6hours", "'6hours'"),
        ("30 sec", "'30 sec'"),
        ("10 MB", "'10 MB'"),
        ("127.0.0.1:99999", "'127.0.0.1:99999'"),
        ("yes", "'yes'"),
    ],
)
def test_what_cannot_be_a_secret_is_shown_whole(value: Any, expected: str) -> None:
    """Numbers of a few digits, units, addresses, yes and no help to find the mistake."""
    assert shown(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("pass", "'p…' (4 characters)"),
        ("planted-password", "'pla…' (16 characters)"),
        ("postgres://user:password@host", "'postgres://…' (29 characters)"),
        ("12345678", "'12…' (8 characters)"),
        (12345678, "a number"),
        ("5 hunters", "'5 h…' (9 characters)"),
    ],
)
def test_anything_else_is_cut(value: Any, expected: str) -> None:
    """Its beginning and its length are enough to find it again, and too little to use it."""
    assert shown(value) == expected


def test_a_slip_of_the_pen_is_shown() -> None:
    """What is nearly a word that was expected there is no secret."""
    assert shown("nebula-explore", ["nebula-explorer", "http-json"]) == "'nebula-explore'"
    assert shown("nebula", ["nebula-explorer", "http-json"]) == "'nebula'"
    assert shown("hunter2", ["nebula-explorer", "http-json"]) == "'hu…' (7 characters)"
