"""JMESPath on whatever an API may answer."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobwatchd.description.expression import Expression, UnusableError

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)
EXPRESSIONS = [
    "a.b[0].c",
    "a[?b > `1`] | [0]",
    "sort_by(a, &b)[-1].c",
    "sum([a, b])",
    "max_by(a, &b)",
    "to_number(a)",
    "join('-', a)",
    "keys(@)",
    "merge(a, b)",
    "a[::-1] || b && c",
    "to_string(@)",
    "avg(a)",
    "map(&b, a)",
    "sort(a)",
    "contains(a, 'b')",
]


@settings(derandomize=True, deadline=None)
@given(values, st.sampled_from(EXPRESSIONS))
def test_an_expression_yields_a_value_or_is_unusable(value: Any, text: str) -> None:
    """Nothing else ever comes out of it."""
    with suppress(UnusableError):
        Expression(text).search(value)


def test_deep_nesting_is_survived() -> None:
    """A value at the depth that the JSON reader allows."""
    deep: Any = []
    for _ in range(1000):
        deep = [deep]
    for text in ("to_string(@)", "@ == [`1`]", "[][][]", "sort(@)", "reverse(@)"):
        with suppress(UnusableError):
            Expression(text).search(deep)


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        (None, False),
        (False, False),
        ("", False),
        ([], False),
        ({}, False),
        (True, True),
        (0, True),
        (0.0, True),
        ("no", True),
        ([0], True),
        ({"a": None}, True),
    ],
)
def test_truth_is_jmespaths_own(value: Any, *, holds: bool) -> None:
    """So that `when` and `&&` agree."""
    assert Expression("@").holds(value) is holds
    assert Expression("@ && `true` || `false`").search(value) is holds


def test_a_number_without_end_is_unusable() -> None:
    """`to_number` makes one of the text "nan"."""
    for text in ("nan", "inf", "-Infinity"):
        with pytest.raises(UnusableError, match="without end"):
            Expression("to_number(@)").search(text)


def test_a_failing_function_is_named_without_its_argument() -> None:
    """Which may be anything that the API said."""
    with pytest.raises(UnusableError, match=r"the function join\(\) cannot take") as caught:
        Expression("join('-', a)").search({"a": {"secret": "s3cret"}})
    assert "s3cret" not in str(caught.value)
