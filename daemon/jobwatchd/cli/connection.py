"""How commands find the daemon: the options --url and --token-file."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from jobwatchd.cli.address import url_option
from jobwatchd.cli.api_client import ApiClient, ApiError
from jobwatchd.model.api_token import secret_lines, split_token


def uses_daemon(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options, hand the command an `ApiClient` first, and turn an `ApiError` into exit status 1."""

    @url_option
    @click.option(
        "--token-file",
        envvar="JOBWATCHD_TOKEN_FILE",
        show_envvar=True,
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="File whose first line is the token for the daemon's API, or `name: token`; # begins a comment.",
    )
    @wraps(command)
    def connected(*args: Any, url: str, token_file: Path | None, **options: Any) -> None:
        token = None if token_file is None else _read_token(token_file)
        try:
            with ApiClient(url, token) as client:
                command(client, *args, **options)
        except ApiError as exc:
            click.echo(f"Error: {exc}", err=True)
            sys.exit(1)

    return connected


def _read_token(path: Path) -> str:
    try:
        lines = secret_lines(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as exc:
        raise click.BadParameter(f"{path} cannot be read: {exc}.", param_hint="--token-file") from exc
    _, token = split_token(lines[0]) if lines else (None, "")
    if not token.isascii() or not token.isprintable() or " " in token or not token:
        raise click.BadParameter(f"{path} holds no token.", param_hint="--token-file")
    return token
