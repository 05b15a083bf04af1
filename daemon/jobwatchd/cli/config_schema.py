"""The schema of the configuration file."""

import json

import click

from jobwatchd.settings.json_schema import config_schema


@click.command(
    "config-schema",
    epilog="""\b
Example:
  jobwatchd config-schema > jobwatchd.schema.json

An editor with YAML support completes and checks a configuration beside that file which begins with
# yaml-language-server: $schema=jobwatchd.schema.json""",
)
def print_config_schema() -> None:
    """Print the JSON Schema (draft 2020-12) of the configuration file, for editors."""
    click.echo(json.dumps(config_schema(), indent=2))
