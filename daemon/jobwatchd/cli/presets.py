"""The presets: descriptions of known systems."""

from collections.abc import Mapping

import click

from jobwatchd.cli.failure import exit_on_failure
from jobwatchd.cli.status import ExitStatus
from jobwatchd.cli.table import print_table
from jobwatchd.description import Description
from jobwatchd.description.auth import needed
from jobwatchd.settings.presets import load_preset
from jobwatchd.settings.registry import preset_files

COLUMNS = ("name", "system", "version", "job parameters", "credentials")


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  jobwatchd presets
  jobwatchd presets show airflow > mine.yaml""",
)
@click.pass_context
def presets(ctx: click.Context) -> None:
    """List the systems that jobwatchd knows: a source's `kind` is one of these names."""
    if ctx.invoked_subcommand is not None:
        return
    with exit_on_failure(otherwise=ExitStatus.SOFTWARE):
        found = [load_preset(file) for file in preset_files().values()]
        rows = [
            (each.name, each.title, each.version, "/".join(each.tree["parameters"]), _credentials(each.tree))
            for each in found
        ]
    print_table(COLUMNS, rows)


@presets.command(epilog="\b\nExample:\n  jobwatchd presets show airflow > mine.yaml")
@click.argument(
    "name", shell_complete=lambda _ctx, _param, typed: [one for one in preset_files() if one.startswith(typed)]
)
def show(name: str) -> None:
    """Print the preset NAME, to use as it is, to read, or to start from."""
    file = preset_files().get(name)
    if file is None:
        known = ", ".join(preset_files())
        raise click.BadParameter(f"there is no preset {name!r}; expected one of {known}.", param_hint="NAME")
    click.echo(file.read_text("utf-8"), nl=False)


def _credentials(tree: Mapping[str, object]) -> str | None:
    api = Description.model_validate({key: tree[key] for key in Description.model_fields if key in tree})
    names = ", ".join(needed(api.auth))
    return f"{names} (optional)" if getattr(api.auth, "optional", False) else names or None
