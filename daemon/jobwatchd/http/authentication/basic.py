"""Basic authentication (RFC 7617)."""

from jobwatchd.description.auth import BASIC, BasicAuth
from jobwatchd.http.authentication.constant import ConstantHeaders
from jobwatchd.http.authentication.contract import Authentication
from jobwatchd.http.authentication.site import Site


def build_basic(auth: BasicAuth, site: Site) -> Authentication:  # noqa: ARG001 - it has no options
    """Return what proves by the user's name and password."""
    return ConstantHeaders(site.credentials, lambda given: {"Authorization": f"Basic {given.values()[BASIC]}"})
