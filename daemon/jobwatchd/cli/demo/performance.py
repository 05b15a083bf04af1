"""`jobwatchd demo`: runs it from start to end, and checks what happened."""

import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGTERM, Signals

import anyio
import click

from jobwatchd.cli.demo.comparison import find_losses
from jobwatchd.cli.demo.remote import RemoteFailed, followed
from jobwatchd.cli.demo.scene import AFTERWARDS, BY_API, BY_COMMAND, FROM_FILE, Role, random_pair
from jobwatchd.cli.demo.screen import Screen, sum_up
from jobwatchd.cli.demo.stage import JOBWATCHD, Stage, child_environment, set_up, temporary_folder
from jobwatchd.cli.execution import exit_on_failure
from jobwatchd.errors import JobwatchError

SINK = "hook"
OUTAGE_AT_S, OUTAGE_S = 8.0, 5.0
TRICKLE_S = 8.0
LOOK_EVERY_S = 0.5
# Counted from the daemon's being ready; the last job of the scene ends after 20 to 30 s.
GIVE_UP_S = 50.0
MOST_NAMED = 3
ALARM = "bold yellow"


@click.command(
    epilog="""\b
Examples:
  jobwatchd demo
  jobwatchd demo --exit-when-done --jobs 20

\b
Exit status: 0 nothing was lost, or it was interrupted; 1 something was lost, or could not be run."""
)
@click.option("--exit-when-done", is_flag=True, help="End by itself, within a minute, with a summary.")
@click.option(
    "--jobs",
    type=click.IntRange(0, 1_000),
    default=2,
    show_default=True,
    help="Jobs of each API that live by chance, beside those that show something.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of that chance.")
def demo(*, exit_when_done: bool, jobs: int, seed: int) -> None:
    """See it work: both APIs simulated, the real daemon on them, and a receiver that fails for a while.

    Everything listens on free ports of this machine only, and is gone afterwards.
    """
    # A terminal that cannot show some letter should not end the demo.
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    options = Options(jobs=jobs, seed=seed, exit_when_done=exit_when_done)
    with exit_on_failure(), temporary_folder() as folder:
        anyio.run(perform, options, Screen(sys.stdout), folder)


class Lost(JobwatchError):
    """Something was not told, told wrongly, or in the wrong order; the text says what."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the person asked for."""

    jobs: int
    seed: int
    exit_when_done: bool


async def perform(options: Options, screen: Screen, folder: Path) -> None:
    """Run the demo until it is over, or until a signal ends it; raises `ChildDied`, `RemoteFailed` and `Lost`."""
    with anyio.open_signal_receiver(SIGINT, SIGTERM, SIGHUP) as signals:
        async with anyio.create_task_group() as tasks:
            with anyio.CancelScope() as everything:
                scopes = [everything]
                tasks.start_soon(_end_at_signals, signals, scopes)
                async with set_up(options.seed, folder, tasks, screen.event) as stage:
                    with anyio.CancelScope() as acting:
                        scopes.append(acting)
                        screen.introduce(stage)
                        await Performance(options, screen, stage).run()
                    if acting.cancelled_caught:
                        screen.line()
                        screen.say("Interrupted: everything is being stopped.")
                        await sum_up(stage, screen)
            tasks.cancel_scope.cancel()


async def _end_at_signals(signals: AsyncIterator[Signals], scopes: Sequence[anyio.CancelScope]) -> None:
    """Cancel the last of the scopes when a signal asks for the end, until cancelled.

    A second signal changes nothing: then everything is being stopped already, and that is bounded.
    """
    async for _ in signals:
        scopes[-1].cancel()


