"""Installing from locks, with the pips that a Python may bring: what is pinned, and nothing that was released since."""

from typing import Any

import pytest

both = pytest.mark.parametrize("project", [pytest.param("oldest", marks=pytest.mark.slow), "newest"], indirect=True)
READY = "environment/.ready"


@pytest.fixture
def pins(index: Any) -> dict[str, str]:
    """Release all that the project needs, one of it through an extra, and return the pins."""
    return {
        "tester": index.release("tester", "1.0", requires=["cover[tables]>=1"]),
        "cover": index.release("cover", "1.0", requires=['tables>=1; extra == "tables"'], extras=["tables"]),
        "tables": index.release("tables", "1.0"),
        "builder": index.release("builder", "1.0"),
        "linter": index.release("linter", "1.0"),
    }


@pytest.fixture
def locked(project: Any, pins: dict[str, str]) -> Any:
    """Return the project with complete locks."""
    project.lock("", pins["tester"], pins["cover"], pins["tables"])
    project.lock("-build", pins["builder"])
    project.lock("-dev", *pins.values())
    return project


def release_more(index: Any) -> None:
    """Release a newer version of everything, which nothing here would get along with."""
    for name in ("tester", "cover", "tables", "builder", "linter"):
        index.release(name, "2.0", requires=["nowhere"], extras=["tables"])


@both
def test_later_releases_change_nothing(locked: Any, index: Any, pins: dict[str, str]) -> None:
    """`make` installs the pinned versions, extras and all, and fetches no file but those."""
    release_more(index)
    done = locked.make("install", READY)
    assert done.returncode == 0, done.stdout + done.stderr
    assert locked.versions() == dict.fromkeys([*pins, "jobwatchd"], "1.0")
    assert index.fetched() == {f"{name}-1.0-py3-none-any.whl" for name in pins}


@both
def test_fetching_wheels_fetches_those_that_are_pinned(locked: Any, index: Any) -> None:
    """What another machine is to install from is what the lock says."""
    release_more(index)
    done = locked.locks("download", "requirements.lock", "--to", "wheels", "--python-version", "3.11")
    assert done.returncode == 0, done.stdout + done.stderr
    found = {file.name for file in (locked.folder / "wheels").iterdir()}
    assert found == {f"{name}-1.0-py3-none-any.whl" for name in ("tester", "cover", "tables")} == index.fetched()


@both
def test_a_lock_that_lacks_what_an_extra_needs_fails(locked: Any, index: Any, pins: dict[str, str]) -> None:
    """Although the index has it, and although nothing asks for it by itself."""
    locked.lock("", pins["tester"], pins["cover"])
    done = locked.make("install")
    assert done.returncode != 0
    assert "tables" in done.stderr
    assert "incomplete: requirements.lock and requirements-build.lock; what is named above is required" in done.stderr
    assert not (locked.folder / "environment/.ready-runtime").exists()
    assert "tables-1.0-py3-none-any.whl" not in index.fetched()


@pytest.mark.slow
def test_a_lock_that_lacks_what_is_asked_for_fails(locked: Any, pins: dict[str, str]) -> None:
    """A development tool that was added to pyproject.toml only."""
    locked.lock("-dev", *(pin for name, pin in pins.items() if name != "linter"))
    done = locked.locks("install", "requirements-dev.lock")
    assert done.returncode == 1
    assert "linter>=1" in done.stderr
    assert "incomplete: requirements-dev.lock; what is named above is required" in done.stderr


@pytest.mark.slow
def test_a_lock_that_pins_another_version_than_is_allowed_fails(locked: Any, index: Any, pins: dict[str, str]) -> None:
    """As after a merge of two changes that did not know of each other."""
    locked.lock("", index.release("tester", "0.9"), pins["cover"], pins["tables"])
    done = locked.locks("install", "requirements.lock")
    assert done.returncode == 1
    assert "tester>=1" in done.stderr


def test_a_file_that_was_replaced_is_refused(locked: Any, index: Any) -> None:
    """The same name and version, with something else in it."""
    index.release("tables", "1.0", requires=["nowhere"])
    done = locked.make("install")
    assert done.returncode != 0
    assert "HASH" in done.stderr
    assert "tables" not in locked.versions()


def test_nothing_is_built_from_source(locked: Any, index: Any, pins: dict[str, str]) -> None:
    """A source distribution would be built with whatever fits its build requirements today."""
    source = index.folder / "sourced/sourced-1.0.tar.gz"
    source.parent.mkdir()
    source.write_bytes(b"never looked at")
    locked.lock("", pins["tester"], pins["cover"], pins["tables"], index.pin("sourced", "1.0", source))
    done = locked.make("install")
    assert done.returncode != 0
    assert "expected an index with each pinned wheel" in done.stderr
    assert source.name not in index.fetched()


def test_an_unknown_lock_is_named(locked: Any) -> None:
    """A mistyped name is no traceback."""
    done = locked.locks("install", "requirement.lock")
    assert done.returncode == 1
    assert done.stderr.startswith("locks.py: requirement.lock is no lock; expected one of requirements.lock, ")
