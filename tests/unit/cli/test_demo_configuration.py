"""The demo's configuration file, as the demo uses it."""

from pathlib import Path

import pytest

from jobwatchd.cli.demo.scene import FROM_FILE
from jobwatchd.cli.demo.stage import TOO_LATE_S, Dynamic, child_environment, demo_config, overrides
from jobwatchd.kinds.source import HttpSourceSection
from jobwatchd.settings import Settings, effective, load_settings

SECRET = "whsec_Zm9yLXRoZS1kZW1vLW9ubHktbm90aGluZy1lbHNl"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of a demo's daemon."""
    dynamic = Dynamic(
        graph_url="http://127.0.0.1:1001",
        graph_password="planted-password",
        media_url="http://127.0.0.1:1002",
        media_key="planted-key",
        hook_url="http://127.0.0.1:1003/hooks",
        hook_secret=SECRET,
        database=tmp_path / "jobwatchd.db",
    )
    return load_settings(demo_config(), overrides(dynamic), secrets_folder=tmp_path)


def test_what_is_dynamic_overrides_the_file(settings: Settings, tmp_path: Path) -> None:
    """Addresses, secrets and the store are those of the run, not those of the file."""
    sources = {name: source for name, source in settings.sources.items() if isinstance(source, HttpSourceSection)}
    assert {name: str(source.base_url) for name, source in sources.items()} == {
        "graph": "http://127.0.0.1:1001",
        "media": "http://127.0.0.1:1002",
    }
    assert settings.secrets() >= {"planted-password", "planted-key", SECRET}
    assert settings.store.url == f"sqlite:///{tmp_path}/jobwatchd.db"
    assert settings.server.listen == "127.0.0.1:0"
    assert "planted" not in effective(settings)


def test_the_file_watches_the_jobs_that_the_scene_begins_with(settings: Settings) -> None:
    """File and scene name the same jobs; another would never appear, and be told as lost."""
    assert [(watch.source, watch.job) for watch in settings.watches] == [(role.source, role.job) for role in FROM_FILE]


def test_the_sink_gives_up_before_a_late_answer(settings: Settings) -> None:
    """An answer that is meant to come too late does."""
    assert settings.sinks["hook"].model_dump()["timeout"]["total"] < TOO_LATE_S


def test_children_are_not_configured_by_the_callers_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon's own variables, and the service manager's, stay with the demo; all else is passed on."""
    monkeypatch.setenv("JOBWATCHD_SERVER__LISTEN", ":1")
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/notify")
    monkeypatch.setenv("SOMETHING_ELSE", "kept")
    environment = child_environment()
    assert not {"JOBWATCHD_SERVER__LISTEN", "NOTIFY_SOCKET"} & environment.keys()
    assert environment["SOMETHING_ELSE"] == "kept"
