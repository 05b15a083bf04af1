"""How requests are sent: one law for job APIs and for receivers of webhooks."""

from typing import Any

import pytest

from jobwatchd.settings import Settings, effective
from unit.settings.desk import Desk

SECRET = "whsec_Zmlyc3QtZmlyc3QtZmlyc3QtZmlyc3Q="
HOOK = f"""\
sinks:
  ci:
    kind: webhook
    url: https://ci.example.com/x
    secrets: [{SECRET}]
"""
MEMBERS = ("sources.graph", "sinks.ci")


def write(desk: Desk, member: str, *lines: str) -> Any:
    """Add lines to a source or a sink."""
    text = "".join(f"    {line}\n" for line in lines)
    hook = HOOK + text if member.startswith("sinks") else HOOK
    if member.startswith("sources"):
        desk.text = desk.text.replace("    account: root\n", f"    account: root\n{text}")
    return lambda: desk.load(hook), lambda: desk.problems(hook)


def section(settings: Settings, member: str) -> Any:
    """Return a source or a sink."""
    kind, _, name = member.partition(".")
    return getattr(settings, kind)[name]


@pytest.mark.parametrize("member", MEMBERS)
def test_all_take_the_same_keys(desk: Desk, member: str) -> None:
    """Proxy, certificates, bounds, headers."""
    for name in ("ca", "cert", "key"):
        (desk.folder / name).write_text("pem")
    load, _ = write(
        desk,
        member,
        "http_client: httpx",
        "timeout: {connect: 1s, read: 2s, total: 3s}",
        "tls: {ca_file: ca, cert_file: cert, key_file: key}",
        "proxy: http://proxy.example.com:3128",
        "max_body: 2MiB",
        "headers: {X-Gateway: planted}",
    )
    found = section(load(), member)
    assert (found.http_client, found.proxy, found.max_body) == ("httpx", "http://proxy.example.com:3128", 2_097_152)
    assert found.timeout.model_dump() == {"connect": 1.0, "read": 2.0, "total": 3.0}
    assert [found.tls.ca_file, found.tls.cert_file, found.tls.key_file] == [
        desk.folder / name for name in ("ca", "cert", "key")
    ]
    assert found.plain_headers() == {"X-Gateway": "planted"}


@pytest.mark.parametrize("member", MEMBERS)
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("timeout: 0s", "timeout: got '0s'; expected a duration above zero"),
        ("timeout: {reed: 1s}", "timeout.reed: unknown key, did you mean `read`?"),
        ("proxy: socks5://x:1", "proxy: got 'socks5://…' (12 characters); expected an http:// or https:// URL"),
        ("max_body: 5", "max_body: got 5; expected a size"),
        ("tls: {cert_file: jobwatchd.yaml}", "tls: cert_file is there without key_file; expected both"),
        ("tls: {ca_file: nothing}", "tls.ca_file: the file 'no…' (7 characters) in "),
        ("tls: {ca_file: jobwatchd.yaml, verify: false}", "tls: ca_file has no use where verify is false"),
        ("headers: {Content-Type: x}", "headers.Content-Type: this header is set by jobwatchd itself"),
        ("headers: {content-length: '1'}", "headers.content-length: this header is set by jobwatchd itself"),
        ("headers: {'a b': x}", "headers.'a b': expected the name of an HTTP header"),
        ("headers: {X-A: a, x-a: b}", "headers.x-a: this header is there already, in other letters; expected it once"),
        ('headers: {X-A: "planted\\nX-B: c"}', "headers.X-A: the secret travels in an HTTP header; expected printable"),
        ("headers: {X-A: plantedü}", "headers.X-A: the secret travels in an HTTP header; expected printable ASCII"),
    ],
)
def test_all_refuse_the_same_mistakes(desk: Desk, member: str, line: str, told: str) -> None:
    """In the same words, with the key and without a secret."""
    _, problems = write(desk, member, line)
    [problem] = problems()
    assert f"{member}.{told}" in problem
    assert "planted" not in problem


