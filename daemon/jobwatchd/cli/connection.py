"""How commands find the daemon: the options --url and --token-file."""

import os
import sys
from collections.abc import Callable
from contextlib import closing
from functools import wraps
from http import HTTPStatus
from pathlib import Path
from typing import Any

import click

from jobwatchd.cli.api_client import ApiClient, ApiError
from jobwatchd.cli.health import url_option
from jobwatchd.cli.output import tell
from jobwatchd.cli.status import ExitStatus
from jobwatchd.model.api_token import secret_lines, split_token
from jobwatchd.model.notation import shown

TOKEN = "JOBWATCHD_TOKEN"  # noqa: S105 - the name of a variable


def uses_daemon(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options, hand the command an `ApiClient` first, and end the process where there is an `ApiError`."""

    @url_option
    @click.option(
        "--token-file",
        envvar="JOBWATCHD_TOKEN_FILE",
        show_envvar=True,
        type=click.Path(path_type=Path),
        help="File whose first line is the token for the daemon's API, or `name: token`; # begins a comment. "
        "$JOBWATCHD_TOKEN can hold the token itself.",
    )
    @wraps(command)
    def connected(*args: Any, url: str, token_file: Path | None, **options: Any) -> None:
        token = os.environ.get(TOKEN) or None if token_file is None else _read(token_file)
        if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
            where = f"${TOKEN}" if token_file is None else token_file
            raise click.UsageError(f"{where} holds no token: expected printable ASCII characters without blanks.")
        try:
            with closing(ApiClient(url, token)) as client:
                command(client, *args, **options)
        except ApiError as exc:
            tell(f"Error: {exc}")
            sys.exit(api_exit_status(exc))

    return connected


def api_exit_status(error: ApiError) -> ExitStatus:
    """Return the exit status for what the daemon answered, or did not."""
    match error.status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return ExitStatus.NO_PERMISSION
        case HTTPStatus.NOT_FOUND:
            return ExitStatus.NOT_THERE
        case _ if not error.passes:
            return ExitStatus.USAGE
    return ExitStatus.UNAVAILABLE


def _read(path: Path) -> str:
    """Return the first token in a file; it may be the daemon's own, which has comments."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, ValueError) as exc:
        reason = "it is not UTF-8" if isinstance(exc, UnicodeDecodeError) else getattr(exc, "strerror", None)
        # Where a file's name is due, people put the token itself.
        called = str(path) if path.is_absolute() or os.path.lexists(path) else shown(path)
        says = f"{called} cannot be read ({reason or 'not a file name'}); expected the name of a file with the token."
        raise click.BadParameter(says, param_hint="--token-file") from None
    token = next((split_token(line)[1] for line in secret_lines(text)), "")
    if not token:
        raise click.BadParameter(f"{path} holds no token.", param_hint="--token-file")
    return token
