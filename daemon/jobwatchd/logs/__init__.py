"""What the daemon says on stderr: JSON lines, or lines for people on a terminal, without secrets.

- `loggers`: those of the daemon and of the standard library, which is the only thing that is configured globally
- `rendering`: how a line looks
- `output`: where lines go
- `queued_output`: the daemon's, a descriptor that may block
- `standard_streams`: what is printed while the daemon runs is logged
"""

from jobwatchd.logs.loggers import Format, LoggerFactory, configure_logging, configured_logging, silent_logger
from jobwatchd.logs.output import Output
from jobwatchd.logs.queued_output import QueuedOutput
from jobwatchd.logs.rendering import Keys
from jobwatchd.redaction import Redactor

__all__ = [
    "Format",
    "Keys",
    "LoggerFactory",
    "Output",
    "QueuedOutput",
    "Redactor",
    "configure_logging",
    "configured_logging",
    "silent_logger",
]
