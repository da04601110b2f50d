"""Exceptions of DataHub calls, under the names of its reference.

Each is also the `hubstream.errors` class of its kind, so `except ResourceNotFoundException` and
`except hubstream.errors.NotFoundError` catch the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubstream import errors
from hubstream.errors import HubstreamError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "AuthorizationFailedException",
    "DatahubException",
    "InternalServerException",
    "InvalidCursorException",
    "InvalidOperationException",
    "InvalidParameterException",
    "LimitExceededException",
    "NoPermissionException",
    "OffsetResetException",
    "OffsetSessionException",
    "ResourceExistException",
    "ResourceNotFoundException",
    "SeekOutOfRangeException",
    "ShardSealedException",
    "SubscriptionOfflineException",
    "TimeoutException",
]


class DatahubException(HubstreamError):
    """A DataHub call failed.

    Args:
        error_msg: The message.
        status_code: The status of the HTTP reply; -1 if there was none.
        request_id: The id that the service gave to the request.
        error_code: The service's own error code.
        error_detail: Further text that the service sent.
    """

    def __init__(
        self,
        error_msg: str = "",
        status_code: int = -1,
        request_id: str | None = None,
        error_code: str | None = None,
        error_detail: str | None = None,
    ) -> None:
        super().__init__(error_msg)
        self.http_status: int | None = None if status_code == -1 else status_code
        self.request_id: str = request_id or ""
        self.code: str = error_code or ""
        self.detail: str = error_detail or ""

    @property
    def error_msg(self) -> str:
        """The message of the service, without the facts around it."""
        return self.message

    @property
    def status_code(self) -> int:
        """The status of the HTTP reply; -1 if there was none."""
        return -1 if self.http_status is None else self.http_status

    @property
    def error_code(self) -> str | None:
        """The service's own error code; `None` when the failure is local."""
        return self.code or None

    @property
    def error_detail(self) -> str | None:
        """Further text that the service sent, or `None`."""
        return self.detail or None


class InvalidParameterException(DatahubException, errors.InvalidArgumentError):
    """An argument was refused, by the client before anything was sent or by the service."""


class InvalidCursorException(DatahubException, errors.PositionLostError):
    """The cursor is malformed or has expired."""


class SeekOutOfRangeException(DatahubException, errors.PositionLostError):
    """The place lies outside of the records that are kept."""


class ResourceNotFoundException(DatahubException, errors.NotFoundError):
    """The thing named does not exist."""


class ResourceExistException(DatahubException, errors.AlreadyExistsError):
    """The thing to be created exists already."""


class AuthorizationFailedException(DatahubException, errors.UnauthenticatedError):
    """The credentials are missing, unknown or expired, or the signature is wrong."""


class NoPermissionException(DatahubException, errors.PermissionDeniedError):
    """The credentials are valid, but not allowed to do this."""


class InvalidOperationException(DatahubException):
    """The state of the thing does not permit the call now."""

    kind = "conflict"


class OperationConflictException(InvalidOperationException, errors.ConflictError):
    """The state of the thing does not permit the call now."""


class OffsetResetException(InvalidOperationException, errors.OffsetResetError):
    """The offsets of the subscription were reset by somebody else."""


class OffsetSessionException(InvalidOperationException, errors.SessionLostError):
    """The offset session was taken over by a newer one, or has ended."""


class LimitExceededException(DatahubException, errors.RateLimitedError):
    """A quota or a rate was exceeded; later it may work."""


class InternalServerException(DatahubException, errors.UnavailableError):
    """The service failed."""


class ShardSealedException(DatahubException, errors.ShardClosedError):
    """The shard is closed for writing, or was read to its end."""


class SubscriptionOfflineException(DatahubException, errors.SubscriptionOfflineError):
    """The subscription is switched off."""


class TimeoutException(DatahubException, errors.TimeoutError):
    """A time limit passed."""


class RequestTooLargeException(DatahubException, errors.TooLargeError):
    """The request or one value of it is larger than the service takes."""


class GroupChangedException(DatahubException, errors.GroupChangedError):
    """The membership or plan of the consumer group changed."""


class MalformedReplyException(DatahubException, errors.MalformedError):
    """Bytes could not be decoded: a damaged or lying record, frame or reply."""


class ServiceUnavailableException(DatahubException, errors.UnavailableError):
    """The service is not reachable for the moment."""


class ConnectionFailedException(DatahubException, errors.ConnectionError):
    """The connection could not be made or broke."""


class ClientClosedException(DatahubException, errors.ClosedError):
    """The client was closed, or belongs to a process before `fork`."""


class UnsupportedOperationException(DatahubException, errors.UnsupportedError):
    """The feature does not exist in this combination."""


class InternalException(DatahubException, errors.InternalError):
    """A defect in this library."""


_BY_CODE: Final[Mapping[str, type[DatahubException]]] = {
    "InvalidCursor": InvalidCursorException,
    "SeekOutOfRange": SeekOutOfRangeException,
    "InternalServerError": InternalServerException,
}

_BY_KIND: Final[Mapping[str, type[DatahubException]]] = {
    "invalid_argument": InvalidParameterException,
    "unauthenticated": AuthorizationFailedException,
    "permission_denied": NoPermissionException,
    "not_found": ResourceNotFoundException,
    "already_exists": ResourceExistException,
    "conflict": OperationConflictException,
    "rate_limited": LimitExceededException,
    "too_large": RequestTooLargeException,
    "shard_closed": ShardSealedException,
    "position_lost": SeekOutOfRangeException,
    "offset_reset": OffsetResetException,
    "session_lost": OffsetSessionException,
    "subscription_offline": SubscriptionOfflineException,
    "group_changed": GroupChangedException,
    "malformed": MalformedReplyException,
    "unavailable": ServiceUnavailableException,
    "timeout": TimeoutException,
    "connection": ConnectionFailedException,
    "closed": ClientClosedException,
    "unsupported": UnsupportedOperationException,
    "internal": InternalException,
}


def exception_class(kind: str, code: str) -> type[DatahubException]:
    """The class of a failure of that kind and error code."""
    return _BY_CODE.get(code) or _BY_KIND.get(kind, DatahubException)
