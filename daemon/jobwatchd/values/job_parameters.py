"""What names a job of a source: its parameters, in the order of a job's key."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from jobwatchd.model.job import JobReference
from jobwatchd.model.notation import shown
from jobwatchd.values.section import told

# Of names that nobody expected.
MAX_SHOWN = 16


def no_source(source: str, known: Iterable[str]) -> str:
    """Return the sentence for a source that is not configured."""
    names = sorted(known)
    return f"there is no source {shown(source, names)}; expected one of: {', '.join(names) or 'none is configured'}"


@dataclass(frozen=True, slots=True)
class JobParameters:
    """The names of what names a job, and those of them that are numbers; none where that is not known."""

    names: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()

    def reference(self, source: str, job: Mapping[str, str]) -> JobReference:
        """Return the reference for named job parameters; raises ValueError that says what does not fit.

        All of them in one are `key`, as the end of the job's key has them: `1964`, or `SPACE/WORKFLOW/JOB`.
        """
        # Asked first, for a configuration may have very many.
        is_plain = tuple(job) == self.names
        if not is_plain and set(job) == {"key"} != set(self.names):
            job = self._split_key(source, str(job["key"]))
        if not is_plain and set(job) != set(self.names):
            got = ", ".join(sorted(told((name,)) for name in job)[:MAX_SHOWN])
            raise ValueError(f"got {got or 'nothing'}; expected exactly {', '.join(self.names)}")
        # A leading zero would make a second name for the same job.
        if self.numeric and (wrong := [name for name in self.numeric if not _is_number(job[name])]):
            raise ValueError(f"expected {', '.join(wrong)} to be a number without leading zeros")
        return JobReference.of(source, [job[name] for name in self.names])

    def _split_key(self, source: str, key: str) -> Mapping[str, str]:
        parts = key.split("/")
        if len(parts) == len(self.names) + 1 and parts[0] == source:
            parts = parts[1:]
        if len(parts) != len(self.names):
            named = " ".join(f"{name}=…" for name in self.names)
            raise ValueError(f"{shown(key)} names no job there; expected {'/'.join(self.names)}, or {named}")
        return {name: unquote(part) for name, part in zip(self.names, parts, strict=True)}


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdigit() and (value == "0" or not value.startswith("0"))
