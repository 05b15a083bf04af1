"""The JSON and the query parameters that come in."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StrictBool,
    WithJsonSchema,
    model_validator,
)

from jobwatchd.model.event import EventType
from jobwatchd.model.job import State
from jobwatchd.model.query import DeadLetterQuery
from jobwatchd.model.units import parse_duration_s
from jobwatchd.model.watch import Policy

MAX_ID = 2**63 - 1
MAX_BATCH = 1_000
MAX_PAGE = 1_000
LONGEST_WAIT_S = 60.0
_DURATION = r"^[0-9]{1,12}(\.[0-9]{1,9})?(ms|s|m|h|d)$"
# Neither control characters nor lone surrogates: no database takes all of them, and no terminal should.
_PLAIN = r"^[^\x00-\x1f\x7f-\x9f]+$"


def _check_positive(text: str) -> str:
    if parse_duration_s(text) <= 0:
        raise ValueError("a duration above zero is expected")
    return text


def _as_text(value: object) -> object:
    if type(value) is not int:
        return value
    if not 0 <= value <= MAX_ID:
        raise ValueError("a number must be from 0 to 9223372036854775807; put others in quotes")
    return str(value)


Plain = Annotated[str, Field(min_length=1, max_length=512, pattern=_PLAIN)]
Duration = Annotated[str, Field(pattern=_DURATION, max_length=32, examples=["6h"])]
Id = Annotated[int, Field(ge=1, le=MAX_ID)]
After = Annotated[int, Field(ge=0, le=MAX_ID, description="The `next` of the page before.")]
Limit = Annotated[int, Field(ge=1, le=MAX_PAGE)]
LabelName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,62}$")]
LabelValue = Annotated[str, Field(max_length=256, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
ParameterName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
ParameterValue = Annotated[
    str,
    BeforeValidator(_as_text),
    Field(min_length=1, max_length=512),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1, "maxLength": 512},
                {"type": "integer", "minimum": 0, "maximum": MAX_ID},
            ]
        }
    ),
]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WatchRequest(_Input):
    """A job to follow."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"source": "graph", "job": {"job_id": "1964"}, "labels": {"team": "graph"}, "deadline": "6h"}]
        }
    )

    source: Plain = Field(description="The name of a configured source.")
    job: dict[ParameterName, ParameterValue] = Field(
        min_length=1, max_length=16, description="What names the job there, parameter by parameter."
    )
    labels: dict[LabelName, LabelValue] = Field(
        default_factory=dict, max_length=32, description="Carried by every event of the job."
    )
    deadline: Annotated[Duration, AfterValidator(_check_positive)] | None = Field(
        None, description="Tell `job.overdue` when the job has not ended after this time."
    )
    min_interval: Annotated[Duration, AfterValidator(_check_positive)] | None = Field(
        None, description="Poll no more often than this; the source's setting where absent."
    )
    max_interval: Annotated[Duration, AfterValidator(_check_positive)] | None = Field(
        None, description="Poll no less often than this; the source's setting where absent."
    )
    initial: Literal["tell", "silent"] = Field(
        "tell", description="Whether the state in which the job is found first is told as an event."
    )

    @model_validator(mode="after")
    def _intervals_in_order(self) -> Self:
        policy = self.policy
        if (policy.min_interval_s or 0.0) > (policy.max_interval_s or float("inf")):
            raise ValueError("min_interval must not be longer than max_interval")
        return self

    @property
    def policy(self) -> Policy:
        """How the watch departs from its source's defaults."""
        return Policy(
            deadline_s=_seconds(self.deadline),
            min_interval_s=_seconds(self.min_interval),
            max_interval_s=_seconds(self.max_interval),
            silent_start=self.initial == "silent",
        )


def _seconds(text: str | None) -> float | None:
    return None if text is None else parse_duration_s(text)


class WatchFilter(_Input):
    """Which watches to list."""

    key: Annotated[str, Field(max_length=8_192, pattern=r"^[^/\x00-\x1f\x7f-\x9f]+/[^\x00-\x1f\x7f-\x9f]+$")] | None = (
        Field(
            None,
            description="The one watch with this key, if there is one; all else is ignored then.",
            examples=["graph/1964"],
        )
    )
    source: Plain | None = None
    state: State | None = None
    active: bool | None = Field(None, description="true: jobs that have not ended; false: those that have.")
    label: list[
        Annotated[str, Field(max_length=320, pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,62}=[^\x00-\x1f\x7f-\x9f]*$")]
    ] = Field(default_factory=list, max_length=32, description="`name=value`; several must all be there.")
    after: After = 0
    limit: Limit = 100


class EventFilter(_Input):
    """Which events to list."""

    source: Plain | None = None
    type: list[EventType] = Field(default_factory=list, max_length=len(EventType))
    watch_id: Id | None = None
    order: Literal["oldest", "newest"] = Field(
        "oldest", description="newest: turned round; `after` then means before that position, 0 for the newest."
    )
    after: After = 0
    limit: Limit = 100
    wait: Annotated[str, Field(pattern=r"^[0-9]{1,6}(ms|s)$")] | None = Field(
        None,
        description="Where there is nothing yet, wait so long for it, at most 60s, before an empty page is the answer.",
        examples=["30s"],
    )

    @property
    def wait_s(self) -> float:
        """How many seconds to wait for something to be there."""
        return min(_seconds(self.wait) or 0.0, LONGEST_WAIT_S)


class _DeadLetterChoice(_Input):
    sink: Plain | None = None
    source: Plain | None = None
    type: list[EventType] = Field(default_factory=list, max_length=len(EventType))
    watch_id: Id | None = None
    after: After = 0

    def query(self, limit: int, event_ids: Sequence[str] | None = None) -> DeadLetterQuery:
        """Return which dead letters that means."""
        return DeadLetterQuery(
            after=self.after,
            limit=limit,
            sink=self.sink,
            source=self.source,
            watch_id=self.watch_id,
            types=tuple(self.type),
            event_ids=None if event_ids is None else tuple(event_ids),
        )


class DeadLetterFilter(_DeadLetterChoice):
    """Which dead letters to list."""

    limit: Limit = 100


class ReplayRequest(_DeadLetterChoice):
    """Which dead letters to send again: those that fit all that is said, or `all` that there are."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"sink": "ci", "event_ids": ["5b2c8a0e-7a0c-5d52-9a55-0a4f8f6f3f10"]},
                {"sink": "ci", "type": ["job.failed"]},
                {"all": True},
            ]
        }
    )

    event_ids: (
        Annotated[
            list[Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]],
            Field(min_length=1, max_length=MAX_BATCH),
        ]
        | None
    ) = None
    all: StrictBool = Field(default=False, description="Has to be true where nothing else says which.")
    # In a query everything is text, in a body a number is one.
    watch_id: Annotated[Id, Strict()] | None = None
    after: Annotated[After, Strict()] = 0
    limit: Annotated[Limit, Strict()] = Field(
        MAX_PAGE, description="Dead letters of so many events at most; `next` says how to go on."
    )

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        chosen = (self.sink, self.source, self.watch_id, self.event_ids)
        if not self.all and not self.type and all(each is None for each in chosen):
            raise ValueError("expected sink, source, type, watch_id or event_ids, or all: true")
        return self
