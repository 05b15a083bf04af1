"""`jobwatchd demo`."""

import sys

import anyio
import click

from jobwatchd.cli.demo.performance import Options, perform
from jobwatchd.cli.demo.screen import Screen
from jobwatchd.cli.demo.stage import temporary_folder
from jobwatchd.cli.failure import exit_on_failure


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
