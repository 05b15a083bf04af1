"""Headers of the user's own choice, filled with the credentials."""

from collections.abc import Mapping

from jobwatchd.description.auth import Credentials, HeaderAuth
from jobwatchd.http.authentication.constant import ConstantHeaders
from jobwatchd.http.authentication.contract import Authentication
from jobwatchd.http.authentication.site import Site


def build_header(auth: HeaderAuth, site: Site) -> Authentication:
    """Return what proves by these headers."""

    def fill(credentials: Credentials) -> Mapping[str, str]:
        values = credentials.values()
        return {name: text.fill(values) for name, text in auth.headers.items()}

    return ConstantHeaders(site.credentials, fill)
