"""What may give the credentials of requests: types for programs that check theirs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeAlias

__all__ = ["Credential", "CredentialClient", "CredentialSource", "CredentialTuple"]


class Credential(Protocol):
    """Credentials as the credentials packages of Alibaba Cloud give them."""

    def get_access_key_id(self) -> str:
        """The access id."""
        ...

    def get_access_key_secret(self) -> str:
        """The access key."""
        ...

    def get_security_token(self) -> str | None:
        """The token of temporary credentials, if there is one."""
        ...


class CredentialClient(Protocol):
    """An object that gives credentials when asked."""

    def get_credential(self) -> Credential:
        """Gives credentials that are valid now."""
        ...


CredentialTuple: TypeAlias = (
    tuple[str, str]
    | tuple[str, str, str | None]
    | tuple[str, str, str | None, float | datetime | None]
)
"""Access id and key; a token of temporary credentials; when they end, in seconds since 1970."""

CredentialSource: TypeAlias = (
    CredentialClient | Callable[[], CredentialTuple] | Callable[[], Credential]
)
"""A callable or an object that is asked once for each request, or until the end it named."""
