"""What holds whatever is observed, in whatever order."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from jobwatchd.model.event import JOB_ENTERED, TASK_ENTERED, Event, EventType
from jobwatchd.model.facts import JobFacts
from jobwatchd.model.job import JobReference, Observation, State, Task
from jobwatchd.model.transition import Step, advance, mark_lost, mark_overdue
from jobwatchd.model.watch import Policy, Watch, WatchSpec
from jobwatchd.testing import START

states = st.none() | st.sampled_from(State)
instants = st.none() | st.integers(-1_000, 1_000).map(lambda second: START + timedelta(seconds=second))
tasks = st.lists(st.builds(Task, st.sampled_from("abc"), states, st.sampled_from("xyz")), unique_by=lambda t: t.id)
observations = st.builds(
    Observation,
    states,
    st.sampled_from(["0", "1", "what", "ever", ""]),
    facts=st.builds(JobFacts, queued_at=instants, started_at=instants, finished_at=instants),
    error=st.none() | st.just("out of memory"),
    group=st.none() | st.sampled_from("gh"),
    tasks=tasks.map(tuple),
)
JOB_ENDED = {kind: state for state, kind in JOB_ENTERED.items() if state.is_terminal}
TASK_ENDED = {kind: state for state, kind in TASK_ENTERED.items() if state.is_terminal}


class AnyObservations(RuleBasedStateMachine):
    """A watch to which anything may happen."""

    def __init__(self) -> None:
        super().__init__()
        spec = WatchSpec(JobReference.of("graph", ["1"]), policy=Policy(deadline_s=500.0))
        self.watch = Watch.create(1, spec, START)
        self.now = START
        self.told: list[Event] = []
        self.seen: set[State | None] = set()
        self.seen_tasks: set[tuple[str, State | None]] = set()

    @rule(observation=observations)
    def observe(self, observation: Observation) -> None:
        """Observe anything; observing it again at once is nothing new."""
        self.seen.add(observation.state)
        self.seen_tasks |= {(task.id, task.state) for task in observation.tasks}
        self.take(advance(self.watch, observation, self.now))
        assert advance(self.watch, observation, self.now) == Step(self.watch)
        if observation.state is not None:
            assert self.watch.state is observation.state

    @rule()
    def lose(self) -> None:
        """Find the job missing for too long."""
        ended_before = self.watch.ended_at
        self.take(mark_lost(self.watch, self.now, "gone"))
        assert self.watch.ended_at == (ended_before or self.now)

    @rule()
    def look_at_the_clock(self) -> None:
        """Ask about the deadline only."""
        self.take(mark_overdue(self.watch, self.now))

    @rule(seconds=st.integers(1, 400))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def take(self, step: Step) -> None:
        """Go on with the step's watch; its version has grown by one exactly where anything is to be written."""
        if step.watch == self.watch:
            assert not step.events
        else:
            assert step.watch.version == self.watch.version + 1
            assert step.watch.sequence == self.watch.sequence + len(step.events)
        assert all(event.observed_at == self.now for event in step.events)
        self.told += step.events
        self.watch = step.watch

    @invariant()
    def events_are_numbered_without_gaps_and_ids_are_unique(self) -> None:
        """Sequences count from one, and no id comes twice."""
        assert [event.sequence for event in self.told] == list(range(1, len(self.told) + 1))
        assert len({event.id for event in self.told}) == len(self.told)

    @invariant()
    def nothing_is_told_to_have_ended_that_was_not_seen_to(self) -> None:
        """Tell no terminal state that was not observed, of the job or of a task."""
        for event in self.told:
            if event.type in JOB_ENDED:
                assert not event.inferred
                assert JOB_ENDED[event.type] in self.seen
            elif event.type in TASK_ENDED:
                assert event.task is not None
                assert (event.task.id, TASK_ENDED[event.type]) in self.seen_tasks

    @invariant()
    def each_state_told_follows_from_the_one_before(self) -> None:
        """Tell an unbroken way of the job that ends in what is remembered."""
        at: State | None = None
        for event in self.told:
            if event.type in JOB_ENTERED.values():
                assert event.previous_state is at
                at = event.state
        assert at is self.watch.state

    @invariant()
    def the_deadline_is_told_once_at_most(self) -> None:
        """However often a job is lost and reopened."""
        assert sum(event.type is EventType.JOB_OVERDUE for event in self.told) <= 1

    @invariant()
    def an_end_is_remembered_exactly_while_there_is_one(self) -> None:
        """Remember an end where the state is terminal or the job lost, and never both."""
        terminal = self.watch.state is not None and self.watch.state.is_terminal
        assert (self.watch.ended_at is not None) == (terminal or self.watch.lost)
        assert not (terminal and self.watch.lost)


TestAnyObservations = AnyObservations.TestCase
TestAnyObservations.settings = settings(stateful_step_count=25, deadline=None)
