"""How an API is configured that is described."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from jobwatchd.description import Description
from jobwatchd.kinds.http import CredentialSettings
from jobwatchd.kinds.source import Finding, HttpSourceSection, SourceContext
from jobwatchd.ports import Answer
from jobwatchd.sources.http_json.inspection import inspect
from jobwatchd.sources.http_json.source import HttpJson
from jobwatchd.values.job_parameters import JobParameters


class HttpJsonSettings(HttpSourceSection, CredentialSettings, Description):
    """A job API by its description, and the user's credentials for it."""

    kind: Literal["http-json"]

    def build(self, context: SourceContext) -> HttpJson:
        """Return a new source; raises `ConfigError`."""
        credentials = context.credentials(self)
        client = context.client(self)
        return HttpJson(context.name, self.base_url, self, credentials=credentials, client=client, clock=context.clock)

    def naming(self) -> JobParameters:
        """Return what names a job there."""
        return JobParameters(self.parameters, self.numeric)

    @classmethod
    def naming_in(cls, tree: Mapping[str, Any]) -> JobParameters:
        """Return the same for a section that is not checked yet; without names where it is wrong."""
        names, numeric = tree.get("parameters"), tree.get("numeric", [])
        if not all(isinstance(each, list) and all(isinstance(name, str) for name in each) for each in (names, numeric)):
            return JobParameters()
        return JobParameters(tuple(names or ()), tuple(name for name in numeric if name in (names or ())))

    @classmethod
    def path_in(cls, tree: Mapping[str, Any]) -> str | None:
        """Return the path that requests add to `base_url`, of a section that is not checked yet."""
        request = tree.get("request")
        path = request.get("path") if isinstance(request, dict) else None
        return path if isinstance(path, str) else None

    def sent_headers(self) -> Mapping[str, str]:
        """Return what the description sends."""
        requests = (self.request, *([] if self.list is None else [self.list.request]))
        described = {name.lower(): "the description" for request in requests for name in request.headers}
        return described | dict.fromkeys(self.auth.sent_headers(), "auth")

    def findings(self, where: str, answer: Answer, now: datetime) -> Sequence[Finding]:
        """Return what each expression found in an answer; `where` begins messages."""
        return inspect(self, where, answer, now).findings