class Performance:
    """What happens on the stage."""

    def __init__(self, options: Options, screen: Screen, stage: Stage) -> None:
        self._options = options
        self._say = screen.say
        self._screen = screen
        self._stage = stage
        self._remote = stage.remote
        self._receiver = stage.receiver
        self._jobs = 0

    async def run(self) -> None:
        """Play all scenes and check what was told; without `exit_when_done`, go on with a job now and then."""
        self._say(f"The configuration names {len(FROM_FILE)} jobs; they have begun.")
        # What does not end in time is told as lost.
        with anyio.move_on_after(GIVE_UP_S):
            await self._play()
        losses = await self._losses(only_at_end=False)
        await sum_up(self._stage, self._screen)
        if losses:
            raise Lost("\n".join(["Not everything is as it should be:", *losses]))
        self._screen.line("Nothing was lost: every end, and every state that lasted, was told in order.", "green")
        if not self._options.exit_when_done:
            await self._go_on()

    async def _play(self) -> None:
        async with anyio.create_task_group() as scenes:
            for at_s, scene in (
                (1.5, self._add_by_command),
                (3.0, partial(self._add, "Added through the API", BY_API)),
                (5.0, self._add_random),
                (OUTAGE_AT_S, self._troubles),
            ):
                scenes.start_soon(_later, at_s, scene)
        while await self._losses(only_at_end=True):  # noqa: ASYNC110 - only asking can tell
            await anyio.sleep(LOOK_EVERY_S)

    async def _losses(self, *, only_at_end: bool) -> list[str]:
        """Return what is missing or wrong; with `only_at_end`, jobs that have not ended are missing an end."""
        truths, over = await self._remote.truths()
        if only_at_end and not over:
            return ["Some jobs have not ended."]
        watches = [followed(watch) for watch in await self._remote.watches()]
        events = await self._remote.events()
        losses = find_losses(truths, watches, events, [event for event, _ in self._receiver.arrived])
        return losses if over else ["Some jobs have not ended.", *losses]

    async def _add_by_command(self) -> None:
        await self._remote.submit([BY_COMMAND])
        job = [f"{name}={value}" for name, value in BY_COMMAND.job.items()]
        words = ["watch", "add", BY_COMMAND.source, *job, "--label", "team=graph"]
        self._say(f"$ jobwatchd {' '.join(words)}")
        done = await anyio.run_process(
            [*JOBWATCHD, *words, "--url", self._remote.daemon],
            stderr=subprocess.STDOUT,
            env=child_environment(),
            cwd=self._stage.folder,
            check=False,
            start_new_session=True,
        )
        answer = done.stdout.decode().strip()
        if done.returncode:
            raise RemoteFailed(f"jobwatchd {' '.join(words)} ended with status {done.returncode}: {answer}")
        self._say(answer, "")

    async def _add_random(self) -> None:
        roles = [role for _ in range(self._options.jobs) for role in self._next_pair()]
        if roles:
            await self._add("Random jobs", roles)

    def _next_pair(self) -> tuple[Role, Role]:
        self._jobs += 1
        return random_pair(self._jobs - 1)

    async def _add(self, how: str, roles: Sequence[Role]) -> None:
        shown = ", ".join(role.short for role in roles[:MOST_NAMED])
        more = len(roles) - MOST_NAMED
        self._say(f"{how}: {shown}{f', and {more} more' if more > 0 else ''}")
        await self._remote.submit(roles)
        await self._remote.follow(roles)

    async def _troubles(self) -> None:
        await self._outage()
        await self._late_answer()

    async def _outage(self) -> None:
        """Have the receiver fail for a while, and show that what it misses waits, and comes."""
        self._receiver.go_down(OUTAGE_S)
        self._say(f"The receiver goes down for {OUTAGE_S:.0f} s: it answers 503.", ALARM)
        for _ in range(2):
            await anyio.sleep(OUTAGE_S / 2 - 0.1)
            waiting = await self._remote.pending(SINK)
            refused = self._receiver.refused[503]
            self._say(f"{waiting} events wait for it; {refused} attempts were refused so far.", "yellow")
        known = {event.id for event in await self._remote.events()}
        missed = known - self._receiver.received.keys()
        await _until(lambda: not self._receiver.is_down)
        self._say("The receiver is back. The daemon will find out at its next attempt.", ALARM)
        await _until(lambda: missed <= self._receiver.received.keys())
        self._say(f"All {len(missed)} events that had to wait have arrived.", "bold green")

    async def _late_answer(self) -> None:
        self._receiver.answer_late_once()
        self._say("The receiver takes the next event, but answers too late.", ALARM)
        await self._add("Added", [AFTERWARDS])
        await _until(lambda: self._receiver.duplicates > 0)
        self._say("So it came twice; the second was dropped by its id.", "bold green")

    async def _go_on(self) -> None:
        self._say("The demo goes on, with new jobs now and then, until you press Ctrl-C.")
        while True:
            await self._add("Added", self._next_pair())
            await anyio.sleep(TRICKLE_S)


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - a demo may look often
        await anyio.sleep(0.05)


async def _later(delay_s: float, scene: Callable[[], Awaitable[None]]) -> None:
    await anyio.sleep(delay_s)
    await scene()
