"""What can be wrong with a client's options, found before anything is sent."""

from urllib.parse import urlsplit

from jobwatchd.errors import ConfigError
from jobwatchd.http.client import HttpOptions
from jobwatchd.http.complaint import find_bad_header


def check_options(options: HttpOptions) -> None:
    """Raise `ConfigError` where the proxy or the user agent cannot be used; a proxy's URL is not repeated."""
    problems = []
    if options.proxy is not None and not _is_proxy(options.proxy):
        problems.append("The proxy must be a URL like http://user:password@proxy.example:3128.")
    if complaint := find_bad_header({"User-Agent": options.user_agent}):
        problems.append(f"The user agent cannot be sent: {complaint}.")
    if problems:
        raise ConfigError(*problems)


def _is_proxy(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
