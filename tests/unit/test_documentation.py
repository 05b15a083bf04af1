"""The pages of documentation: their links resolve, all are found from the README, and they name what there is."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from jobwatchd.instruments import Registry
from jobwatchd.telemetry import JobMetrics, Telemetry

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [
    README,
    *DOCS,
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "deploy").rglob("*.md")),
]


def text_of(page: Path) -> str:
    """Return a page without its code: what looks like a link or a heading there is none."""
    text = re.sub(r"(?ms)^```.*?^```$", "", page.read_text("utf-8"))
    return re.sub(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)(?!\])", lambda code: re.sub(r"[\[\]()]", "", code[0]), text)


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub and GitLab give to the headings of a page; the second of a name ends with -1."""
    found: list[str] = []
    for heading in re.findall(r"(?m)^#+ (.+)$", text_of(page)):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        found.append(f"{name}-{found.count(name)}" if name in found else name)
    return set(found)


def links(page: Path) -> Sequence[str]:
    """Return where the links of a page lead to, within the repository."""
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text_of(page)) if not re.match(r"[a-z]+:", link)]


def broken(page: Path, root: Path = ROOT) -> Iterator[str]:
    """Yield the links of a page that lead nowhere, or out of the repository."""
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not (target.exists() and target.is_relative_to(root)) or (anchor and anchor not in anchors(target)):
            yield link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Files are there, and have the headings that are linked."""
    assert list(broken(page)) == []


@pytest.mark.parametrize("link", ["docs/nothing.md", "docs/install.md#nothing", "#nothing", "/etc/hosts"])
def test_a_link_to_nowhere_is_noticed(tmp_path: Path, link: str) -> None:
    """A test that finds no links would never fail."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/install.md").write_text("# Installation\n\n```\n# nothing\n```\n")
    (tmp_path / "README.md").write_text(f"# Top\n\n[`here`](docs/install.md#installation), [there]({link})\n")
    assert list(broken(tmp_path / "README.md", tmp_path)) == [link]


def test_the_readme_is_short_and_leads_to_every_page() -> None:
    """A newcomer reads it to its end; all else is one click away."""
    assert len(README.read_text("utf-8").splitlines()) <= 130
    linked = {(ROOT / link.partition("#")[0]).resolve() for link in links(README)}
    assert [page.name for page in PAGES if page != README and page not in linked] == []


def test_every_metric_is_told() -> None:
    """The table has each name as Prometheus shows it."""
    registry = Registry()
    Telemetry(registry)
    JobMetrics(registry)
    names = [
        family.name + ("_total" if family.type == "counter" else "")
        for family in registry.collect()
        if family.name.startswith("jobwatchd_")
    ]
    page = (ROOT / "docs/metrics.md").read_text("utf-8")
    assert names
    assert [name for name in names if not re.search(rf"`{name}[`{{]", page)] == []


def test_the_map_names_every_part_of_the_package() -> None:
    """Whoever looks for the place of something finds all that there is, and nothing that was."""
    package = ROOT / "daemon/jobwatchd"
    parts = {path.name + "/" * path.is_dir() for path in package.iterdir() if not path.name.startswith(("_", "py."))}
    contributing = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    drawn = contributing.partition("daemon/jobwatchd/")[2].partition("\nconfig/")[0]
    named = set(re.findall(r"(?<= )[a-z_]+(?:/|\.py\b)", drawn)) - {"demo/"}
    assert named == parts
