"""A bearer token (RFC 6750)."""

from jobwatchd.description.auth import BearerAuth
from jobwatchd.http.authentication.constant import ConstantHeaders
from jobwatchd.http.authentication.contract import Authentication
from jobwatchd.http.authentication.site import Site


def build_bearer(auth: BearerAuth, site: Site) -> Authentication:  # noqa: ARG001 - it has no options
    """Return what proves by the user's token."""
    return ConstantHeaders(site.credentials, lambda given: {"Authorization": f"Bearer {given.token}"})
