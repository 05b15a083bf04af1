"""A configuration in a folder of its own, to be broken in one place or another."""

from pathlib import Path

import pytest

from jobwatchd.errors import ConfigError
from jobwatchd.settings import Settings, load_settings
from jobwatchd.sinks.webhook.section import WebhookSinkSettings
from jobwatchd.sources.http_json.section import HttpJsonSettings
from jobwatchd.sources.nebula_explorer.section import NebulaExplorerSettings

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


def explorer(settings: Settings, name: str = "graph") -> NebulaExplorerSettings:
    """Return the section of a source that is an Explorer."""
    section = settings.sources[name]
    assert isinstance(section, NebulaExplorerSettings)
    return section


def described(settings: Settings, name: str = "lab") -> HttpJsonSettings:
    """Return the section of a source that is described."""
    section = settings.sources[name]
    assert isinstance(section, HttpJsonSettings)
    return section


def webhook(settings: Settings, name: str = "ci") -> WebhookSinkSettings:
    """Return the section of a sink that is a webhook."""
    section = settings.sinks[name]
    assert isinstance(section, WebhookSinkSettings)
    return section
