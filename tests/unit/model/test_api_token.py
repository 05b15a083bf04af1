"""Tokens of the API: which part of a line is the name."""

import pytest

from jobwatchd.model.api_token import name_tokens, secret_lines, split_token


@pytest.mark.parametrize(
    ("line", "name", "token"),
    [
        ("abc", None, "abc"),
        ("ci: abc", "ci", "abc"),
        ("ci:   abc", "ci", "abc"),
        ("ci:\tabc", "ci", "abc"),
        ("ci: a:b", "ci", "a:b"),
        ("ci: a: b", "ci", "a: b"),
        ("a:b", None, "a:b"),
        (":abc", None, ":abc"),
        (": abc", "", "abc"),
        ("a b", None, "a b"),
        ("continuous-integration:", "continuous-integration", ""),
    ],
)
def test_a_name_ends_with_a_colon_and_a_blank(line: str, name: str | None, token: str) -> None:
    """Tokens have no blanks, so that those with a colon stay what they are; a name is no token by itself."""
    assert split_token(line) == (name, token)


def test_tokens_without_a_name_are_called_by_their_place() -> None:
    """The name tells nothing of the token."""
    assert name_tokens(["abc", "ci: def", "ghi"]) == {"token-1": "abc", "ci": "def", "token-3": "ghi"}
    assert name_tokens([]) == {}


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (["ci: abc", "ci: def"], "two tokens are named 'ci'"),
        (["abc", "token-1: def"], "two tokens are named 'token-1'"),
        (["ci: abc", "abc"], "the token 'token-2' is another one too"),
        (["anonymous: abc"], "named 'anonymous', which is who needs none"),
    ],
)
def test_whose_a_token_is_must_be_certain(lines: list[str], complaint: str) -> None:
    """One name for one token, and no token is named as who has none; no token is told."""
    with pytest.raises(ValueError, match=complaint) as refused:
        name_tokens(lines)
    assert "abc" not in str(refused.value)


def test_comments_and_empty_lines_hold_no_token() -> None:
    """Wherever they stand."""
    assert secret_lines("# for ci\n\n  ci: abc \r\n#\ndef") == ["ci: abc", "def"]
