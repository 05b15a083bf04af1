"""What the demo holds the daemon's events against."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jobwatchd.cli.demo.comparison import Followed, StateEntry, ToldEvent, Truth, find_losses

START = datetime(2024, 5, 1, 12, tzinfo=UTC)
KEY = "media/demo/transcode/feature"
LIFE = ((0, "queued"), (5, "running"), (9, "failed"), (12, "retrying"), (15, "running"), (19, "succeeded"))
TYPES = (
    "job.queued",
    "job.running",
    "job.failed",
    "job.reopened",
    "job.retrying",
    "job.running",
    "job.succeeded",
)


def _at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def _phases(*pairs: tuple[float, str]) -> tuple[StateEntry, ...]:
    return tuple(StateEntry(state, _at(seconds)) for seconds, state in pairs)


def _job(*pairs: tuple[float, str], now: float = 30, **tasks: tuple[tuple[float, str], ...]) -> Truth:
    return Truth(KEY, _phases(*pairs), {task: _phases(*life) for task, life in tasks.items()}, _at(now))


def _events(*types: str, task: str | None = None) -> list[ToldEvent]:
    return [
        ToldEvent(f"id-{number}", kind, KEY, number, _at(number), task if kind.startswith("task.") else None)
        for number, kind in enumerate(types, start=1)
    ]


def _losses(
    truth: Truth,
    told: Sequence[ToldEvent],
    received: Sequence[ToldEvent] | None = None,
    *,
    deadline_s: float | None = None,
) -> list[str]:
    watch = Followed(KEY, START, deadline_s)
    return find_losses([truth], [watch], told, told if received is None else received)


def test_finds_nothing_where_everything_was_told() -> None:
    """A whole life, told as it happened and delivered, has no losses."""
    assert _losses(_job(*LIFE), _events(*TYPES)) == []


@pytest.mark.parametrize("place", range(len(TYPES)))
def test_notices_each_event_that_was_never_told(place: int) -> None:
    """Whichever event of a life is left out, the loss names the job."""
    found = _losses(_job(*LIFE), _events(*TYPES[:place], *TYPES[place + 1 :]))
    assert len(found) == 1
    assert found[0].startswith(f"{KEY}: ")


@pytest.mark.parametrize("place", range(len(TYPES) - 1))
def test_notices_two_events_told_in_the_wrong_order(place: int) -> None:
    """Whichever neighbours are swapped, the loss shows what was told."""
    swapped = [*TYPES[:place], TYPES[place + 1], TYPES[place], *TYPES[place + 2 :]]
    found = _losses(_job(*LIFE), _events(*swapped))
    assert len(found) == 1
    assert f"told was {', '.join(swapped)}" in found[0]


def test_notices_an_end_that_did_not_happen() -> None:
    """A job that succeeded and is told as failed is both missing an end and given a wrong one."""
    (found,) = _losses(_job((0, "queued"), (5, "running"), (9, "succeeded")), _events(*TYPES[:3]))
    assert "job.succeeded is missing" in found
    (found,) = _losses(_job((0, "queued"), (5, "running"), (9, "succeeded")), _events(*TYPES[:3], "job.succeeded"))
    assert "job.failed is wrong" in found


def test_forgives_only_states_too_short_to_be_seen() -> None:
    """A state of a second may be left out, one of three may not, and an end never may."""
    short = _job((0, "queued"), (1, "running"), (4, "succeeded"), now=4)
    assert _losses(short, _events("job.running", "job.succeeded")) == []
    assert _losses(short, _events("job.queued", "job.running", "job.succeeded")) == []
    assert "job.running is missing" in _losses(short, _events("job.queued", "job.succeeded"))[0]
    assert "job.succeeded is missing" in _losses(short, _events("job.queued", "job.running"))[0]


def test_asks_nothing_of_the_time_before_the_watch() -> None:
    """What had ended when the watch began need not be told."""
    late = Followed(KEY, _at(8), None)
    told = _events("job.running", "job.succeeded")
    assert find_losses([_job((0, "queued"), (5, "running"), (12, "succeeded"))], [late], told, told) == []


def test_expects_unknown_words_and_disappearance_to_be_told() -> None:
    """An unknown word is told as unmapped, and the state that was there before it not again; gone is lost."""
    truth = _job((0, "queued"), (3, "running"), (6, "unmapped"), (9, "running"), (12, "gone"))
    assert _losses(truth, _events("job.queued", "job.running", "job.unmapped", "job.lost")) == []
    assert "job.unmapped is missing" in _losses(truth, _events("job.queued", "job.running", "job.lost"))[0]
    assert "job.lost is missing" in _losses(truth, _events("job.queued", "job.running", "job.unmapped"))[0]


def test_expects_tasks_to_be_told() -> None:
    """A task's run and end must be told; that it is queued is not worth an event."""
    truth = _job((0, "queued"), (9, "succeeded"), bfs=((0, "queued"), (3, "running"), (9, "succeeded")))
    told = _events("job.queued", "task.running", "task.succeeded", "job.succeeded", task="bfs")
    assert _losses(truth, told) == []
    found = _losses(truth, _events("job.queued", "task.running", "job.succeeded", task="bfs"))
    assert "task bfs: task.succeeded is missing" in found[0]


def test_expects_a_deadline_to_be_told_once_it_has_passed() -> None:
    """`job.overdue` is asked for after the deadline of a job under way, and only then."""
    truth = _job((0, "queued"), (5, "running"), (12, "succeeded"))
    on_time, overdue = _events(*TYPES[:2], "job.succeeded"), _events(*TYPES[:2], "job.overdue", "job.succeeded")
    assert _losses(truth, overdue, deadline_s=9) == []
    assert _losses(truth, on_time, deadline_s=15) == []
    assert "job.overdue was told 0 times" in _losses(truth, on_time, deadline_s=9)[0]
    assert "job.overdue was told 1 times" in _losses(truth, overdue, deadline_s=15)[0]


def test_notices_a_job_that_was_not_watched() -> None:
    """A job without a watch is a loss, whatever was told."""
    assert find_losses([_job(*LIFE)], [], [], []) == [f"{KEY} was not watched."]


@pytest.mark.parametrize("place", range(len(TYPES)))
def test_notices_each_event_that_did_not_arrive(place: int) -> None:
    """An event that the daemon has and the receiver has not is named."""
    told = _events(*TYPES)
    found = _losses(_job(*LIFE), told, [*told[:place], *told[place + 1 :]])
    assert f"{KEY}: {TYPES[place]} (event {place + 1}) did not arrive at the receiver." in found


def test_notices_events_that_arrived_out_of_order() -> None:
    """Two events that come in the other order are a loss, though both came."""
    told = _events(*TYPES)
    found = _losses(_job(*LIFE), told, [told[1], told[0], *told[2:]])
    assert found == [f"{KEY}: the receiver got events 2, 1, 3, 4, 5, 6, 7; expected 1 to 7 in order."]


def test_notices_an_event_that_arrived_as_another() -> None:
    """The same id with another content is a loss."""
    told = _events(*TYPES)
    found = _losses(_job(*LIFE), told, [*told[:2], replace(told[2], type="job.succeeded"), *told[3:]])
    assert found == [f"{KEY}: event 3 arrived as job.succeeded; expected job.failed."]


def test_notices_an_event_under_a_second_id() -> None:
    """An event that arrives under an id which the daemon does not know is a loss."""
    told = _events(*TYPES)
    found = _losses(_job(*LIFE), told, [*told, replace(told[-1], id="another")])
    assert any("the daemon does not know it" in loss for loss in found)
