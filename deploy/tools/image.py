"""Prints what an image has to be told when it is built, as --build-arg options for deploy/container/Dockerfile.

    docker build -f deploy/container/Dockerfile -t jobwatchd $(python -I deploy/tools/image.py) .

Version and addresses are those of pyproject.toml, the revision is that of git. Addresses are in `[project.urls]`, under
the names that package indexes know: source (or repository), homepage, documentation. Without them, the source is the
page that git says this checkout is from, if there is one; what is not known is not printed. SOURCE_DATE_EPOCH, in
seconds, stands for the time of building, for images that can be built again.
"""

import os
import subprocess
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import time
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]


def arguments() -> dict[str, str]:
    """Return each build argument by its name, those that are not known left out."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    urls = {name.lower().replace("-", "").replace(" ", ""): url for name, url in project.get("urls", {}).items()}
    built = datetime.fromtimestamp(float(os.environ.get("SOURCE_DATE_EPOCH") or time()), UTC)
    known = {
        "VERSION": project["version"],
        "REVISION": git("rev-parse", "HEAD"),
        "CREATED": built.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "SOURCE": first(urls, "source", "sourcecode", "repository", "github", "gitlab") or origin(),
        "URL": first(urls, "homepage"),
        "DOCUMENTATION": first(urls, "documentation", "docs"),
    }
    return {name: value for name, value in known.items() if value}


def first(urls: Mapping[str, str], *names: str) -> str:
    """Return the address under the first of these names that is there."""
    return next((urls[name] for name in names if name in urls), "")


def origin() -> str:
    """Return the page that this checkout is from, without any password, or nothing."""
    parts = urlsplit(git("remote", "get-url", "origin"))
    page = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.removesuffix('.git')}"
    return page if parts.scheme in {"http", "https"} else ""


def git(*command: str) -> str:
    """Return what git prints, or nothing where this is no checkout."""
    try:
        done = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


if __name__ == "__main__":
    print("\n".join(f"--build-arg={name}={value}" for name, value in arguments().items()))
