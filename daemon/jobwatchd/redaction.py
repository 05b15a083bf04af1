"""Secrets, taken out of whatever is shown, told or kept.

The secrets of a process are one value, `SECRETS`: whatever loads one adds it there, whatever makes a text of something
that came from outside asks it. So a new kind of source or sink need not think of it: `errors` redact their own texts,
the engine redacts what was observed of a job, and `logs` redact every line.
"""

import base64
import html
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus
from weakref import WeakKeyDictionary

MASK = "********"
# Shorter ones are in every other word: masking them would spoil each line, and tell them by the gaps.
SHORTEST_SECRET = 4
# A name in which four letters were masked is of no use to anybody; what is as long as this is not there by chance.
SHORTEST_IN_NAMES = 8
# Of each owner, the login in use and the one before, which may still be on its way back.
LOGINS_KEPT = 2
# Headers that say nothing secret, whoever sets them.
PLAIN_HEADERS = frozenset({"accept", "content-type", "user-agent"})

_ESCAPE = re.compile(r"%[0-9A-F]{2}")
# What headers and fields of credentials are called; what stands before or after in a longer name does not matter.
_LASTING_NAMES = r"authorization|cookie"
_OTHER_NAMES = r"token|secret|passwor?d|passwd|pwd|api[-_]?key|signature|credentials?|session[-_]?id"
_SEPARATOR = r"[\w.-]{0,32}\\*[\"']?\s{0,8}[:=]\s{0,8}(?!\*{8})"
_QUOTED = r"(\\*[\"']).*?(?=\3|[\r\n]|\Z)"
_PATTERNS = (
    # Authorization and cookies to the end of their line, or of their quotes.
    (
        re.compile(rf"(({_LASTING_NAMES}){_SEPARATOR})(?:{_QUOTED}|[^\s\"'][^\r\n\"'<>]*)", re.IGNORECASE),
        r"\1\3" + MASK,
    ),
    # Of the others, quoted values, and bare ones that look like no word of a sentence.
    (
        re.compile(rf"(({_OTHER_NAMES}){_SEPARATOR})(?:{_QUOTED}|(?=[^\s&,;]{{0,64}}\d)[^\s&,;\"'<>]+)", re.IGNORECASE),
        r"\1\3" + MASK,
    ),
    (re.compile(r"\b((?:bearer|basic)\s{1,8})(?=\S{0,64}[\d=+/])[\w.~+/=-]{8,}", re.IGNORECASE), r"\1" + MASK),
    (re.compile(r"(://)[^/\s@\"'<>]{1,256}@"), r"\1" + MASK + "@"),
    (re.compile(r"(whsec_)[\w+/=-]{8,}"), r"\1" + MASK),
    (re.compile(r"()\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*"), r"\1" + MASK),
)


class Redactor:
    """Knows secrets, and takes them out of texts; more can be added while it is in use.

    Each is known plain and in the forms in which it travels: percent-encoded, in base64 (also as a part of more, as the
    password in basic authentication is), escaped for JSON and HTML, and as `repr` writes it.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._lasting: set[str] = set()
        self._logins: WeakKeyDictionary[object, deque[frozenset[str]]] = WeakKeyDictionary()
        self._forms: tuple[str, ...] = ()
        self._long_forms: tuple[str, ...] = ()
        self._in_json: tuple[str, ...] = ()
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Mask these too from now on; those shorter than `SHORTEST_SECRET` are not masked."""
        self._lasting.update(secrets)
        self._learn()

    def remember(self, owner: object, secrets: Iterable[str]) -> None:
        """Mask what a login has brought to `owner`, while it lives, until it has made some logins more."""
        self._logins.setdefault(owner, deque(maxlen=LOGINS_KEPT)).append(frozenset(secrets))
        self._learn()

    def forget_all(self) -> None:
        """Know nothing any more; for tests."""
        self._lasting.clear()
        self._logins.clear()
        self._learn()

    def redact(self, text: str) -> str:
        """Return `text` with every known secret replaced by asterisks."""
        return _replace(self._forms, text)

    def redact_name(self, text: str) -> str:
        """Return a name that came from outside without known secrets; not masked in it are very short ones."""
        return _replace(self._long_forms, text)

    def redact_foreign(self, text: str) -> str:
        """Return a text that came from outside without known secrets, and without what looks like credentials."""
        text = self.redact(text)
        for pattern, masked in _PATTERNS:
            text = pattern.sub(masked, text)
        return text

    def redact_beginning(self, text: str, length: int) -> str:
        """Return the beginning of a text from outside, redacted; `length` counts what is read of it.

        What is cut off there in the middle of a secret would be found no more: it is taken out too.
        """
        if len(text) <= length:
            return self.redact_foreign(text)
        text = self.redact(text[:length])
        ends = (form[:size] for form in self._forms for size in range(len(form) - 1, SHORTEST_SECRET - 1, -1))
        longest = max((end for end in ends if text.endswith(end)), key=len, default="")
        return self.redact_foreign(text.removesuffix(longest))

    def may_be_in(self, line: str) -> bool:
        """Whether a JSON text may hold a secret: False is certain, True may be chance, such as a part of a number."""
        return any(form in line for form in self._in_json)

    def _learn(self) -> None:
        logins = {secret for kept in list(self._logins.values()) for each in kept for secret in each}
        secrets = {secret for secret in self._lasting | logins if len(secret) >= SHORTEST_SECRET}
        forms = {form for secret in secrets for form in _forms(secret)}
        in_names = {form for secret in secrets if len(secret) >= SHORTEST_IN_NAMES for form in _forms(secret)}
        # The longest first: one secret may be a part of another.
        self._forms = tuple(sorted(forms, key=lambda form: (-len(form), form)))
        self._long_forms = tuple(form for form in self._forms if form in in_names)
        self._in_json = tuple(dict.fromkeys(json.dumps(form)[1:-1] for form in self._forms))


def _replace(forms: Iterable[str], text: str) -> str:
    for form in forms:
        text = text.replace(form, MASK)
    return text


def _forms(secret: str) -> set[str]:
    encoded = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    encoded |= {_ESCAPE.sub(lambda escape: escape[0].lower(), text) for text in encoded}
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
    escaped |= {html.escape(secret), html.escape(secret).replace("&#x27;", "&#39;")}
    # As PHP writes JSON, and as a server does that takes headers for Latin-1.
    escaped |= {text.replace("/", "\\/") for text in escaped}
    latin = secret.encode(errors="replace").decode("latin-1")
    return {secret, latin, *encoded, *escaped, *_base64_forms(secret.encode(errors="replace"))}


def _base64_forms(secret: bytes) -> Iterator[str]:
    """Yield what base64 makes of a secret, wherever in the encoded it begins; nothing where that is too short."""
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + secret).decode()
        # Only whole characters of it: the first and the last hold bits of the neighbours.
        part = text[-(-offset * 8 // 6) : (offset + len(secret)) * 8 // 6]
        if len(part) >= SHORTEST_IN_NAMES:
            yield part
            yield part.replace("+", "-").replace("/", "_")
            yield part.replace("/", "\\/")


def credentials_in(headers: Mapping[str, str]) -> Iterator[str]:
    """Yield what is secret in the headers that prove who is asking: their values, and tokens and cookies in them."""
    for name, value in headers.items():
        if name.lower() not in PLAIN_HEADERS:
            yield from (value, value.rpartition(" ")[2])
            yield from (pair.partition("=")[2].strip() for pair in value.split(";"))


SECRETS = Redactor()
"""Those of this process."""
