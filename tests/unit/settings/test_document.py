"""The YAML file: what it means, and what is refused."""

from pathlib import Path

import pytest

from jobwatchd.errors import ConfigError
from jobwatchd.settings.document import Document, read_document


def read(folder: Path, text: str | bytes) -> Document:
    """Read a file with this content."""
    file = folder / "c.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_document(file)


def refusal(folder: Path, text: str | bytes) -> str:
    """Return why a file is refused as a whole, its folder taken out."""
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    return str(caught.value).replace(f"{folder}/", "")


def complaint(folder: Path, text: str) -> str:
    """Return the one thing that is wrong in a file that can be read."""
    (problem,) = read(folder, text).problems.found
    return problem.text.replace(f"{folder}/", "")


def test_plain_values_mean_what_they_look_like(tmp_path: Path) -> None:
    """Words, leading zeros, clock times and dates stay text; numbers, true and null are what they are."""
    document = read(tmp_path, "a: [1, -2, 0.5, 1e3, true, ~, no, on, 0123, 1_000, 1:30, 2020-01-01, 0x1f]")
    text = ["no", "on", "0123", "1_000", "1:30", "2020-01-01", "0x1f"]
    assert document.tree == {"a": [1, -2, 0.5, 1000.0, True, None, *text]}


def test_keys_know_their_lines(tmp_path: Path) -> None:
    """Each key and each entry of a list has the line it stands in."""
    document = read(tmp_path, "# comment\na:\n  b:\n    - 1\n    - c: 2\n")
    assert document.problems.lines == {
        ("a",): 2,
        ("a", "b"): 3,
        ("a", "b", 0): 4,
        ("a", "b", 1): 5,
        ("a", "b", 1, "c"): 5,
    }


def test_keys_are_text(tmp_path: Path) -> None:
    """A source may be called 1 or true."""
    assert read(tmp_path, "1: a\ntrue: b\n").tree == {"1": "a", "true": "b"}


def test_a_syntax_error_names_line_and_column(tmp_path: Path) -> None:
    """The place is where YAML stopped to understand."""
    assert refusal(tmp_path, "a: 1\nb: [1, 2\nc: 3\n").startswith("c.yaml:3:2: this is not YAML: ")


@pytest.mark.parametrize(
    "line", ["p: *hunter2", "p: !hunter2!x y", "p: @hunter2", "p: %hunter2", "p: 'hunter2", "p: x: hunter2"]
)
def test_a_syntax_error_quotes_no_words(tmp_path: Path, line: str) -> None:
    """What cannot be parsed may be a password that wants quotes."""
    text = refusal(tmp_path, f"a: 1\n{line}\n")
    assert text.startswith("c.yaml:")
    assert "hunter2" not in text


def test_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    """YAML would keep the last one and say nothing."""
    assert complaint(tmp_path, "a:\n  b: 1\n  b: 2\n") == (
        "c.yaml:3: a.b: the key is given twice, first in line 2; expected one"
    )


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.system ['true']", "!!python/name:os.system", "!custom x", "!!set {}"]
)
def test_tags_are_refused(tmp_path: Path, tag: str) -> None:
    """No tag makes an object, or runs anything."""
    assert complaint(tmp_path, f"a: {tag}\n").startswith("c.yaml:1: a: YAML tags (!…) are not supported")


def test_a_value_that_belies_its_tag_is_refused(tmp_path: Path) -> None:
    """Even YAML's own tags are checked."""
    assert complaint(tmp_path, "a: !!int x\n") == "c.yaml:1: a: the value is not what its tag says"


def test_an_anchor_is_copied_where_it_is_used(tmp_path: Path) -> None:
    """Each use is a value of its own."""
    tree = read(tmp_path, "a: &x {k: 1}\nb: *x\n").tree
    assert tree["a"] == tree["b"]
    assert tree["a"] is not tree["b"]


def test_a_value_that_contains_itself_is_refused(tmp_path: Path) -> None:
    """It would have no end."""
    assert "contains itself" in complaint(tmp_path, "a: &x\n  b: *x\n")


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_file_is_refused(tmp_path: Path, text: str) -> None:
    """A file without anything is a mistake, not a configuration."""
    assert refusal(tmp_path, text) == "c.yaml: the file is empty; expected at least sources"


