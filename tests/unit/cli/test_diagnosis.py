"""What is wrong with a job API, as somebody is told who wrote its configuration."""

import pytest

from jobwatchd.cli.diagnosis import diagnose
from jobwatchd.errors import JobNotFound, SourceError, SourceUnauthorized, SourceUnavailable
from jobwatchd.sources.telestream_up.section import TelestreamUpSettings


def _section(**more: str) -> TelestreamUpSettings:
    return TelestreamUpSettings.model_validate(
        {"kind": "telestream-up", "base_url": "http://api.test:7002", "api_key": "planted-key", **more}
    )


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (SourceUnavailable("GET x failed: Connection refused"), "nothing listens at api.test:7002"),
        (SourceUnavailable("GET x failed: Name or service not known"), "the name api.test cannot be resolved"),
        (SourceUnavailable("GET x failed: no connection within 5 s"), "api.test:7002 does not answer: no connection"),
        (SourceUnavailable("GET x answered: HTTP request to an HTTPS server"), "write https:// instead of http://"),
        (SourceUnavailable("GET x answered HTTP 500."), "GET x answered HTTP 500"),
        (SourceUnauthorized("GET x answered HTTP 401"), "look at sources.media.api_key"),
        (JobNotFound("GET x answered HTTP 404"), "there is no such job (GET x answered HTTP 404)"),
    ],
)
def test_the_fact_and_the_key_are_told(error: SourceError, told: str) -> None:
    """Never a secret."""
    sentence = diagnose(error, "media", _section())
    assert told in sentence
    assert "planted" not in sentence


def test_a_proxy_is_asked_about_where_there_is_one() -> None:
    """The API itself may be well."""
    section = _section(proxy="http://proxy.test:3128")
    assert "sources.media.proxy" in diagnose(SourceUnavailable("could not connect: failed: refused"), "media", section)
