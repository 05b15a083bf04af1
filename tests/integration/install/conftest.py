"""A package index of this test's own, as a real HTTP server, and a small project that is installed from it.

The project is installed by this repository's own Makefile and deploy/tools/locks.py, as they are.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[3]
PIPS = ROOT / "build/tools/pips"
# Builds a project of no files, for pip, without asking for anything.
BACKEND = """
from zipfile import ZipFile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "jobwatchd-1.0-py3-none-any.whl"
    info = "jobwatchd-1.0.dist-info"
    with ZipFile(f"{folder}/{name}", "w") as wheel:
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: jobwatchd\\nVersion: 1.0\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return name

build_editable = build_wheel
"""
PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "backend"
backend-path = ["."]
[project]
name = "jobwatchd"
version = "1.0"
dependencies = ["tester>=1"]
[dependency-groups]
build = ["builder>=1"]
dev = ["linter>=1"]
[tool.locks]
"requirements.lock" = ["project"]
"requirements-build.lock" = ["build"]
"requirements-dev.lock" = ["project", "build", "dev"]
"""


class _Handler(SimpleHTTPRequestHandler):
    """Serves a folder, and remembers which files were fetched."""

    asked: list[str]

    def __init__(self, asked: list[str], *arguments: Any, **options: Any) -> None:
        self.asked = asked
        super().__init__(*arguments, **options)

    def do_GET(self) -> None:
        """Answer, and remember."""
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@dataclass
class Index:
    """Packages that can be released, at an address."""

    folder: Path
    url: str
    asked: list[str]

    def release(self, name: str, version: str, requires: Sequence[str] = (), extras: Sequence[str] = ()) -> str:
        """Release a wheel, and return the line of a lock that pins it."""
        file = self.folder / name / f"{name}-{version}-py3-none-any.whl"
        file.parent.mkdir(parents=True, exist_ok=True)
        info = f"{name}-{version}.dist-info"
        metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
        metadata += [f"Provides-Extra: {extra}" for extra in extras] + [f"Requires-Dist: {one}" for one in requires]
        with ZipFile(file, "w") as wheel:
            wheel.writestr(f"{name}.py", f"version = {version!r}\n")
            wheel.writestr(f"{info}/METADATA", "\n".join(metadata) + "\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
        return self.pin(name, version, file)

    def pin(self, name: str, version: str, file: Path) -> str:
        """Return the line of a lock that pins a file."""
        return f"{name}=={version} --hash=sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}\n"

    def fetched(self) -> set[str]:
        """Return the files that were fetched, without the pages that list files."""
        return {path.rpartition("/")[2] for path in self.asked if not path.endswith("/")}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """Serve an index that has nothing yet."""
    folder, asked = tmp_path / "index", []  # type: tuple[Path, list[str]]
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, asked, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Index(folder, f"http://127.0.0.1:{server.server_port}", asked)
        server.shutdown()
        thread.join()


@dataclass
class Project:
    """A project with this repository's Makefile, and an environment with a certain pip that it is installed into."""

    folder: Path
    index: Index

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.folder / "environment/bin/python"

    def lock(self, suffix: str, *pins: str) -> None:
        """Write a lock."""
        (self.folder / f"requirements{suffix}.lock").write_text("".join(pins))

    def make(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run make as on a machine that knows of nothing but the index."""
        return self._run("make", "VENV=environment", *arguments)

    def locks(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run deploy/tools/locks.py there."""
        return self._run(str(self.python), "-I", "deploy/tools/locks.py", *arguments)

    def versions(self) -> Mapping[str, str]:
        """Return what is installed, by name."""
        found = (
            folder.name.removesuffix(".dist-info") for folder in self.folder.glob("environment/lib/*/*/*.dist-info")
        )
        return dict(name.split("-") for name in found if not name.startswith(("pip-", "setuptools-")))

    def _run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        (home := self.folder / "home").mkdir(exist_ok=True)
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PIP_CONFIG_FILE": os.devnull}
        environment |= {"PIP_INDEX_URL": self.index.url, "PIP_NO_CACHE_DIR": "1"}
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=120
        )


@pytest.fixture(scope="session")
def pips(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Return folders with the oldest pip that a Python 3.11 brings, and the newest there is."""
    if not (PIPS / ".ready").exists():
        pytest.skip(f"{PIPS.relative_to(ROOT)} is missing; `make {PIPS.relative_to(ROOT)}/.ready` fetches it")
    folders = {name: tmp_path_factory.mktemp(name) for name in ("oldest", "newest")}
    for name, folder in folders.items():
        [wheel] = (PIPS / name).glob("pip-*.whl")
        ZipFile(wheel).extractall(folder)
    return folders


@pytest.fixture(params=["newest"])
def project(tmp_path: Path, index: Index, pips: Mapping[str, Path], request: pytest.FixtureRequest) -> Project:
    """Return a project with no locks, and an environment with the newest pip, or the one that a test asks for."""
    if request.param == "oldest" and sys.version_info >= (3, 12):
        pytest.skip("the oldest pip of Python 3.11 does not run on a newer Python")
    folder = tmp_path / "project"
    (folder / "deploy/tools").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    shutil.copy(ROOT / "deploy/tools/locks.py", folder / "deploy/tools")
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "backend.py").write_text(BACKEND)
    subprocess.run([sys.executable, "-Im", "venv", "--without-pip", folder / "environment"], check=True)
    [packages] = folder.glob("environment/lib/*/site-packages")
    for part in pips[request.param].iterdir():
        (packages / part.name).symlink_to(part)
    return Project(folder, index)
