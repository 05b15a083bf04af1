"""Lists that change while they are read."""

from typing import Any

from jobwatchd.model.job import State
from jobwatchd.sources.nebula_explorer.payload import PagePayload
from jobwatchd.sources.nebula_explorer.source import NebulaListing


def _job(job_id: int, status: int = 1, workflow_id: str = "w") -> dict[str, Any]:
    return {"id": job_id, "status": status, "workflowId": workflow_id}


def _page(total: int, *items: object) -> PagePayload:
    return PagePayload(items=list(items), total=total)


def test_jobs_are_gathered_over_pages() -> None:
    """Every wanted job is found on its page, the others are ignored."""
    listing = NebulaListing("w", ["1", "4", "9"])
    assert listing.add(_page(9, _job(1), _job(2), _job(3)))
    assert listing.add(_page(9, _job(4, 3), _job(5), _job(6)))
    assert {job: seen.state for job, seen in listing.found.items()} == {"1": State.RUNNING, "4": State.FAILED}


def test_it_stops_once_all_jobs_were_seen() -> None:
    """No page is asked for that can bring nothing."""
    assert not NebulaListing("w", ["1", "2"]).add(_page(500, _job(2), _job(1)))


def test_it_stops_at_the_end_of_the_list() -> None:
    """A job that the list does not show is left out."""
    listing = NebulaListing("w", ["7", "8"])
    assert not listing.add(_page(2, _job(1), _job(7)))
    assert set(listing.found) == {"7"}


def test_it_stops_at_an_empty_page() -> None:
    """A total that promises more than there is does not lead it on."""
    listing = NebulaListing("w", ["7", "8"])
    assert listing.add(_page(10, _job(1)))
    assert not listing.add(PagePayload(items=None, total=10))


def test_it_stops_when_pages_would_outnumber_the_jobs() -> None:
    """Then single requests are cheaper."""
    listing = NebulaListing("w", ["7", "8"])
    assert listing.add(_page(1_000, _job(1)))
    assert not listing.add(_page(1_000, _job(2)))


def test_it_stops_when_the_total_changes() -> None:
    """The pages no longer fit together; what the entries say of their own jobs still holds."""
    listing = NebulaListing("w", ["1", "3", "7", "8"])
    assert listing.add(_page(100, _job(1), _job(2)))
    assert not listing.add(_page(101, _job(3), _job(4)))
    assert set(listing.found) == {"1", "3"}


def test_a_job_that_is_shown_twice_is_left_out() -> None:
    """Which of the two entries is true cannot be told, even where the second comes a page later."""
    listing = NebulaListing("w", ["2", "3", "9"])
    assert listing.add(_page(100, _job(1), _job(2, 1)))
    assert listing.add(_page(100, _job(2, 3), _job(3)))
    assert set(listing.found) == {"3"}


def test_a_job_that_is_shown_three_times_stays_out() -> None:
    """The third entry does not bring it back."""
    listing = NebulaListing("w", ["2"])
    listing.add(_page(3, _job(2), _job(2), _job(2)))
    assert listing.found == {}


def test_a_job_of_another_workflow_is_left_out() -> None:
    """A list that shows foreign jobs was not the one asked for."""
    listing = NebulaListing("w", ["1", "2"])
    listing.add(_page(2, _job(1, 3, "other"), _job(2)))
    assert set(listing.found) == {"2"}


def test_the_list_of_all_jobs_takes_any_workflow() -> None:
    """The empty group stands for all jobs."""
    listing = NebulaListing("", ["1", "2"])
    listing.add(_page(2, _job(1, 3, "other"), {"id": 2, "status": 0}))
    assert set(listing.found) == {"1", "2"}


def test_broken_entries_are_left_out() -> None:
    """They count as entries, and hide no other."""
    listing = NebulaListing("w", ["1", "2"])
    assert not listing.add(_page(3, None, {"id": 1, "status": "3"}, _job(2)))
    assert set(listing.found) == {"2"}
