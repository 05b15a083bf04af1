"""A kind that nothing else knows of: its secrets are found by their types, wherever they are."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, SecretBytes, SecretStr, create_model

from jobwatchd.errors import ConfigError
from jobwatchd.kinds.secrets import SecretField, Shape, secret_fields, secret_recipe, without_filed_secrets
from jobwatchd.kinds.source import SourceContext, SourceSection
from jobwatchd.redaction import MASK, Redactor
from jobwatchd.settings import Settings, effective, load_settings, loading
from jobwatchd.values.secrets import HeaderSecret, Password
from jobwatchd.values.section import Section


@dataclass(frozen=True)
class Pin:
    """Not of pydantic."""

    digits: SecretStr


class Depth(Section):
    """A section within a section."""

    phrase: Password
    phrase_file: Path | None = None


class Odd(SourceSection):
    """Has secrets in every odd place."""

    kind: Literal["odd"]
    account: str = "root"
    pass_word: Password
    pass_word_file: Path | None = None
    keys: tuple[HeaderSecret, ...] = ()
    key_files: tuple[Path, ...] = ()
    lines: tuple[HeaderSecret, ...] | None = None
    lines_file: Path | None = None
    raw: SecretBytes | None = None
    named: dict[str, list[SecretStr]] = Field(default_factory=dict)
    bag: frozenset[SecretStr] = frozenset()
    pin: Pin | None = None
    depth: Depth | None = None

    def build(self, context: SourceContext) -> Any:
        """Return nothing: nobody builds it here."""


SECTION: dict[str, Any] = {
    "kind": "odd",
    "pass_word": "planted-1",
    "keys": ["planted-2"],
    "lines": ["Bearer planted-3"],
    "raw": b"planted-4",
    "named": {"x": ["planted-5"]},
    "bag": ["planted-6"],
    "pin": {"digits": "planted-7"},
    "depth": {"phrase": "planted-8"},
}


def odd(**keys: Any) -> Odd:
    """Return a section with all its secrets, but for what `keys` say."""
    return Odd.model_validate(SECTION | keys)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of a configuration that may have sources of this kind."""
    settings = create_model("Settings", __base__=Settings, sources=(dict[str, Annotated[Odd, Field()]], ...))
    monkeypatch.setattr(loading, "Settings", settings)
    return tmp_path / "jobwatchd.yaml"


def load(file: Path, text: str) -> Settings:
    """Load a configuration."""
    file.write_text(text)
    return load_settings(file, {}, secrets_folder=file.parent / "secrets")


def test_each_secret_is_known_to_redaction() -> None:
    """In lists, mappings, sets, of other types, and in other sections."""
    settings = create_model("Settings", __base__=Settings, sources=(dict[str, Odd], ...))(sources={"x": odd()})
    redactor = Redactor(settings.secrets())
    told = " ".join(f"planted-{number}" for number in range(1, 9))
    assert redactor.redact(told) == " ".join([MASK] * 8)


def test_what_a_login_sends_is_known_to_redaction() -> None:
    """Name and secret together, in base64."""
    settings = create_model("Settings", __base__=Settings, sources=(dict[str, Odd], ...))(sources={"x": odd()})
    assert "cm9vdDpwbGFudGVkLTE=" in settings.secrets()


def test_nothing_of_it_is_shown(file: Path) -> None:
    """Not even in the effective configuration."""
    settings = load(file, "sources: {x: {kind: odd, pass_word: planted-1, named: {x: [planted-2]}}}\n")
    assert "planted" not in effective(settings)


def test_a_mistake_shows_nothing_of_it(file: Path) -> None:
    """Whatever the key is called."""
    with pytest.raises(ConfigError) as caught:
        load(file, "sources: {x: {kind: odd, pass_word: p, lines: [], raw: 123456789}}\n")
    assert "123456789" not in str(caught.value)


def test_its_files_are_found_by_their_names() -> None:
    """One secret in one file; several in one, or in several."""
    assert secret_fields(Odd) == (
        SecretField("pass_word", "pass_word_file", Shape.ONE),
        SecretField("keys", "key_files", Shape.FILES),
        SecretField("lines", "lines_file", Shape.LINES),
        SecretField("raw", None, Shape.ONE),
    )


def test_its_secrets_are_read_from_files(file: Path) -> None:
    """Also in a section within it."""
    (file.parent / "one").write_text("planted-1\n")
    (file.parent / "many").write_text("planted-2\nplanted-3\n")
    files = "pass_word_file: one, key_files: [many], lines_file: many, depth: {phrase_file: one}"
    source: Any = load(file, f"sources: {{x: {{kind: odd, {files}}}}}").sources["x"]
    assert source.pass_word.get_secret_value() == source.depth.phrase.get_secret_value() == "planted-1"
    assert [key.get_secret_value() for key in source.keys] == ["planted-2", "planted-3"]
    assert source.lines == source.keys


def test_a_folder_of_secrets_is_looked_into_unasked(file: Path) -> None:
    """The file is named after the key."""
    (file.parent / "secrets").mkdir()
    (file.parent / "secrets/sources.x.pass_word").write_text("planted-1\n")
    source: Any = load(file, "sources: {x: {kind: odd}}\n").sources["x"]
    assert source.pass_word.get_secret_value() == "planted-1"


def test_a_missing_secret_is_told_with_its_file(file: Path) -> None:
    """It says where else it may be."""
    with pytest.raises(ConfigError, match=r"x.pass_word: the secret is missing; expected pass_word_file, the env"):
        load(file, "sources: {x: {kind: odd}}\n")


def test_what_is_read_again_is_checked_by_its_type(tmp_path: Path) -> None:
    """As at the start, and known before it is used."""
    (tmp_path / "one").write_text("planted-9\n")
    recipe = secret_recipe("sources.x", odd(pass_word_file=tmp_path / "one"), "pass_word")
    made = recipe.make({str(tmp_path / "one"): b"planted-9\n"})
    assert made == "planted-9"
    assert {"planted-9", "cm9vdDpwbGFudGVkLTk="} <= {*recipe.secrets(made)}
    with pytest.raises(ConfigError, match=r"sources.x.pass_word: the secret holds control characters"):
        recipe.make({str(tmp_path / "one"): b"two\nlines"})
    several = secret_recipe("sources.x", odd(key_files=[tmp_path / "one"]), "keys")
    assert several.make({str(tmp_path / "one"): b"a\nb\n"}) == ("a", "b")


def test_what_is_in_files_is_no_difference(tmp_path: Path) -> None:
    """Neither in a section within it."""
    file = tmp_path / "one"
    one, other = (
        without_filed_secrets(odd(pass_word=secret, pass_word_file=file, depth={"phrase": secret, "phrase_file": file}))
        for secret in ("planted-1", "planted-2")
    )
    assert one == other
    assert without_filed_secrets(odd(pass_word="planted-2")) != without_filed_secrets(odd())
