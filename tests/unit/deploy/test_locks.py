"""The locks: each pins what pyproject.toml asks for, file by file, and nothing is installed but through them."""

import re
import tomllib
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS: dict[str, list[str]] = PYPROJECT["tool"]["locks"]
SCRIPTS = (
    "systemd/install.sh",
    "deploy/container/Dockerfile",
    "tests/acceptance/kubernetes/tools.sh",
    "tests/jobservers/install.sh",
)
TOGETHER = [name for name in LOCKS if "/" not in name]
# What installs, however it is called.
INSTALLS = re.compile(
    r"""\bpip3?['", ]+(?:\S+ )*?['"]?(?:install|download|wheel)\b"""
    r"""|\bpipx\b|\buv (?:pip )?(?:install|sync|add|tool|run)\b"""
)


def pins(name: str) -> Mapping[str, str]:
    """Return the version of each package that a lock pins."""
    return dict(re.findall(r"(?m)^([A-Za-z0-9._-]+)==([^\s;]+)", (ROOT / name).read_text()))


def test_each_lock_is_declared_and_each_that_is_declared_is_there() -> None:
    """A lock that nobody pins anew grows old, and one that is missing breaks an installation."""
    files = [
        *ROOT.glob("*.lock"),
        *ROOT.glob("deploy/tools/*.lock"),
        *ROOT.glob("tests/**/*.lock"),
        *ROOT.glob("deploy/**/*.lock"),
    ]
    assert {str(file.relative_to(ROOT)) for file in files} == set(LOCKS)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_what_is_asked_for(name: str) -> None:
    """In a version that is allowed: whoever adds a dependency pins it, and whoever merges locks keeps it."""
    asked = {**PYPROJECT["dependency-groups"], "project": PYPROJECT["project"]["dependencies"], "alone": []}
    pinned = pins(name)
    for requirement in (Requirement(text) for group in LOCKS[name] for text in asked[group]):
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_nothing_but_files(name: str) -> None:
    """Each entry is one version with its hashes; there is no address in it, and no option."""
    text = re.sub(r"(?m)^ *#.*\n", "", (ROOT / name).read_text())
    entry = r"[a-z0-9][a-z0-9._-]*==\S+(?: ; [^\n\\]+?)?(?: \\\n    --hash=sha256:[0-9a-f]{64})+"
    left = re.sub(rf"(?m)^{entry}$", "", text)
    assert left.strip() == ""


def test_locks_that_are_installed_together_agree() -> None:
    """Each package has one version in them."""
    for one, other in combinations(map(pins, TOGETHER), 2):
        assert {name for name in one.keys() & other if one[name] != other[name]} == set()


def test_nothing_is_installed_but_through_the_locks() -> None:
    """Each line of a script, a build or a test that installs leaves nothing to be resolved."""
    patterns = (
        "Makefile",
        ".ci/*",
        "deploy/**/Dockerfile",
        "deploy/**/*.y*ml",
        "systemd/*",
        "deploy/tools/*.py",
        "tests/**/*",
    )
    files = {file for pattern in patterns for file in ROOT.glob(pattern) if file.suffix not in {".lock", ".pyc"}}
    texts = [file.read_text() for file in files - {Path(__file__)} if file.is_file()]
    lines = (line.strip() for text in texts for line in text.splitlines())
    installing = {line for line in lines if INSTALLS.search(line) and not line.startswith("#")}
    assert {line for line in installing if "--no-deps" not in line} == set()


@pytest.mark.parametrize("file", ["Makefile", *SCRIPTS])
def test_what_installs_does_so_by_one_script(file: str) -> None:
    """The one that is tried with the oldest and the newest pip."""
    assert re.search(r"(?:locks\.py\"?|\$\(LOCKS\)) install\b", (ROOT / file).read_text())


@pytest.mark.parametrize(
    "line",
    [
        "python -m pip install -r requirements.lock",
        "pip3 install x",
        '"$venv/bin/pip" --quiet install x',
        '["python", "-m", "pip", "install", "x"]',
        "pip download -d wheels -r requirements.lock",
        "uv pip install x",
        "uv sync",
        "pipx run x",
    ],
)
def test_what_installs_is_recognised(line: str) -> None:
    """However it is called."""
    assert INSTALLS.search(line)
