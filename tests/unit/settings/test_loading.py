"""Which file is read, and what is said where there is none."""

from pathlib import Path

import pytest

from jobwatchd.errors import ConfigError
from jobwatchd.settings import load_settings, loading


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder, with a default file that is not there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(loading, "DEFAULT_FILE", tmp_path / "etc" / "jobwatchd.yaml")
    return tmp_path


def refusal(path: Path | None, **env: str) -> str:
    """Return why nothing can be loaded."""
    with pytest.raises(ConfigError) as caught:
        load_settings(path, env)
    return str(caught.value)


def test_without_a_file_the_options_are_named(folder: Path) -> None:
    """Who calls the command alone is told how to name a file."""
    assert refusal(None).startswith(f"{folder}/etc/jobwatchd.yaml: the configuration file cannot be read: No such file")
    assert refusal(None).endswith("named with -c FILE or in $JOBWATCHD_CONFIG; the README shows a short one")


def test_a_file_in_the_present_folder_is_suggested(folder: Path) -> None:
    """It is not taken unasked: the daemon may be started from anywhere."""
    (folder / "jobwatchd.yaml").touch()
    assert refusal(None).endswith("; did you mean -c jobwatchd.yaml?")


def test_a_slip_in_the_name_is_recognised(folder: Path) -> None:
    """The file beside it that is called nearly so is suggested."""
    (folder / "jobwatchd.yaml").touch()
    assert refusal(folder / "jobwachd.yml").endswith(f"; did you mean {folder}/jobwatchd.yaml?")
    assert refusal(None, JOBWATCHD_CONFIG="jobwatch.yaml").endswith("; did you mean jobwatchd.yaml?")
