"""A job's life as data."""

import pytest

from jobwatchd.simulator.job import (
    NEBULA_WORDS,
    TELESTREAM_WORDS,
    Life,
    Phase,
    ReportedProgress,
    history,
    interrupted,
    phase_at,
    progress_at,
)

NEBULA_LIFE = Life.of([(0, 0), (2, 1), (5, 2)])
UP_LIFE = Life.of(
    [(0, "created"), (10, "in-process"), (20, "failed"), (25, "retry"), (30, "in-process"), (40, "succeeded")]
)


@pytest.mark.parametrize(
    ("elapsed_s", "phase"),
    [
        (-0.001, None),
        (0, Phase(0, 0)),
        (1.999, Phase(0, 0)),
        (2, Phase(2, 1)),
        (4.999, Phase(2, 1)),
        (5, Phase(5, 2)),
        (1e9, Phase(5, 2)),
    ],
)
def test_phase_at_its_borders(elapsed_s: float, phase: Phase | None) -> None:
    """A phase holds from its own second up to the next one's, the last one forever, and none before the creation."""
    assert phase_at(NEBULA_LIFE, elapsed_s) == phase


def test_a_failed_job_comes_back_to_life() -> None:
    """A retried job is failed, retry, in-process and succeeded in turn."""
    seen = [phase_at(UP_LIFE, elapsed_s) for elapsed_s in (20, 25, 30, 40)]
    assert [phase.status for phase in seen if phase] == ["failed", "retry", "in-process", "succeeded"]


def test_history_holds_only_what_has_begun() -> None:
    """The history tells the past and the present, nothing of what is to come."""
    assert history(NEBULA_LIFE, 2.5) == (Phase(0, 0), Phase(2, 1))


@pytest.mark.parametrize("phases", [[], [(1, 0)], [(0, 0), (3, 1), (3, 2)], [(0, 0), (3, 1), (2, 2)]])
def test_impossible_lives_are_refused(phases: list[tuple[float, int | str | None]]) -> None:
    """A life must begin at 0 seconds and go forward."""
    with pytest.raises(ValueError, match="phase"):
        Life.of(phases)


@pytest.mark.parametrize(
    ("elapsed_s", "progress"),
    [
        (5, ReportedProgress(0, 0)),
        (10, ReportedProgress(0, 10)),
        (14.9, ReportedProgress(40, 14)),
        (19.99, ReportedProgress(90, 19)),
        (21, ReportedProgress(90, 20)),
        (30, ReportedProgress(0, 30)),
        (41, ReportedProgress(100, 40)),
    ],
)
def test_progress_moves_in_steps_and_begins_again_with_a_retry(elapsed_s: float, progress: ReportedProgress) -> None:
    """Progress is 0 while queued, steps of 10 through each run, held at 90 by a failure, and 100 at success only."""
    assert progress_at(UP_LIFE, elapsed_s, TELESTREAM_WORDS) == progress


def test_a_job_stopped_before_it_ran_made_no_progress() -> None:
    """Only a job that ran has come anywhere."""
    assert progress_at(Life.of([(0, "created"), (3, "stopped")]), 4, TELESTREAM_WORDS).percent == 0


def test_an_interrupted_job_stops_and_is_cancelled() -> None:
    """What was to come is replaced by stopping and cancelled; what was stays."""
    assert interrupted(NEBULA_LIFE, 3, NEBULA_WORDS, 1.5) == Life.of([(0, 0), (2, 1), (3, 5), (4.5, 4)])


def test_a_job_is_interrupted_the_moment_it_enters_a_phase() -> None:
    """Even then the phases follow one another in time."""
    statuses = [phase.status for phase in interrupted(NEBULA_LIFE, 2, NEBULA_WORDS, 0).phases]
    assert statuses == [0, 1, 5, 4]
