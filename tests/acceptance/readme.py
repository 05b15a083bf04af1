"""The commands of the README and of the pages in docs/, for tests to run.

A comment on the line before a fenced block, `<!-- test: NAME -->`, says which test runs it. In a `console` block the
lines that begin with `$ ` are commands, up to the next one; what is printed there for people to compare begins with
something else and has a blank line before it. `sudo` is dropped: tests are root where that matters.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).parents[2]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
_MARKED = re.compile(
    r"^<!-- test: (?P<name>[a-z-]+) -->\n(?P<fence>```(?P<language>\w*)\n(?P<body>.*?)^```$)?", re.MULTILINE | re.DOTALL
)


class Block(NamedTuple):
    """A marked block; `body` is None where no fenced block follows the marker."""

    name: str
    language: str
    body: str | None


def text() -> str:
    """Return all pages, one after another."""
    return "\n".join(page.read_text("utf-8") for page in PAGES)


def marked() -> Sequence[Block]:
    """Return all marked blocks of the pages."""
    found = _MARKED.finditer(text())
    return [Block(each["name"], each["language"] or "", each["body"]) for each in found]


def blocks(name: str) -> Sequence[str]:
    """Return the marked blocks of one name: of `console` blocks the commands as a shell script, of others the text."""
    return [
        _script(each.body) if each.language == "console" else each.body
        for each in marked()
        if each.name == name and each.body
    ]


def _script(body: str) -> str:
    """Return the commands of a block; each goes on to the next line that begins with `$ `, or to a blank line."""
    commands: list[str] = []
    inside = False
    for line in body.splitlines():
        inside = line.startswith("$ ") or (inside and bool(line))
        if inside:
            commands.append(re.sub(r"^\$ (sudo )?", "", line))
    return "\n".join(commands)
