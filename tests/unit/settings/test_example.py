"""The annotated example: right, complete, and true about defaults."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from jobwatchd.settings import Settings, load_settings
from jobwatchd.settings.registry import SINKS, SOURCES
from jobwatchd.values.watch_request import WatchRequest

EXAMPLE = Path(__file__).parents[3] / "config" / "jobwatchd.example.yaml"
# A description has a reference of its own; its keys would drown the rest.
VENDORS = [model for kind, model in SOURCES.items() if kind != "http-json"]
SIGNING = "whsec_Zmlyc3QtZmlyc3QtZmlyc3QtZmlyc3Q="


@pytest.fixture
def example(tmp_path: Path) -> Settings:
    """Return the example, its secret files put into a folder of the test's."""
    file = tmp_path / "jobwatchd.yaml"
    file.write_text(EXAMPLE.read_text().replace("/run/secrets/", f"{tmp_path}/"))
    for name in ("explorer-password", "up-api-key", "ci-hook-new", "ci-hook-old"):
        (tmp_path / name).write_text(f"{SIGNING}\n")
    return load_settings(file, {}, secrets_folder=tmp_path)


def keys(model: type[BaseModel]) -> Iterator[str]:
    """Yield all keys of a section and of those in it."""
    for name, field in model.model_fields.items():
        yield name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from keys(field.annotation)


def test_the_example_is_a_configuration(example: Settings) -> None:
    """It can be copied and filled in."""
    assert list(example.sources) == ["graph", "media"]
    assert list(example.sinks) == ["journal", "prometheus", "ci"]
    assert [spec.ref.source for spec in example.watch_specs()] == ["graph", "media"]


@pytest.mark.parametrize("model", [Settings, WatchRequest, *VENDORS, *SINKS.values()])
def test_the_example_shows_every_key(model: type[BaseModel]) -> None:
    """A key that is not in the example would never be found."""
    text = EXAMPLE.read_text()
    assert [key for key in keys(model) if f"{key}:" not in text] == []


def test_the_example_is_true_about_defaults(example: Settings) -> None:
    """Where no comment says otherwise, the value shown is the default."""
    for section in ("store", "server", "http", "log", "shutdown"):
        assert getattr(example, section) == Settings.model_fields[section].default
    for source, kind in (("graph", "nebula-explorer"), ("media", "telestream-up")):
        for key in ("http_client", "timeout", "tls", "proxy", "max_body", "poll"):
            assert getattr(example.sources[source], key) == SOURCES[kind].model_fields[key].default
    for key in ("tls", "timeout", "mode", "content_type", "auth", "max_body", "concurrency", "retry"):
        assert getattr(example.sinks["ci"], key) == SINKS["webhook"].model_fields[key].default


def test_the_example_is_the_same_to_any_yaml_reader() -> None:
    """It relies on none of our own readings of plain values."""
    assert yaml.safe_load(EXAMPLE.read_text()).keys() == {*Settings.model_fields}
