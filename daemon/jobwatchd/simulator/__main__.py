"""`python -m jobwatchd.simulator`: both APIs in a process of their own, until SIGTERM, SIGINT or the end of its time.

Prints one line of JSON once both answer: `{"nebula": "<base URL>", "telestream": "<base URL>"}`.
"""

import signal
import sys
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import anyio
import click
import orjson

from jobwatchd.clock import SystemClock
from jobwatchd.simulator.fate import Odds
from jobwatchd.simulator.nebula import NebulaOptions, NebulaSimulator
from jobwatchd.simulator.roster import JobSpec
from jobwatchd.simulator.server import serve
from jobwatchd.simulator.telestream import TelestreamOptions, TelestreamSimulator

PORT = click.IntRange(0, 65_535)
CHANCE = click.FloatRange(0, 1)


async def serve_both(
    nebula: NebulaSimulator, telestream: TelestreamSimulator, ports: tuple[int, int], limit_s: float
) -> None:
    """Serve both APIs, say where, and return on SIGTERM, SIGINT or after `limit_s` seconds."""
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with AsyncExitStack() as stack:
            nebula_url = await stack.enter_async_context(serve(nebula.app, port=ports[0]))
            telestream_url = await stack.enter_async_context(serve(telestream.app, port=ports[1]))
            click.echo(orjson.dumps({"nebula": nebula_url, "telestream": telestream_url}))
            sys.stdout.flush()
            with anyio.move_on_after(limit_s):
                async for _ in signals:
                    break


@click.command(help="Serve both seed APIs on loopback ports; POST /_sim/faults and /_sim/jobs steer them.")
@click.option("--nebula-port", type=PORT, default=0, show_default="a free one")
@click.option("--up-port", type=PORT, default=0, show_default="a free one")
@click.option("--seed", type=int, default=0, show_default=True, help="Of jobs, lives and faults.")
@click.option("--jobs", type=click.IntRange(0, 100_000), default=0, show_default=True, help="Random jobs on each API.")
@click.option(
    "--scale", type=click.FloatRange(0.01), default=10.0, show_default=True, help="Seconds a job takes, about."
)
@click.option("--unknown", type=CHANCE, default=0.0, show_default=True, help="Share of jobs with an unknown status.")
@click.option("--vanished", type=CHANCE, default=0.0, show_default=True, help="Share of jobs that disappear.")
@click.option("--nebula-password", default=NebulaOptions().password, show_default=True, help="Of the account root.")
@click.option("--token-ttl", type=click.FloatRange(0), default=259_200.0, show_default=True, help="Seconds.")
@click.option("--token-uses", type=click.IntRange(1), default=None, show_default="no limit")
@click.option("--up-key", default=TelestreamOptions().api_key, show_default=True, help="The API key of UP.")
@click.option("--up-lists/--no-up-lists", default=False, show_default=True, help="UP's values in one-element lists.")
@click.option("--limit", type=click.FloatRange(0), default=3600.0, show_default=True, help="Seconds until it ends.")
def main(**given: Any) -> None:  # noqa: D103 - its help is the docstring
    clock, seed = SystemClock(), given["seed"]
    odds = Odds(unknown=given["unknown"], vanished=given["vanished"])
    nebula_options = NebulaOptions(
        password=given["nebula_password"], token_ttl_s=given["token_ttl"], token_uses=given["token_uses"]
    )
    telestream_options = TelestreamOptions(api_key=given["up_key"], one_element_lists=given["up_lists"])
    nebula = NebulaSimulator(clock, nebula_options, seed=seed, odds=odds)
    telestream = TelestreamSimulator(clock, telestream_options, seed=seed, odds=odds)
    if given["jobs"]:
        spec = JobSpec(count=given["jobs"], scale_s=given["scale"])
        nebula.world.roster.add(spec)
        telestream.world.roster.add(spec)
    serving = partial(serve_both, nebula, telestream, (given["nebula_port"], given["up_port"]), given["limit"])
    anyio.run(serving, backend_options={"use_uvloop": True})


if __name__ == "__main__":
    main()
