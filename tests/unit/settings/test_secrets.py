"""Secrets and the files that hold them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobwatchd.settings import Settings
from unit.settings.desk import Desk, explorer, webhook

Edit = Callable[[str, str], Any]

HOOK = "sinks:\n  ci: {kind: webhook, url: 'https://ci.example.com/x'%s}\n"
FIRST, SECOND = "whsec_Zmlyc3QtZmlyc3QtZmlyc3QtZmlyc3Q=", "whsec_c2Vjb25kLXNlY29uZC1zZWNvbmQtc2Vjb25k"


def password(settings: Settings) -> str:
    """Return the password that is in force."""
    value: str = explorer(settings).password.get_secret_value()
    return value


@pytest.fixture
def bare(edit: Edit) -> Any:
    """Return a desk whose configuration says nothing of the password."""
    return edit("    password: planted-password\n", "")


def test_a_secret_is_taken_from_the_first_place_that_has_it(bare: Desk) -> None:
    """The environment comes before the file, the file before credentials, these before the container's secrets."""
    name = "sources.graph.password"
    (bare.secrets / name).write_text("from-secrets\n")
    seen = [password(bare.load())]
    (bare.credentials / name).write_text("from-credentials\n")
    env = {"CREDENTIALS_DIRECTORY": str(bare.credentials)}
    seen.append(password(bare.load(**env)))
    (bare.folder / "pw").write_text("from-file\n")
    bare.text = bare.text.replace("account: root", "account: root\n    password_file: pw")
    seen.append(password(bare.load(**env)))
    seen.append(password(bare.load(**env, JOBWATCHD_SOURCES__GRAPH__PASSWORD="from-env")))
    assert seen == ["from-secrets", "from-credentials", "from-file", "from-env"]


def test_a_file_named_by_the_environment_wins_over_the_file(desk: Desk) -> None:
    """The environment may say where the secret is instead of what it is."""
    (desk.folder / "pw").write_text("from-env-file")
    assert password(desk.load(JOBWATCHD_SOURCES__GRAPH__PASSWORD_FILE="pw")) == "from-env-file"


def test_a_relative_name_is_a_credential_first(bare: Desk) -> None:
    """One file name serves the service manager and a person who tries things out."""
    bare.text = bare.text.replace("account: root", "account: root\n    password_file: pw")
    (bare.folder / "pw").write_text("beside the file")
    (bare.credentials / "pw").write_text("a credential")
    assert password(bare.load()) == "beside the file"
    assert password(bare.load(CREDENTIALS_DIRECTORY=str(bare.credentials))) == "a credential"


@pytest.mark.parametrize(
    ("raw", "value"), [(b"x y\n", "x y"), (b"xy\r\n", "xy"), (b" xy ", " xy "), ("ü".encode(), "ü")]
)
def test_only_the_line_end_is_taken_off(bare: Desk, raw: bytes, value: str) -> None:
    """Editors end files with a line end; blanks may belong to a password."""
    (bare.secrets / "sources.graph.password").write_bytes(raw)
    assert password(bare.load()) == value


def test_a_missing_secret_says_where_it_can_be(bare: Desk) -> None:
    """All the ways to give it are named."""
    assert bare.problem() == (
        "jobwatchd.yaml:2: sources.graph.password: the secret is missing; expected password_file, the environment "
        "variable JOBWATCHD_SOURCES__GRAPH__PASSWORD, or a file sources.graph.password in "
        "$CREDENTIALS_DIRECTORY or /run/secrets"
    )


def test_a_secret_twice_is_a_mistake(edit: Edit) -> None:
    """Which one is meant cannot be known."""
    desk = edit("account: root", "account: root\n    password_file: pw")
    assert "sources.graph.password: both password and password_file are set; expected one of them" in desk.problem()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "is empty; expected text"),
        (b"\n", "is empty"),
        (b"\xff\xfe", "is not UTF-8, but UTF-16; save it as UTF-8"),
        (b"\xff", "is not UTF-8"),
        (b"\xef\xbb\xbfplanted", "begins with a byte order mark (BOM); save it as UTF-8 without one"),
        (b"x" * 65_537, "larger than"),
    ],
)
def test_a_file_that_is_no_secret_is_refused(bare: Desk, raw: bytes, expected: str) -> None:
    """Key and file are named, and the content never."""
    bare.text = bare.text.replace("account: root", "account: root\n    password_file: pw")
    (bare.folder / "pw").write_bytes(raw)
    problem = bare.problem()
    assert problem.startswith("jobwatchd.yaml:6: sources.graph.password_file: the file pw ")
    assert expected in problem


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to(path)])
def test_a_file_that_cannot_be_read_is_refused(bare: Desk, make: Callable[[Path], object]) -> None:
    """A folder, a link to itself: the system's reason is told."""
    bare.text = bare.text.replace("account: root", "account: root\n    password_file: pw")
    make(bare.folder / "pw")
    assert "sources.graph.password_file: the file pw cannot be read (" in bare.problem()


