"""The JSON of the API has whatever is known of a job."""

import pytest
from pydantic import BaseModel

from jobwatchd.model.facts import NO_FACTS, facts_json
from jobwatchd.web.outputs import EventBody, ObservationBody


@pytest.mark.parametrize("body", [EventBody, ObservationBody])
def test_every_fact_of_a_job_is_told(body: type[BaseModel]) -> None:
    """What a body does not declare it would leave out without a word."""
    assert facts_json(NO_FACTS).keys() <= body.model_fields.keys()
