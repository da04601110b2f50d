"""Accounts that sign requests, under the names of the reference.

`DataHub` signs its own requests. These classes are for programs that send requests by themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote

from hubstream import _native

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from hubstream.credentials import CredentialClient

__all__ = ["Account", "AccountType", "AliyunAccount"]


class Request(Protocol):
    """A request as the package `requests` prepares it."""

    method: str
    headers: MutableMapping[str, str]

    @property
    def path_url(self) -> str:
        """Path and query."""
        ...


class AccountType:
    """Kinds of accounts."""

    ALIYUN: str = "aliyun"
    """An account of Alibaba Cloud."""


class Account:
    """The base of accounts; what it is made with is for those that derive from it."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Makes it."""

    def get_type(self) -> str:
        """One of `AccountType`.

        Raises:
            NotImplementedError: In this base class.
        """
        raise NotImplementedError

    def sign_request(self, request: Request) -> None:
        """Adds a signature to a request.

        Raises:
            NotImplementedError: In this base class.
        """
        raise NotImplementedError


class AliyunAccount(Account):
    """An account of Alibaba Cloud.

    Args:
        access_id: Access id; blanks around it are removed.
        access_key: Access key; blanks around it are removed.
        security_token: Token of temporary credentials.
        credential: Gives the credentials of each request, in place of the others.
    """

    def __init__(
        self,
        access_id: str = "",
        access_key: str = "",
        security_token: str = "",
        credential: CredentialClient | None = None,
    ) -> None:
        self.access_id: str = access_id.strip()
        self.access_key: str = access_key.strip()
        self.security_token: str = security_token.strip()
        self.credential: CredentialClient | None = credential

    def get_type(self) -> str:
        """`AccountType.ALIYUN`."""
        return AccountType.ALIYUN

    def sign_request(self, request: Request) -> None:
        """Sets the header `Authorization`, and that of the token if there is one.

        All other headers must be there already, `Content-Type` and `Date` among them.
        """
        access_id, access_key, token = self.access_id, self.access_key, self.security_token
        if self.credential is not None:
            given = self.credential.get_credential()
            access_id, access_key = given.get_access_key_id(), given.get_access_key_secret()
            token = given.get_security_token() or ""
        if token:
            request.headers["x-datahub-security-token"] = token
        request.headers["Authorization"] = _native.sign_datahub(
            access_id,
            access_key,
            request.method,
            _canonical(request.path_url),
            [(name, str(value)) for name, value in request.headers.items()],
        )

    def __repr__(self) -> str:
        return f"AliyunAccount({self.access_id!r})"


def _canonical(path_url: str) -> str:
    """Path and sorted query, decoded: the form that the service compares."""
    path, _, query = unquote(path_url).partition("?")
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&") if pair)
    text = "&".join(f"{name}={value}" if value else name for name, value in pairs)
    return f"{path}?{text}" if text else path
