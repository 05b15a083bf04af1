"""An API's own words for states, and what they mean here."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from jobwatchd.model.job import State
from jobwatchd.model.notation import shown


def _read_state(value: object) -> object:
    try:
        return State(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError(f"got {shown(value, [*State])}; expected one of {', '.join(State)}") from None


def _check_map(states: dict[str, State]) -> dict[str, State]:
    if not states:
        raise ValueError("the map is empty; expected the API's words and what they mean: {done: succeeded}")
    return states


StateMap = Annotated[dict[str, Annotated[State, BeforeValidator(_read_state)]], AfterValidator(_check_map)]
"""Word → state. Numbers, true, false and null are written as JSON writes them: `0`, `true`, `null`."""
