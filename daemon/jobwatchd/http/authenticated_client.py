"""Requests that prove who sends them."""

from collections.abc import Callable
from typing import TypeVar

from jobwatchd.errors import SourceUnauthorized
from jobwatchd.http.authentication.contract import Authentication, CredentialsRefused, Proof
from jobwatchd.http.request import HttpRequest
from jobwatchd.ports import Answer, HttpClient

T = TypeVar("T")


class AuthenticatedClient:
    """Adds to each request what `authentication` says; owns that and `client`."""

    def __init__(self, client: HttpClient, authentication: Authentication) -> None:
        self._client = client
        self._authentication = authentication
        self._prove, self._send = authentication.prove, client.request

    async def ask(
        self, request: HttpRequest, read: Callable[[Answer], T], rewrite: Callable[[], HttpRequest] | None = None
    ) -> T:
        """Return what `read` makes of the answer to a request.

        Where `read` raises `CredentialsRefused` and there is another proof, it is asked once more; `rewrite` then
        writes the request anew. Raises `SourceError`s: `SourceUnauthorized` where the other proof is refused too, or
        there is none.
        """
        proof = self._prove(request) or await self._first(request)
        method, url, headers, body = request
        try:
            return read(await self._send(method, url, {**headers, **proof.headers} if headers else proof.headers, body))
        except CredentialsRefused as exc:
            other = await self._authentication.renew(request, proof)
            if other is None:
                raise SourceUnauthorized(str(exc)) from None
        if rewrite is not None:
            request = rewrite()
            other = self._prove(request) or other
        method, url, headers, body = request
        try:
            return read(await self._send(method, url, {**headers, **other.headers}, body))
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
