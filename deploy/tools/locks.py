"""Installs what the lock files pin, as it stands, and pins anew.

    python -I deploy/tools/locks.py install LOCK… [--project FOLDER [--editable]] [--into PYTHON] [--no-compile]
    python -I deploy/tools/locks.py download LOCK… --to FOLDER [--python-version 3.11]
    python -I deploy/tools/locks.py compile [LOCK…] [--upgrade]

`install` and `download` resolve nothing: pip is given `--no-deps`, a hash for each file, and takes wheels only, because
a source distribution is built with whatever fits its build requirements on that day. So no release that is made later
can change or break an installation. What a lock is for is then looked for among what was installed, without any index;
where something is missing, the lock is incomplete, and installing it has failed.

It needs Python 3.11 and pip 22.3, or newer, and nothing else; `compile` needs uv.
"""

import argparse
import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
AS_PINNED = ("--no-deps", "--require-hashes", "--only-binary=:all:")


class LockError(Exception):
    """What went wrong, and what was expected; how, the tool that was called has told."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock file by its name, and what it is for, as `[tool.locks]` of pyproject.toml says.

    It pins what these dependency groups ask for and what that requires in turn. The group "project" are the project's
    own dependencies; with the group "alone" what is required in turn is left out.
    """

    name: str
    groups: Sequence[str]

    def option(self) -> str:
        """Return what names it to pip."""
        return f"--requirement={ROOT / self.name}"

    def requirements(self) -> list[str]:
        """Return what is asked for."""
        asked = {**pyproject()["dependency-groups"], "project": pyproject()["project"]["dependencies"], "alone": []}
        return [requirement for group in self.groups for requirement in asked[group]]


def pyproject() -> dict[str, Any]:
    """Return what pyproject.toml says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def locks_named(names: Sequence[str]) -> list[Lock]:
    """Return these locks, or all of them, in the order in which they are pinned."""
    known = {name: Lock(name, groups) for name, groups in pyproject()["tool"]["locks"].items()}
    if unknown := [name for name in names if name not in known]:
        raise LockError(f"{unknown[0]} is no lock; expected one of {', '.join(known)}")
    return [known[name] for name in names or known]


def pip(python: str, *arguments: str, environment: Mapping[str, str] | None = None) -> bool:
    """Run pip for an interpreter, and return whether it succeeded; it says on stderr what went wrong."""
    into = [] if python == sys.executable else [f"--python={python}"]
    run = [sys.executable, "-Im", "pip", "--quiet", "--disable-pip-version-check", *into, *arguments]
    return subprocess.run(run, check=False, env=environment).returncode == 0


def install(python: str, locks: Sequence[Lock], options: Sequence[str]) -> None:
    """Install each wheel that the locks pin for this Python, and nothing else."""
    if not pip(python, "install", *AS_PINNED, *options, *(lock.option() for lock in locks)):
        raise LockError(
            f"{_all(locks)} could not be installed as pinned; expected an index with each pinned wheel, "
            "and among them one for this Python and this platform"
        )


def install_project(python: str, folder: str, options: Sequence[str], *, editable: bool) -> None:
    """Install a project with the build tools that are there, and nothing of what it depends on."""
    target = ["--editable", folder] if editable else ["--force-reinstall", folder]
    if not pip(python, "install", "--no-deps", "--no-build-isolation", *options, *target):
        raise LockError(f"the project in {folder} could not be installed with the build tools that the locks pin")


def check(python: str, locks: Sequence[Lock]) -> None:
    """Let pip find all that the locks are for in what is installed: each extra, and what is required in turn.

    `pip check` would not do: it knows neither what was asked for nor which extras.
    """
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    alone["PIP_CONFIG_FILE"] = os.devnull
    wanted = [requirement for lock in locks for requirement in lock.requirements()]
    if not pip(python, "install", "--dry-run", "--no-index", *wanted, environment=alone):
        raise LockError(
            f"incomplete: {_all(locks)}; what is named above is required and not pinned (make lock pins it)"
        )


def download(locks: Sequence[Lock], folder: str, python_version: str | None) -> None:
    """Fetch each wheel that the locks pin into a folder, for this Python or another one."""
    version = [f"--python-version={python_version}"] if python_version else []
    if not pip(
        sys.executable, "download", *AS_PINNED, *version, f"--dest={folder}", *(lock.option() for lock in locks)
    ):
        raise LockError(f"{_all(locks)} could not be fetched as pinned; expected an index with each pinned wheel")


def compile_lock(lock: Lock, *, upgrade: bool) -> None:
    """Pin what a lock is for, with the hash of each file, for all platforms; what still fits stays as it is."""
    wanted = [f"--group={group}" for group in lock.groups if group in pyproject()["dependency-groups"]]
    wanted += ["pyproject.toml"] if "project" in lock.groups else []
    # What is installed together has one version of each package: the locks beside pyproject.toml, one after the other.
    together = [other.name for other in locks_named([]) if "/" not in other.name]
    before = together[: together.index(lock.name)] if lock.name in together else []
    options = [*(["--no-deps"] if "alone" in lock.groups else []), *(["--upgrade"] if upgrade else [])]
    options += [f"--constraint={name}" for name in before]
    options += ["--quiet", "--universal", "--python-version=3.11", "--generate-hashes", "--no-emit-index-url"]
    options += ["--custom-compile-command=make lock", f"--output-file={lock.name}"]
    run = [sys.executable, "-Im", "uv", "pip", "compile", *wanted, *options]
    if subprocess.run(run, check=False, cwd=ROOT).returncode:
        raise LockError(f"{lock.name} could not be pinned")


def _all(locks: Sequence[Lock]) -> str:
    return " and ".join(lock.name for lock in locks)


def arguments() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="locks.py", description="Install what the lock files pin, or pin anew.")
    commands = parser.add_subparsers(dest="command", required=True)
    installing = commands.add_parser("install", help="install what locks pin, and check that nothing is missing")
    installing.add_argument("locks", nargs="+", metavar="LOCK")
    installing.add_argument("--project", metavar="FOLDER", help="install this project too")
    installing.add_argument("--editable", action="store_true", help="let the project run from its folder")
    installing.add_argument(
        "--into", metavar="PYTHON", default=sys.executable, help="an environment, with or without pip"
    )
    installing.add_argument("--no-compile", action="store_true", help="make no byte code")
    fetching = commands.add_parser("download", help="fetch what locks pin into a folder")
    fetching.add_argument("locks", nargs="+", metavar="LOCK")
    fetching.add_argument("--to", metavar="FOLDER", required=True)
    fetching.add_argument("--python-version", metavar="X.Y", help="for another Python than this")
    pinning = commands.add_parser("compile", help="pin anew what pyproject.toml asks for")
    pinning.add_argument("locks", nargs="*", metavar="LOCK")
    pinning.add_argument("--upgrade", action="store_true", help="take the newest versions, not those that are pinned")
    return parser.parse_args()


def main() -> None:
    """Do what was asked, or end with status 1 and a sentence."""
    asked = arguments()
    try:
        locks = locks_named(asked.locks)
        if asked.command == "install":
            options = ["--no-compile"] if asked.no_compile else []
            install(asked.into, locks, options)
            if asked.project:
                install_project(asked.into, asked.project, options, editable=asked.editable)
            check(asked.into, locks)
        elif asked.command == "download":
            download(locks, asked.to, asked.python_version)
        else:
            for lock in locks:
                compile_lock(lock, upgrade=asked.upgrade)
    except LockError as error:
        sys.exit(f"locks.py: {error}.")


if __name__ == "__main__":
    main()
