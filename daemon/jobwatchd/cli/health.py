"""Whether a running daemon is ready, or alive, for health checks of containers; it imports little, to start quickly."""

import json
import sys
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

import click

from jobwatchd.cli.output import spare_output, tell
from jobwatchd.cli.status import ExitStatus

# Longer than the daemon waits for its store before it says that it is not ready.
TIMEOUT_S = 4.0
url_option = click.option(
    "--url",
    envvar="JOBWATCHD_URL",
    default="http://127.0.0.1:25629",
    show_default=True,
    show_envvar=True,
    help="Where the daemon listens.",
)


@click.command(
    epilog="""\b
Example:
  jobwatchd health && echo ready

Exit status: 0 ready, or with --live alive; 1 not, or nothing answers."""
)
@click.option("--live", is_flag=True, help="Ask whether it makes progress; where not, a restart is the cure.")
@url_option
def health(url: str, *, live: bool) -> None:
    """Tell whether the daemon is ready, and what is wrong where it is not."""
    try:
        body = _ask(f"{url.rstrip('/')}/{'livez' if live else 'readyz'}")
        status, problems = str(body["status"]), [str(problem) for problem in body["problems"]]
    except OSError as exc:
        tell(f"Nothing answers at {url}: {exc.reason if isinstance(exc, URLError) else exc}.")
        sys.exit(ExitStatus.FAILED)
    except (HTTPException, ValueError, KeyError, TypeError) as exc:
        tell(f"{url} does not answer as jobwatchd would: {exc}.")
        sys.exit(ExitStatus.FAILED)
    with spare_output():
        click.echo("\n".join([status, *problems]))
    sys.exit(ExitStatus.OK if status == "ok" else ExitStatus.FAILED)


def _ask(url: str) -> Any:
    """Return the body of a health answer, good or bad."""
    if not url.startswith(("http://", "https://")):
        raise ValueError("expected an address such as http://127.0.0.1:25629")
    # The environment's proxies are for the world outside; the daemon is not there.
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(url, timeout=TIMEOUT_S) as answer:
            return json.load(answer)
    except HTTPError as exc:
        with exc:
            return json.load(exc)
