"""What the image says of itself, and where that is from."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCKERFILE = (ROOT / "deploy/container/Dockerfile").read_text()
LAST_STAGE = DOCKERFILE.rpartition("\nFROM ")[2]
LABELS = dict(re.findall(r'org\.opencontainers\.image\.([a-z.]+)="([^"]*)"', LAST_STAGE))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_image_has_the_usual_labels() -> None:
    """Those of the Open Container Initiative that scanners and registries show."""
    usual = "title description authors licenses version revision created source url documentation base.name"
    assert LABELS.keys() >= set(usual.split())


def test_what_is_known_beforehand_is_what_the_package_says() -> None:
    """The image and the package are told of in the same words."""
    assert LABELS["title"] == PROJECT["name"]
    assert LABELS["description"] == PROJECT["description"]
    assert LABELS["licenses"] == PROJECT["license"]
    assert LABELS["authors"] == PROJECT["authors"][0]["name"]


def test_what_a_label_takes_is_an_argument_of_its_stage() -> None:
    """An argument that is not declared there is empty, and nobody says so."""
    taken = set(re.findall(r"\$\{(\w+)\}", " ".join(LABELS.values())))
    assert taken <= set(re.findall(r"(?m)^ARG (\w+)", LAST_STAGE))


@pytest.fixture
def arguments(tmp_path: Path) -> Callable[..., Mapping[str, str]]:
    """Return what gives the build arguments of a checkout with these addresses and this origin."""
    (tmp_path / "deploy/tools").mkdir(parents=True)
    shutil.copy(ROOT / "deploy/tools/image.py", tmp_path / "deploy/tools")

    def run(urls: str = "", origin: str = "", **environment: str) -> Mapping[str, str]:
        (tmp_path / "pyproject.toml").write_text(f'[project]\nname = "x"\nversion = "1.2"\n[project.urls]\n{urls}\n')
        if origin:
            subprocess.run(["git", "init", "-q", tmp_path], check=True)
            subprocess.run(["git", "-C", tmp_path, "remote", "add", "origin", origin], check=True)
        command: list[str | Path] = [sys.executable, "-I", tmp_path / "deploy/tools/image.py"]
        known = {"PATH": os.environ["PATH"], "GIT_CEILING_DIRECTORIES": str(tmp_path.parent), **environment}
        printed = subprocess.run(command, env=known, capture_output=True, text=True, check=True).stdout
        return dict(re.findall(r"--build-arg=(\w+)=(.*)", printed))

    return run


def test_addresses_are_those_of_the_package(arguments: Callable[..., Mapping[str, str]]) -> None:
    """Written once, under the names that package indexes know."""
    urls = 'Homepage = "https://a.example"\nDocumentation = "https://b.example"\n"Source Code" = "https://c.example"'
    found = arguments(urls, origin="https://d.example/x.git")
    assert (found["URL"], found["DOCUMENTATION"], found["SOURCE"]) == (
        "https://a.example",
        "https://b.example",
        "https://c.example",
    )


def test_the_source_is_where_the_checkout_is_from(arguments: Callable[..., Mapping[str, str]]) -> None:
    """As a page, and without the password that git may have in it."""
    assert arguments(origin="https://me:secret@d.example/x.git")["SOURCE"] == "https://d.example/x"


@pytest.mark.parametrize("origin", ["", "/srv/git/x.git", "git@d.example:x.git"])
def test_an_address_that_is_not_known_is_not_made_up(arguments: Callable[..., Mapping[str, str]], origin: str) -> None:
    """Nothing is printed for it, nor for the revision of what is no checkout."""
    assert arguments(origin=origin).keys() == {"VERSION", "CREATED"}


def test_an_image_can_be_built_again_with_the_same_date(arguments: Callable[..., Mapping[str, str]]) -> None:
    """SOURCE_DATE_EPOCH stands for the time of building."""
    assert arguments(SOURCE_DATE_EPOCH="1764043200")["CREATED"] == "2025-11-25T04:00:00Z"
