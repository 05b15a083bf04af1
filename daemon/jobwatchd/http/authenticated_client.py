"""Questions, asked in requests that prove who sends them."""

from dataclasses import dataclass
from typing import Protocol, TypeVar

from jobwatchd.errors import SourceUnauthorized
from jobwatchd.http.authentication.contract import Authentication, CredentialsRefused, Proof
from jobwatchd.http.request import HttpRequest
from jobwatchd.http.wrappers import HeaderedClient
from jobwatchd.ports import Answer, HttpClient

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Question(Protocol[T_co]):
    """Something that is asked in one request, and what its answer means."""

    def write(self) -> HttpRequest:
        """Return the request, anew each time it is sent: it may depend on the time, and on what was refused."""

    def read(self, answer: Answer) -> T_co:
        """Return what an answer says; raises `SourceError`s, `CredentialsRefused` where another proof may help."""


@dataclass(slots=True)
class FixedRequest:
    """The half of a `Question` whose request stays as it is."""

    request: HttpRequest

    def write(self) -> HttpRequest:
        """Return the request."""
        return self.request


class AuthenticatedClient:
    """Adds to each request what `authentication` says; owns that and `client`.

    What is proved is the request as it is sent, the user's own headers included.
    """

    def __init__(self, client: HttpClient, authentication: Authentication) -> None:
        self._client = client
        self._authentication = authentication
        self._prove = authentication.prove
        self._headered = client if isinstance(client, HeaderedClient) else None
        self._send = client.request if self._headered is None else self._headered.client.request

    async def ask(self, question: Question[T]) -> T:
        """Return what the answer to a question says.

        Where its credentials are refused and there is another proof, it is asked once more. Raises `SourceError`s:
        `SourceUnauthorized` where the other proof is refused too, or there is none.
        """
        request = question.write()
        if self._headered is not None:
            request = self._headered.complete(request)
        proof = self._prove(request) or await self._first(request)
        method, url, headers, body = request
        try:
            sent = {**headers, **proof.headers} if headers else proof.headers
            return question.read(await self._send(method, url, sent, body))
        except CredentialsRefused as exc:
            other = await self._authentication.renew(request, proof)
            if other is None:
                raise SourceUnauthorized(str(exc)) from None
        request = question.write()
        if self._headered is not None:
            request = self._headered.complete(request)
        method, url, headers, body = request
        sent = {**headers, **(self._prove(request) or other).headers}
        try:
            return question.read(await self._send(method, url, sent, body))
        except CredentialsRefused as exc:
            raise SourceUnauthorized(f"{exc}, {self._authentication.renewed}") from None

    async def _first(self, request: HttpRequest) -> Proof:
        proof = await self._authentication.renew(request, None)
        if proof is None:
            raise SourceUnauthorized(f"{request.where} was not sent: there is nothing that proves who asks")
        return proof

    async def close(self) -> None:
        """Follow no files any more, and close all connections."""
        await self._authentication.close()
        await self._client.close()
