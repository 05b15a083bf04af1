"""Where a running daemon is: the option --url."""

import click

url_option = click.option(
    "--url",
    envvar="JOBWATCHD_URL",
    default="http://127.0.0.1:25629",
    show_default=True,
    show_envvar=True,
    help="Where the daemon listens.",
)
