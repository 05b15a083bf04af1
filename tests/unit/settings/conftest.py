"""A configuration in a folder of its own, to be broken in one place or another."""

from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from jobwatchd.errors import ConfigError
from jobwatchd.settings import Settings, load_settings
from jobwatchd.settings.json_schema import config_schema

MINIMAL = """\
sources:
  graph:
    kind: nebula-explorer
    base_url: http://explorer.internal:7002
    account: root
    password: planted-password
    graphd: {address: 10.0.0.5}
  media-lab:
    kind: telestream-up
    base_url: https://up.example.com/api
    api_key: planted-api-key
"""


class Desk:
    """Writes the configuration `text` plus `more`, and loads it; `secrets` stands for /run/secrets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "jobwatchd.yaml"
        self.secrets = folder / "secrets"
        self.credentials = folder / "credentials"
        self.secrets.mkdir()
        self.credentials.mkdir()
        self.text = MINIMAL

    def load(self, more: str = "", **env: str) -> Settings:
        """Load it; `env` is the whole environment."""
        self.file.write_text(self.text + more)
        return load_settings(self.file, env, secrets_folder=self.secrets)

    def problems(self, more: str = "", **env: str) -> tuple[str, ...]:
        """Return the mistakes, the file's folder taken out of them."""
        with pytest.raises(ConfigError) as caught:
            self.load(more, **env)
        return tuple(problem.replace(f"{self.folder}/", "") for problem in caught.value.problems)

    def problem(self, more: str = "", **env: str) -> str:
        """Return the only mistake there is."""
        (problem,) = self.problems(more, **env)
        return problem


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Give a desk with a configuration that is right."""
    return Desk(tmp_path)


@pytest.fixture
def edit(desk: Desk) -> Callable[[str, str], Desk]:
    """Replace a part of the configuration, which has to be there."""

    def replace(old: str, new: str) -> Desk:
        assert old in desk.text
        desk.text = desk.text.replace(old, new)
        return desk

    return replace


@pytest.fixture(scope="session")
def validator() -> Draft202012Validator:
    """Return what judges by the schema."""
    return Draft202012Validator(config_schema())
