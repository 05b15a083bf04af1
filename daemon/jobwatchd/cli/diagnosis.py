"""What is wrong with a job API, for whoever wrote the configuration: the fact, and the key to look at."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from jobwatchd.errors import JobNotFound, SourceError, SourceRateLimited, SourceUnauthorized, SourceUnavailable
from jobwatchd.kinds.secrets import LOGIN_NAMES, secret_fields
from jobwatchd.kinds.source import HttpSourceSection, SourceSection

# Words of both HTTP clients, their TLS libraries and of common servers, and what they come to; the first that is in an
# error tells. The third is the scheme of the URL for which it does, empty for any.
CAUSES: Sequence[tuple[Sequence[str], str, str]] = (
    (
        ("Connection refused", "Connect call failed"),
        "nothing listens at {place} (connection refused); is {key} right, and does the API run",
        "",
    ),
    (
        ("lookup address", "Name or service not known", "name resolution", "No address associated"),
        "the name {host} cannot be resolved; is {key} right",
        "",
    ),
    (
        ("InvalidContentType", "WRONG_VERSION_NUMBER", "wrong version number", "record layer failure"),
        "{place} does not speak TLS; write http:// instead of https:// in {key}",
        "",
    ),
    (
        ("peer certificate", "CERTIFICATE_VERIFY_FAILED"),
        "the certificate of {place} is not trusted: {cause}; look at {key}, and at sources.{name}.tls.ca_file",
        "",
    ),
    (
        ("HTTPS port", "HTTP request to an HTTPS server"),
        "{place} wants TLS; write https:// instead of http:// in {key}",
        "http",
    ),
    (
        ("reset by peer", "HTTP version", "before message completed", "not HTTP"),
        "{place} does not answer as an HTTP server would: {cause}; is {key} right, or does it want https://",
        "http",
    ),
    (
        ("no connection within", "timed out", "unreachable", "No route to host"),
        "{place} does not answer: {cause}; is {key} right, and is the way there open",
        "",
    ),
)
PROXY = "the API cannot be reached through the proxy: {cause}; look at sources.{name}.proxy"


def is_of_source(error: SourceError) -> bool:
    """Whether an error says something about the whole API, not about one job."""
    return isinstance(error, SourceUnavailable | SourceRateLimited | SourceUnauthorized)


def diagnose(error: SourceError, name: str, section: SourceSection) -> str:
    """Return what is wrong, in one sentence without its full stop; `name` is that of the source."""
    says = str(error).removesuffix(".")
    if isinstance(error, SourceUnauthorized):
        says = says.removesuffix(": the credentials were refused")
        return f"the credentials were refused ({says}); look at {' and '.join(credential_keys(name, section))}"
    if isinstance(error, JobNotFound):
        return f"there is no such job ({says})"
    return _explain(says, name, section) if isinstance(error, SourceUnavailable) else says


def credential_keys(name: str, section: SourceSection) -> Sequence[str]:
    """Return the keys of the configuration that hold a source's credentials."""
    files = {each.key: each.file_key for each in secret_fields(type(section))}
    keys = []
    for key, value in section:
        if value is not None and (key in files or key in LOGIN_NAMES):
            file_key = files.get(key)
            file = None if file_key is None else getattr(section, file_key)
            keys.append(f"sources.{name}.{key}" if file is None else f"sources.{name}.{file_key} ({file})")
    return keys or [f"sources.{name}{'.auth' if hasattr(section, 'auth') else ''}"]


def _explain(says: str, name: str, section: SourceSection) -> str:
    if not isinstance(section, HttpSourceSection):
        return says
    parts = urlsplit(section.base_url)
    host, port = parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443)
    facts = {
        "name": name,
        "key": f"sources.{name}.base_url",
        "host": host,
        "place": f"{f'[{host}]' if ':' in host else host}:{port}",
        "cause": says.rpartition("failed: ")[2],
    }
    if section.proxy is not None and ("could not connect" in says or "proxy" in says):
        return PROXY.format_map(facts)
    for words, sentence, scheme in CAUSES:
        if scheme in {"", parts.scheme} and any(word in says for word in words):
            return sentence.format_map(facts)
    return says
