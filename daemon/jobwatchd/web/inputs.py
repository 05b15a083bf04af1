"""The JSON and the query parameters that come in."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, StrictBool, model_validator

from jobwatchd.model.event import EventType
from jobwatchd.model.job import State
from jobwatchd.model.notation import parse_duration_s
from jobwatchd.model.query import DeadLetterQuery, EventQuery, WatchQuery
from jobwatchd.values.labels import LABEL_NAME, MAX_LABELS, check_label_name, check_label_value
from jobwatchd.values.watch_request import MAX_NUMBER

MAX_ID = MAX_NUMBER
MAX_BATCH = 1_000
MAX_PAGE = 1_000
LONGEST_WAIT_S = 60.0
# Neither control characters nor lone surrogates: no database takes all of them, and no terminal should.
_PLAIN = r"^[^\x00-\x1f\x7f-\x9f]+$"


def _check_label(text: str) -> str:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"got {text[:80]!r}; expected name=value")
    check_label_name(name)
    check_label_value(value)
    return text


Plain = Annotated[str, Field(min_length=1, max_length=512, pattern=_PLAIN)]
Id = Annotated[int, Field(ge=1, le=MAX_ID)]
After = Annotated[int, Field(ge=0, le=MAX_ID, description="The `next` of the page before.")]
Limit = Annotated[int, Field(ge=1, le=MAX_PAGE)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


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
    label: list[Annotated[str, Field(max_length=320, pattern=rf"^{LABEL_NAME}="), AfterValidator(_check_label)]] = (
        Field(default_factory=list, max_length=MAX_LABELS, description="`name=value`; several must all be there.")
    )
    after: After = 0
    limit: Limit = 100

    def query(self) -> WatchQuery:
        """Return which watches that means, where it is not the one of `key`."""
        labels = dict(label.split("=", 1) for label in self.label)
        return WatchQuery(**self.model_dump(exclude={"key", "label"}), labels=labels)


class EventSelection(_Input):
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

    def query(self) -> EventQuery:
        """Return which events that means."""
        chosen = self.model_dump(include={"after", "limit", "watch_id", "source"})
        return EventQuery(**chosen, types=tuple(self.type), newest_first=self.order == "newest")

    @property
    def wait_s(self) -> float:
        """How many seconds to wait for something to be there."""
        return 0.0 if self.wait is None else min(parse_duration_s(self.wait), LONGEST_WAIT_S)


class _DeadLetterChoice(_Input):
    sink: Plain | None = None
    source: Plain | None = None
    type: list[EventType] = Field(default_factory=list, max_length=len(EventType))
    watch_id: Id | None = None
    after: After = 0

    def query(self, event_ids: Sequence[str] | None = None) -> DeadLetterQuery:
        """Return which dead letters that means."""
        chosen = self.model_dump(include={"after", "limit", "sink", "source", "watch_id"})
        ids = None if event_ids is None else tuple(event_ids)
        return DeadLetterQuery(**chosen, types=tuple(self.type), event_ids=ids)


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