@pytest.mark.parametrize("text", ["- a\n", "just words\n", "5\n"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    """Sources, sinks and the like are keys."""
    assert "expected a mapping" in refusal(tmp_path, text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The file is named, with the system's reason."""
    with pytest.raises(ConfigError, match=r"none\.yaml: the configuration file cannot be read: No such file"):
        read_document(tmp_path / "none.yaml")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """A folder cannot be read either; what is in it may be what was meant."""
    with pytest.raises(ConfigError, match="cannot be read: Is a directory; expected a file"):
        read_document(tmp_path)
    (tmp_path / "jobwatchd.yaml").touch()
    with pytest.raises(ConfigError, match=r"did you mean .*/jobwatchd\.yaml"):
        read_document(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_named(tmp_path: Path, encoding: str) -> None:
    """Some editors call it Unicode."""
    assert refusal(tmp_path, "a: 1\n".encode(encoding)) == "c.yaml: the file is UTF-16; save it as UTF-8"


@pytest.mark.parametrize(("blank", "name"), [("\t", "a tab"), ("\u00a0", "a strange blank (U+00A0)")])
def test_a_strange_indent_is_named(tmp_path: Path, blank: str, name: str) -> None:
    """What cannot be seen is said, with the line it is in."""
    says = refusal(tmp_path, f"a:\n  b: 1\n{blank}c: 2\n  d: 3\n")
    assert says == f"c.yaml:3: this is not YAML: the line is indented with {name}; expected blanks"


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("a:\n  b: 1\n   c: 2\n", "is the line indented as the one above it"),
        ("a:\n  b: 1\n c: 2\n", "is the line indented as its neighbours?"),
        ("a:1\nb: 2\n", "with a blank after each colon"),
        ("a: 1\n---\nb: 2\n", "expected one document"),
    ],
)
def test_common_slips_are_told_how_to_mend(tmp_path: Path, text: str, remedy: str) -> None:
    """YAML's own words do not say what to write."""
    assert remedy in refusal(tmp_path, text)


def test_windows_line_ends_are_as_good(tmp_path: Path) -> None:
    """And so is a byte order mark."""
    assert read(tmp_path, "\ufeffa:\r\n  b: x\r\n").tree == {"a": {"b": "x"}}


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    """The line of the first wrong byte is named."""
    assert refusal(tmp_path, b"a: 1\nb: caf\xe9\n").startswith("c.yaml:2: byte 11 is not UTF-8")


def test_control_characters_are_refused(tmp_path: Path) -> None:
    """YAML allows none."""
    assert "this is not YAML" in refusal(tmp_path, "a: 1\nb: \x07\n")


def test_a_deep_nest_is_refused(tmp_path: Path) -> None:
    """Composing it would exhaust the stack and end the process."""
    assert "c.yaml:1: nested more than 32 deep" in refusal(tmp_path, "a: " + "[" * 100_000)


def test_a_copy_has_the_lines_of_what_it_copies(tmp_path: Path) -> None:
    """What is wrong in an alias' use is wrong where the anchor stands."""
    lines = read(tmp_path, "a: &x\n  k: [1]\nb:\n  c: *x\n").problems.lines
    assert {path: line for path, line in lines.items() if path[0] == "b"} == {
        ("b",): 3,
        ("b", "c"): 4,
        ("b", "c", "k"): 2,
        ("b", "c", "k", 0): 2,
    }


def test_aliases_do_not_multiply_without_end(tmp_path: Path) -> None:
    """A few lines of aliases of aliases would stand for billions of values."""
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    text += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10))
    assert refusal(tmp_path, text).startswith("c.yaml:6: aliases (*) stand for more than 1000000 values")


def test_aliases_do_not_nest_without_end(tmp_path: Path) -> None:
    """What an alias stands for counts as if it stood there."""
    text = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 50))
    assert "nested more than 32 deep" in refusal(tmp_path, text)


@pytest.mark.parametrize("value", ["!custom {b: [1, {c: 2}]}", "1\na: [2, {b: 3}]\n"])
def test_what_follows_a_refused_value_is_read(tmp_path: Path, value: str) -> None:
    """Nothing of the refused value is left over for the next key."""
    document = read(tmp_path, f"a: {value}\nz: 3\n")
    assert document.tree["z"] == 3
    assert len(document.problems.found) == 1


def test_a_second_document_is_refused(tmp_path: Path) -> None:
    """One file, one configuration."""
    assert "c.yaml:2:1: this is not YAML: but found another document" in refusal(tmp_path, "a: 1\n---\nb: 1\n")


def test_a_key_may_be_an_alias(tmp_path: Path) -> None:
    """As YAML has it, where it stands for text."""
    assert read(tmp_path, "a: &x word\n*x : 1\n").tree == {"a": "word", "word": 1}
    assert "a key is not text" in complaint(tmp_path, "a: &x [1]\n*x : {b: 1}\nc: 2\n")
