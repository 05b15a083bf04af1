"""The names in the package: each has one meaning, and the docstring of a package names the modules that there are."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "daemon/jobwatchd"
PACKAGES = sorted(init.parent for init in PACKAGE.rglob("__init__.py"))

# Names that stand in two modules, and why they may.
ALLOWED = {
    "Heartbeats": "a port, and the one class of the engine that keeps it",
    "Watchlist": "a port, and the one class of the engine that keeps it",
    "main": "what `python -m` starts: the command line, and the simulator",
    "events": "the command, and the table of that name",
    "show": "a command of two groups: of presets, and of watches",
    "read_job": "each kind of source reads its own",
    "Problem": "of the configuration; the web's is called so in the API's schema",
    # Still to be renamed: each means two things.
    "Count": "a counter, a setting, a number in an answer",
    "HeaderName": "of a description, of a setting",
    "Listing": "a section of a description, an answer of a source",
    "Misfit": "a job that does not fit its source, an expression that does not fit an answer",
    "Text": "of a template, of a setting, of an answer",
    "UnreadableError": "of a file, of an answer",
    "told": "of a file, of a key",
}


def defined(module: Path) -> Iterator[str]:
    """Yield the public classes, functions and types that a module defines; not its numbers, nor its type variables."""
    for node in ast.parse(module.read_text("utf-8")).body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found = name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                found = name
            case _:
                continue
        if not found.startswith("_") and not found.isupper():
            yield found


def twice(package: Path) -> Mapping[str, list[str]]:
    """Return the names that more than one module of a package defines, with the modules."""
    where = defaultdict(list)
    for module in sorted(package.rglob("*.py")):
        if "migrations" not in module.parts:
            for name in set(defined(module)):
                where[name].append(str(module.relative_to(package)))
    return {name: modules for name, modules in where.items() if len(modules) > 1}


def test_no_name_has_two_meanings() -> None:
    """Whoever looks for the place where a name is defined finds one."""
    assert {name: modules for name, modules in twice(PACKAGE).items() if name not in ALLOWED} == {}


def test_what_is_allowed_is_there() -> None:
    """An exception that nobody needs any more is taken off the list."""
    assert sorted(ALLOWED.keys() - twice(PACKAGE).keys()) == []


def test_a_name_that_is_defined_twice_is_noticed(tmp_path: Path) -> None:
    """Classes, functions and types, however they are defined; a test that finds none would never fail."""
    (tmp_path / "one.py").write_text("class Job: ...\nPAGE = 1\nKey = str\nasync def look(): ...\n")
    (tmp_path / "two.py").write_text("Job: type = int\nPAGE = 2\nclass Key: ...\ndef look(): ...\ndef _own(): ...\n")
    assert twice(tmp_path) == {name: ["one.py", "two.py"] for name in ("Job", "Key", "look")}


def modules_of(package: Path) -> set[str]:
    """Return the names of the modules and folders of a package."""
    folders = {path.name for path in package.iterdir() if any(path.glob("*.py"))}
    return folders | {path.stem for path in package.glob("*.py") if not path.stem.startswith("__")}


def entries(docstring: str) -> set[str]:
    """Return what a map names: identifiers in backquotes, in the items of its list."""
    items = re.findall(r"(?ms)^- .*?(?=^- |^$|\Z)", docstring)
    return {name for item in items for name in re.findall(r"`([a-z][a-z0-9_]*)/?`", item)}


def wrong(package: Path) -> tuple[set[str], set[str]]:
    """Return the modules that the map of a package leaves out, and what it names that is nowhere."""
    named = entries(ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8"))) or "")
    modules = modules_of(package)
    # A map may say of a module what it is for, by a function in it, or by a package beside this one.
    known = {name for module in package.glob("*.py") for name in defined(module)} | modules_of(PACKAGE)
    return modules - named, named - modules - known


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: str(package.relative_to(PACKAGE.parent)))
def test_the_docstring_of_a_package_is_its_map(package: Path) -> None:
    """It names every module that there is, and none that is not."""
    assert wrong(package) == (set(), set())


def test_a_map_that_is_wrong_is_noticed(tmp_path: Path) -> None:
    """Of a module that is left out, and of one that is gone."""
    (tmp_path / "__init__.py").write_text(
        '"""Things.\n\n- `here`: it is (`do_it`)\n- `gone`: it was,\n  with `that`\n"""\n'
    )
    (tmp_path / "here.py").write_text("def do_it(): ...\n")
    (tmp_path / "new.py").write_text("")
    assert wrong(tmp_path) == ({"new"}, {"gone", "that"})
