"""Right answers made wrong."""

from random import Random

import orjson
import pytest

from jobwatchd.simulator.faults import FaultKind, tampered
from jobwatchd.simulator.nebula import DIALECT as NEBULA
from jobwatchd.simulator.telestream import DIALECT as TELESTREAM

BODY = b'{"code":0,"data":{"id":5,"status":2,"tasks":[{"id":"a","status":3}]}}'


@pytest.mark.parametrize("seed", range(20))
def test_an_unknown_status_is_all_that_changes(seed: int) -> None:
    """Job and tasks get a status that no documentation has; all else stays."""
    wrong = orjson.loads(tampered(BODY, FaultKind.UNKNOWN_STATUS, NEBULA, Random(seed)))
    status = wrong["data"]["status"]
    assert status in {6, 42, -1}
    assert wrong == {"code": 0, "data": {"id": 5, "status": status, "tasks": [{"id": "a", "status": status}]}}


@pytest.mark.parametrize("seed", range(20))
def test_no_wrong_type_can_be_read_as_a_status(seed: int) -> None:
    """Never is the wrong value a string or a whole number, whatever the seed."""
    wrong = orjson.loads(tampered(b'{"id":"x","state":"failed"}', FaultKind.WRONG_TYPES, TELESTREAM, Random(seed)))
    assert type(wrong["state"]) not in {int, str}


def test_wrong_types_hit_the_status_alone_or_everything() -> None:
    """Both occur, so that a reader is tested on every field."""
    made = [orjson.loads(tampered(BODY, FaultKind.WRONG_TYPES, NEBULA, Random(seed))) for seed in range(20)]
    assert {wrong["code"] == 0 and type(wrong["code"]) is int for wrong in made} == {True, False}


def test_an_answer_without_a_status_stays_as_it_is() -> None:
    """A login has no status that could be unknown."""
    assert tampered(b'{"code":0}', FaultKind.UNKNOWN_STATUS, NEBULA, Random(1)) == b'{"code":0}'