@pytest.mark.parametrize(
    ("key", "value"), [("password", "two\nlines"), ("password", ""), ("api_key", "ümlaut"), ("api_key", "a b ")]
)
def test_secrets_that_would_break_a_request_are_refused(desk: Desk, key: str, value: str) -> None:
    """A login fails more clearly here than there, and nothing of the secret is told."""
    source = {"password": "GRAPH", "api_key": "MEDIA_LAB"}[key]
    problem = desk.problem(**{f"JOBWATCHD_SOURCES__{source}__{key.upper()}": value})
    assert f"{key}: the secret " in problem
    assert not value or value not in problem


def test_webhook_secrets_come_from_several_files(desk: Desk) -> None:
    """While one is replaced, both are there, in order."""
    (desk.folder / "new").write_text(FIRST + "\n")
    (desk.folder / "old").write_text(SECOND + "\n")
    secrets = webhook(desk.load(HOOK % ", secret_files: [new, old]")).secrets
    assert [secret.get_secret_value() for secret in secrets] == [FIRST, SECOND]


def test_webhook_secrets_are_found_by_name(desk: Desk) -> None:
    """Unasked, one file holds them, one a line."""
    (desk.secrets / "sinks.ci.secrets").write_text(f"# rotating\n{FIRST}\n{SECOND}\n")
    secrets = webhook(desk.load(HOOK % "")).secrets
    assert [secret.get_secret_value() for secret in secrets] == [FIRST, SECOND]


def test_webhook_secrets_from_the_environment_are_a_list(desk: Desk) -> None:
    """They win over the file's."""
    settings = desk.load(HOOK % ", secret_files: [none]", JOBWATCHD_SINKS__CI__SECRETS=f'["{FIRST}"]')
    assert [secret.get_secret_value() for secret in webhook(settings).secrets] == [FIRST]


@pytest.mark.parametrize("secret", ["whsec_c2hvcnQ=", "not base64 at all, not at all!", "whsec_", "", "Zmlyc3Q"])
def test_weak_webhook_secrets_are_refused(desk: Desk, secret: str) -> None:
    """The library would take them for shorter ones than they look."""
    problem = desk.problem(HOOK % f", secrets: ['{secret}']")
    assert "sinks.ci.secrets[0]: a signing secret cannot be used; expected whsec_ and base64" in problem
    assert not secret or secret not in problem.replace("whsec_ and", "")


def test_going_unsigned_has_to_be_written(desk: Desk) -> None:
    """A missing file must not mean that nothing is signed."""
    assert "sinks.ci.secrets: the secret is missing" in desk.problem(HOOK % "")
    assert webhook(desk.load(HOOK % ", secrets: []")).secrets == ()


@pytest.mark.parametrize("files", ["one", "5", "[5]"])
def test_secret_files_are_a_list_of_names(desk: Desk, files: str) -> None:
    """Anything else is refused, once."""
    assert desk.problem(HOOK % f", secret_files: {files}").endswith("secret_files: expected a list of file names")


def test_tls_files_have_to_be_readable(edit: Edit) -> None:
    """A certificate that is not there is found before the first poll."""
    desk = edit("account: root", "account: root\n    tls: {ca_file: none.pem}")
    assert "sources.graph.tls.ca_file: the file 'no…' (8 characters) in " in desk.problem()


def test_tls_files_are_found_like_secrets(edit: Edit) -> None:
    """Relative names are looked for beside the configuration file."""
    desk = edit("account: root", "account: root\n    tls: {ca_file: ca.pem}")
    (desk.folder / "ca.pem").write_text("PEM")
    assert desk.load().sources["graph"].tls.ca_file == desk.folder / "ca.pem"


def test_a_secret_with_a_byte_order_mark_is_refused(bare: Desk) -> None:
    """A mark that came by way of a shell's `$(cat file)` cannot be seen, and would be refused by the API."""
    problem = bare.problem(JOBWATCHD_SOURCES__GRAPH__PASSWORD="\ufeffplanted")
    assert "begins with a byte order mark (BOM)" in problem
    assert "planted" not in problem
