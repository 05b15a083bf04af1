"""A configuration in a folder of its own, to be broken in one place or another."""

from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from jobwatchd.settings.json_schema import config_schema
from unit.settings.desk import Desk


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
