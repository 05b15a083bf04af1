"""Secrets, and what looks like credentials, taken out of texts."""

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from jobwatchd.redaction import MASK, Redactor, credentials_in

SECRET = "s3cr%t/'wörd\"\\x + y?>~"


class Owner:
    """Something that logs in."""


@pytest.mark.parametrize(
    "form",
    [
        str,
        lambda text: quote(text, safe=""),
        lambda text: re.sub("%..", lambda escape: escape[0].lower(), quote(text, safe="")),
        quote,
        quote_plus,
        json.dumps,
        lambda text: json.dumps(text, ensure_ascii=False),
        lambda text: json.dumps(text).replace("/", "\\/"),
        repr,
        html.escape,
        lambda text: html.escape(text).replace("&#x27;", "&#39;"),
        lambda text: text.encode().decode("latin-1"),
    ],
)
def test_a_secret_is_masked_in_the_forms_in_which_it_travels(form: Callable[[str], str]) -> None:
    """Nothing of it is left."""
    assert Redactor([SECRET]).redact(f"<{form(SECRET)}>").strip("<>\"'") == MASK


@pytest.mark.parametrize("before", ["", "u", "us", "root", "somebody"])
@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
def test_a_secret_is_masked_within_base64(before: str, encode: Callable[[bytes], bytes]) -> None:
    """Of a whole that holds it, wherever it begins: basic authentication of any user, a body, all headers."""
    encoded = encode(f"{before}:planted>?secret-value and more".encode()).decode()
    redacted = Redactor(["planted>?secret-value"]).redact(encoded)
    assert MASK in redacted
    assert encode(b"planted>?secret")[3:12].decode() not in redacted
    assert len(redacted) < len(encoded) - 15


def test_secrets_added_later_are_masked_too() -> None:
    """A reload brings new ones; those of before stay masked."""
    redactor = Redactor(["first-secret"])
    redactor.add(["second-secret"])
    assert redactor.redact("first-secret, second-secret") == "********, ********"


def test_the_longer_of_two_secrets_is_masked_whole() -> None:
    """One secret may be the beginning of another."""
    assert Redactor(["abcd", "abcdefgh"]).redact("abcdefgh abcd") == "******** ********"


def test_very_short_secrets_are_not_masked() -> None:
    """They are in every other word."""
    assert Redactor(["a", "abc", ""]).redact("abc a") == "abc a"


def test_a_name_keeps_short_secrets() -> None:
    """A job's name in which four letters were masked would be of no use; a long secret is not there by chance."""
    redactor = Redactor(["root", "planted-secret"])
    assert redactor.redact_name("root cause, planted-secret") == "root cause, ********"


def test_the_last_logins_of_each_owner_are_masked() -> None:
    """The one in use and the one before it: what expired long ago makes no redaction slower."""
    redactor, first, second = Redactor(["planted-password"]), Owner(), Owner()
    for number in range(4):
        redactor.remember(first, [f"token-of-first-{number}"])
    redactor.remember(second, ["token-of-second"])
    text = "token-of-first-0 token-of-first-1 token-of-first-2 token-of-first-3 token-of-second planted-password"
    assert redactor.redact(text) == f"token-of-first-0 token-of-first-1 {MASK} {MASK} {MASK} {MASK}"


def test_the_logins_of_an_owner_go_with_it() -> None:
    """A source that was closed by a reload leaves nothing behind."""
    redactor, owner = Redactor(), Owner()
    redactor.remember(owner, ["token-of-nobody"])
    del owner
    redactor.add([])
    assert redactor.redact("token-of-nobody") == "token-of-nobody"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Authorization: Bearer abc.def\r\nAccept: */*", "Authorization: ********\r\nAccept: */*"),
        ("{'authorization': 'Basic abc', 'x': 1}", "{'authorization': '********', 'x': 1}"),
        (
            '{\\"Proxy-Authorization\\": \\"Bearer abc\\", \\"b\\": 1}',
            '{\\"Proxy-Authorization\\": \\"********\\", \\"b\\": 1}',
        ),
        ("Set-Cookie: sid=abc; Path=/\nX: 1", "Set-Cookie: ********\nX: 1"),
        ("Cookie: a=b; c=d", "Cookie: ********"),
        ('{"X-Api-Key": "planted", "b": 1}', '{"X-Api-Key": "********", "b": 1}'),
        ("GET /x?apikey=Abc123&y=2", "GET /x?apikey=********&y=2"),
        ("client_secret=a1b2&scope=jobs", "client_secret=********&scope=jobs"),
        ("sent Bearer abc123def to it", "sent Bearer ******** to it"),
        ('["Authorization", "Basic cm9vdDpuZWJ1bGE="]', '["Authorization", "Basic ********"]'),
        ("https://user:pass@host/x", "https://********@host/x"),
        ("webhook-signature: v1,abc123=", "webhook-signature: ********,abc123="),
        ("signed with whsec_Zmlyc3QtZmlyc3Q=", "signed with whsec_********"),
        ("eyJhbGciOi.eyJzdWIiOi.c2lnbmF0", "********"),
    ],
)
def test_what_looks_like_credentials_is_masked_in_texts_from_outside(text: str, redacted: str) -> None:
    """Even where nobody knows them; and once is enough."""
    assert Redactor().redact_foreign(text) == redacted
    assert Redactor().redact_foreign(redacted) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "basic authentication is required",
        "401 Unauthorized: the credentials were refused",
        "no token: auth.token (access.token) yields nothing",
        "the token has expired, log in again",
        '{"password": ["This field is required."]}',
        "http://explorer.internal:7002/api/jobs/1964",
        "mail root@example.com, see http://example.com",
    ],
)
def test_a_sentence_about_credentials_stays(text: str) -> None:
    """It is what a person needs to read."""
    assert Redactor().redact_foreign(text) == text


@pytest.mark.parametrize("cut", range(12, 27))
def test_a_secret_that_is_cut_off_is_masked(cut: int) -> None:
    """Its beginning would be found no more; the few letters that any word may begin with stay."""
    text = Redactor(["planted-secret"]).redact_beginning(f"{'.' * 12}planted-secret", cut)
    assert "plan" not in text


def test_hostile_texts_are_redacted_in_no_time() -> None:
    """No pattern runs away on what repeats its beginning; a quadratic one would take minutes."""
    redactor = Redactor(["planted-secret"])
    for part in ("a", "token", 'token="', "authorization:", "://", "Bearer ", "eyJ", "cookie='\\", "password :"):
        redactor.redact_foreign(part * (100_000 // len(part)))


def test_headers_prove_by_their_values() -> None:
    """The whole, the token after its scheme, the value of each cookie; not what every request says."""
    found = set(
        credentials_in({"Authorization": "Bearer abc", "Cookie": "a=b; c=d", "Accept": "x", "Content-Type": "y"})
    )
    assert found >= {"Bearer abc", "abc", "a=b; c=d", "b", "d"}
    assert not found & {"x", "y"}
