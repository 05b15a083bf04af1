"""Which configuration is in force, and what came of reading it last."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ConfigurationState:
    """What a person asks after a reload.

    `loaded_at` is when the configuration in force was read, `read_at` when one was read last. `problems` say why that
    one is not in force, or not as a whole yet; none where it is. `needs_restart` names the keys that differ from what
    the process was started with.
    """

    loaded_at: datetime
    read_at: datetime
    problems: tuple[str, ...] = ()
    needs_restart: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether the configuration that was read last is in force."""
        return not self.problems

    def summary(self) -> str:
        """Return what is not as it should be, in a few words; empty where all is."""
        if self.problems:
            more = f" (and {len(self.problems) - 1} more)" if self.problems[1:] else ""
            return f"the configuration is not in force: {self.problems[0]}{more}"
        if self.needs_restart:
            return f"a restart is needed for {', '.join(self.needs_restart)}"
        return ""
