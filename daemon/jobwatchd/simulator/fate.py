"""Random lives of jobs, repeatable by their seed."""

from dataclasses import dataclass
from random import Random

from jobwatchd.simulator.job import Life, NativeStatus, Phase, SimulatedTask, Words

TASK_NAMES = ("BFS", "PageRank", "Louvain", "ReadNebula", "WriteHdfs")


@dataclass(frozen=True, slots=True)
class Odds:
    """How often a random job fails, is cancelled, is retried once it failed, shows an unknown status, or vanishes.

    Each is a probability from 0 to 1; `retried` counts only where the API knows retries.
    """

    failed: float = 0.2
    cancelled: float = 0.15
    retried: float = 0.3
    unknown: float = 0.0
    vanished: float = 0.0


def random_life(rng: Random, words: Words, scale_s: float, odds: Odds) -> Life:
    """Draw a life that takes about `scale_s` seconds: queued, running, perhaps odd things, and an end.

    A job that vanishes ends in the phase None and comes to no terminal status.
    """
    steps: list[tuple[NativeStatus | None, float]] = [
        (words.queued, rng.uniform(0.05, 0.5)),
        (words.running, rng.uniform(0.3, 1.2)),
    ]
    if rng.random() < odds.unknown:
        steps += [(rng.choice(words.unknown), rng.uniform(0.1, 0.4)), (words.running, rng.uniform(0.1, 0.5))]
    if rng.random() < odds.vanished:
        return _laid_out([*steps, (None, 0.0)], scale_s)
    end = rng.random()
    if end < odds.failed:
        steps.append((words.failed, rng.uniform(0.2, 0.5)))
        if words.retrying is not None and rng.random() < odds.retried:
            again = ((words.retrying, 0.2), (words.running, 0.5), (words.succeeded, 0.0))
            steps += [(status, share * rng.uniform(0.5, 1.5)) for status, share in again]
    elif end < odds.failed + odds.cancelled:
        if words.stopping is not None:
            steps.append((words.stopping, rng.uniform(0.05, 0.3)))
        steps.append((words.cancelled, 0.0))
    else:
        steps.append((words.succeeded, 0.0))
    return _laid_out(steps, scale_s)


def _laid_out(steps: list[tuple[NativeStatus | None, float]], scale_s: float) -> Life:
    phases, at_s = [], 0.0
    for status, share in steps:
        # Milliseconds, because that is what an API's own timestamps show.
        phases.append(Phase(round(at_s, 3), status))
        at_s += max(share * scale_s, 0.002)
    return Life(tuple(phases))


def random_tasks(rng: Random, life: Life, words: Words) -> tuple[SimulatedTask, ...]:
    """Draw one to three tasks that run one after the other within a job's run; the last one ends as the job does."""
    begins_s = next((phase.after_s for phase in life.phases if phase.status == words.running), None)
    if begins_s is None:
        return (followed_by_one_task(rng, life),)
    ends_s = life.phases[-1].after_s
    inner = sorted({round(rng.uniform(begins_s, ends_s), 3) for _ in range(rng.randint(0, 2))} - {begins_s, ends_s})
    starts = [begins_s, *inner]
    lives = [
        Life.of([(0.0, words.queued), (start, words.running), (end, words.succeeded)])
        for start, end in zip(starts, inner, strict=False)
    ]
    rest = [phase for phase in life.phases if phase.after_s > starts[-1]]
    lives.append(Life((Phase(0.0, words.queued), Phase(starts[-1], words.running), *rest)))
    return tuple(SimulatedTask(random_id(rng), rng.choice(TASK_NAMES), task_life) for task_life in lives)


def followed_by_one_task(rng: Random, life: Life) -> SimulatedTask:
    """Return the single task of a job that is its only component, and so lives as the job does."""
    return SimulatedTask(random_id(rng), TASK_NAMES[0], life)


def random_id(rng: Random) -> str:
    """Draw 32 hexadecimal digits, the shape of Explorer's task ids and UP's job ids."""
    return f"{rng.getrandbits(128):032x}"
