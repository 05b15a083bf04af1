"""Which request meets which fault."""

from collections import Counter

import pytest

from jobwatchd.simulator.faults import Fault, FaultInjector, FaultKind
from jobwatchd.testing import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    """Return time that stands still."""
    return FakeClock()


@pytest.fixture
def faults(clock: FakeClock) -> FaultInjector:
    """Return an injector for an API with an envelope."""
    return FaultInjector(clock, 7, has_envelope=True)


def _drawn(injector: FaultInjector, count: int) -> list[FaultKind | None]:
    drawn = [injector.draw("/jobs") for _ in range(count)]
    return [None if fault is None else fault.kind for fault in drawn]


def test_no_faults_by_default(faults: FaultInjector) -> None:
    """An API is healthy until told otherwise."""
    assert _drawn(faults, 100) == [None] * 100


def test_the_same_seed_hits_the_same_requests(clock: FakeClock) -> None:
    """Faults can be repeated, and another seed gives others."""
    drawn = []
    for seed in (1, 1, 2):
        injector = FaultInjector(clock, seed, has_envelope=True)
        injector.set(Fault(kind=FaultKind.CUT, fraction=0.5))
        drawn.append(_drawn(injector, 100))
    assert drawn[0] == drawn[1] != drawn[2]


def test_fractions_add_up_and_are_counted(faults: FaultInjector) -> None:
    """Two faults of a fifth and three tenths leave half of the requests alone."""
    faults.set(Fault(kind=FaultKind.CUT, fraction=0.2), Fault(kind=FaultKind.SLOW, fraction=0.3))
    drawn = Counter(_drawn(faults, 10_000))
    assert drawn[FaultKind.CUT] == pytest.approx(2000, rel=0.1)
    assert drawn[FaultKind.SLOW] == pytest.approx(3000, rel=0.1)
    assert faults.counts == {kind: hits for kind, hits in drawn.items() if kind is not None}


async def test_a_window_opens_and_closes(faults: FaultInjector, clock: FakeClock) -> None:
    """A fault hits from its first second up to, not including, its last, counted from when it was set."""
    await clock.advance(100)
    faults.set(Fault(kind=FaultKind.NOT_FOUND, from_s=5, until_s=10))
    seen = []
    for seconds in (4.9, 0.2, 4.8, 0.2):
        await clock.advance(seconds)
        seen += _drawn(faults, 1)
    assert seen == [None, FaultKind.NOT_FOUND, FaultKind.NOT_FOUND, None]


def test_a_fault_ends_after_its_times(faults: FaultInjector) -> None:
    """`times` bounds how often a fault hits, and the next one in the list follows."""
    faults.set(Fault(kind=FaultKind.CUT, times=2), Fault(kind=FaultKind.GARBAGE, times=1))
    assert _drawn(faults, 4) == [FaultKind.CUT, FaultKind.CUT, FaultKind.GARBAGE, None]


def test_a_fault_keeps_to_its_path(faults: FaultInjector) -> None:
    """A fault with a path leaves all other requests alone."""
    faults.set(Fault(kind=FaultKind.CUT, path="/connect"))
    assert faults.draw("/api-open/v1/jobs") is None
    assert faults.draw("/api-open/v1/connect") is not None


def test_setting_faults_replaces_those_before(faults: FaultInjector) -> None:
    """Setting none makes the API healthy again."""
    faults.set(Fault(kind=FaultKind.CUT))
    faults.set()
    assert _drawn(faults, 10) == [None] * 10


def test_an_api_without_envelope_has_no_envelope_errors(clock: FakeClock) -> None:
    """What cannot happen is refused, and the faults set before stay."""
    injector = FaultInjector(clock, 7, has_envelope=False)
    injector.set(Fault(kind=FaultKind.CUT))
    with pytest.raises(ValueError, match="envelope"):
        injector.set(Fault(kind=FaultKind.ENVELOPE_ERROR))
    assert _drawn(injector, 1) == [FaultKind.CUT]
