"""Durations on the command line."""

from typing import Any

import click

from jobwatchd.model.notation import parse_duration_s


class DurationType(click.ParamType[float]):
    """A number and a unit; becomes seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds; click reports a usage error for what is no duration."""
        try:
            return parse_duration_s(value)
        except ValueError as exc:
            self.fail(f"{exc}.", param, ctx)


class DurationText(DurationType):
    """The same, as the daemon wants it: as text, without blanks."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the text; click reports a usage error for what is no duration."""
        super().convert(value, param, ctx)
        return "".join(value.split())


DURATION = DurationType()
DURATION_TEXT = DurationText()
