"""Random lives."""

from itertools import pairwise
from random import Random

import pytest

from jobwatchd.simulator.fate import Odds, random_life, random_tasks
from jobwatchd.simulator.job import NEBULA_WORDS, TELESTREAM_WORDS, NativeStatus, Words

SEEDS = range(300)


def _statuses(seed: int, words: Words, **odds: float) -> list[NativeStatus | None]:
    return [phase.status for phase in random_life(Random(seed), words, 10, Odds(**odds)).phases]


def test_the_same_seed_gives_the_same_life() -> None:
    """Lives can be repeated."""
    first, again, other = (random_life(Random(seed), NEBULA_WORDS, 10, Odds()) for seed in (1, 1, 2))
    assert first == again != other


def test_scale_stretches_a_life() -> None:
    """The scale is a factor on all durations."""
    short, long = (random_life(Random(1), NEBULA_WORDS, scale_s, Odds()) for scale_s in (10, 1000))
    assert long.phases[-1].after_s == pytest.approx(100 * short.phases[-1].after_s, abs=1)


@pytest.mark.parametrize("words", [NEBULA_WORDS, TELESTREAM_WORDS])
def test_a_life_goes_from_queued_to_a_terminal_status_through_documented_ones(words: Words) -> None:
    """Without odd chances every life is plain, and all ends occur."""
    lives = [_statuses(seed, words) for seed in SEEDS]
    assert all(life[:2] == [words.queued, words.running] and words.is_terminal(life[-1]) for life in lives)
    assert {life[-1] for life in lives} == {words.succeeded, words.failed, words.cancelled}
    assert all(words.meaning(status) != "unmapped" for life in lives for status in life)


def test_a_cancelled_explorer_job_is_stopping_first() -> None:
    """Status 4 follows status 5."""
    assert _statuses(0, NEBULA_WORDS, failed=0, cancelled=1) == [0, 1, 5, 4]


def test_a_retried_up_job_succeeds_in_the_end() -> None:
    """A failure may be followed by a retry where the API knows retries."""
    life = _statuses(0, TELESTREAM_WORDS, failed=1, retried=1)
    assert life == ["created", "in-process", "failed", "retry", "in-process", "succeeded"]


def test_explorer_knows_no_retry() -> None:
    """Where the API has no word for a retry, failed is the end."""
    assert _statuses(0, NEBULA_WORDS, failed=1, retried=1) == [0, 1, 3]


def test_a_vanishing_job_ends_unknown_to_the_api() -> None:
    """It runs, and then there is no such job."""
    assert _statuses(0, NEBULA_WORDS, vanished=1) == [0, 1, None]


def test_an_odd_job_passes_through_an_undocumented_status() -> None:
    """The unknown status stands between two runs, and the job still comes to an end."""
    life = _statuses(0, TELESTREAM_WORDS, unknown=1)
    assert life[1] == life[3] == "in-process"
    assert life[2] in TELESTREAM_WORDS.unknown
    assert TELESTREAM_WORDS.is_terminal(life[-1])


@pytest.mark.parametrize("seed", SEEDS[:50])
def test_tasks_run_one_after_the_other_within_the_job(seed: int) -> None:
    """Each task but the last succeeds as the next begins; the last one ends as and when the job does."""
    rng = Random(seed)
    life = random_life(rng, NEBULA_WORDS, 10, Odds(unknown=0.2, vanished=0.1))
    tasks = [task.life.phases for task in random_tasks(rng, life, NEBULA_WORDS)]
    assert all(phases[0].status == 0 and phases[1].status == 1 for phases in tasks)
    assert tasks[0][1].after_s == life.phases[1].after_s
    for earlier, later in pairwise(tasks):
        assert (earlier[-1].status, earlier[-1].after_s) == (2, later[1].after_s)
    assert tasks[-1][-1] == life.phases[-1]
