"""Run the load server: prints its port, serves until it is ended. `--core` pins it."""

import argparse
import asyncio
import gc
import os
import sys

import uvloop

from bench.server.connection import Connection
from bench.server.site import Site


async def serve(port: int) -> None:
    """Serve on the loopback address, for ever."""
    site = Site()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(site.answer, site.connected), "127.0.0.1", port, backlog=4096)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    # What is made here lives until it is answered and holds no cycles: walking it would only be seen as slow answers.
    gc.freeze()
    gc.set_threshold(100_000)
    await server.serve_forever()


def main() -> None:
    """Read the arguments, and serve."""
    parser = argparse.ArgumentParser(prog="python -m bench.server", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--core", type=int)
    arguments = parser.parse_args()
    if arguments.core is not None:
        os.sched_setaffinity(0, {arguments.core})
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(arguments.port))


main()
