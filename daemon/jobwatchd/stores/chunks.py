"""Long lists in pieces that fit into one statement."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

# SQLite may have been built for no more than 999 parameters a statement.
CHUNK = 500


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield the items in lists of at most 500."""
    iterator = iter(items)
    while piece := list(islice(iterator, CHUNK)):
        yield piece