@pytest.mark.parametrize("member", MEMBERS)
def test_a_duration_alone_is_every_bound(desk: Desk, member: str) -> None:
    """As people write it first."""
    load, _ = write(desk, member, "timeout: 7s")
    assert section(load(), member).timeout.model_dump() == {"connect": 7.0, "read": 7.0, "total": 7.0}


@pytest.mark.parametrize("name", ["Authorization", "Cookie"])
def test_a_login_of_the_sources_own_is_not_overridden(desk: Desk, name: str) -> None:
    """Which of the two would count, the server only knows."""
    _, problems = write(desk, "sources.graph", f"headers: {{{name}: planted}}")
    assert problems()[0].endswith(f"headers.{name}: this header is sent by the login already; expected another")


def test_a_large_bundle_is_no_mistake(desk: Desk) -> None:
    """The system's own has more than a secret may have."""
    (desk.folder / "ca").write_text("#" * 300_000)
    load, _ = write(desk, "sources.graph", "tls: {ca_file: ca}")
    assert load().sources["graph"].tls.ca_file == desk.folder / "ca"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["auth: {kind: bearer}"], "sinks.ci.token: the secret is missing; expected token_file, the environment"),
        (["auth: {kind: basic}", "username: u"], "sinks.ci.password: the secret is missing"),
        (["token: planted"], "sinks.ci.token: auth (kind none) has no use for it; expected none"),
        (
            ["auth: {kind: oauth2, token_url: x}", "client_id: c", "client_secret: planted"],
            "sinks.ci.auth.token_url: expected a path",
        ),
        (
            ["auth: {kind: bearer}", "token: planted", "headers: {authorization: x}"],
            "sinks.ci.headers.authorization: this header is sent by auth already",
        ),
        (
            ["auth: {kind: header, headers: {X-Key: '{tokn}'}}"],
            "sinks.ci.auth.headers.X-Key: nothing is known of {tokn}",
        ),
        (["headers: {Webhook-Id: x}"], "sinks.ci.headers.Webhook-Id: this header is set by jobwatchd itself"),
        (["headers: {ce-id: x}"], "sinks.ci.headers.ce-id: this header is set by jobwatchd itself"),
        (
            ["content_type: text/plain"],
            "sinks.ci.content_type: got 'tex…' (10 characters); expected one of application/cloud",
        ),
        (["mode: batch"], "sinks.ci.mode: got 'b…' (5 characters); expected one of 'structured' or 'binary'"),
        (
            ["mode: binary", "content_type: application/cloudevents+json"],
            "sinks.ci.content_type: in binary mode the body is the data alone; expected application/json",
        ),
    ],
)
def test_a_mistake_of_a_webhook_is_told_with_its_key(desk: Desk, lines: list[str], told: str) -> None:
    """Of its credentials, its headers, its content."""
    _, problems = write(desk, "sinks.ci", *lines)
    assert any(told in problem for problem in problems())
    assert not any("planted" in problem for problem in problems())


@pytest.mark.parametrize(
    ("lines", "content_type"),
    [
        ([], "application/cloudevents+json"),
        (["mode: binary"], "application/json"),
        (["content_type: application/json"], "application/json"),
        (["content_type: application/json; charset=UTF-8"], "application/json; charset=utf-8"),
    ],
)
def test_the_content_type_follows_the_mode(desk: Desk, lines: list[str], content_type: str) -> None:
    """Unless it is given."""
    load, _ = write(desk, "sinks.ci", *lines)
    assert load().sinks["ci"].sent_content_type() == content_type


def test_credentials_of_a_webhook_come_from_all_places_and_are_masked(desk: Desk) -> None:
    """As those of sources do."""
    load, _ = write(desk, "sinks.ci", "auth: {kind: oauth2, token_url: /token}", "client_id: c")
    (desk.secrets / "sinks.ci.client_secret").write_text("planted-secret\n")
    settings = load()
    assert settings.sinks["ci"].credentials().client_secret == "planted-secret"
    assert "planted-secret" in settings.secrets()
    assert "planted-secret" not in effective(settings)
