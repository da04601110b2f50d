"""Alibaba Cloud DataHub."""

from __future__ import annotations

from enum import Enum

from hubstream import _native
from hubstream._base import Connection
from hubstream.datahub._client import DataHubBase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta
    from typing import Any, Self

    from hubstream.credentials import CredentialSource
    from hubstream.datahub.auth import AliyunAccount

__all__ = ["CompressFormat", "DataHub", "DatahubProtocolType", "__version__"]

__version__ = _native.VERSION


class CompressFormat(Enum):
    """How records are compressed on the way."""

    NONE = ""
    """Not at all."""
    LZ4 = "lz4"
    """LZ4: the quickest."""
    ZLIB = "zlib"
    """Zlib."""
    DEFLATE = "deflate"
    """Deflate."""
    ZSTD = "zstd"
    """Zstandard."""


class DatahubProtocolType(Enum):
    """How records travel."""

    JSON = "json"
    """As JSON."""
    PB = "pb"
    """As protocol buffers."""
    BATCH = "batch"
    """As batches in protocol buffers."""


def _format_of(
    enable_pb: bool | CompressFormat | None,
    compress_format: CompressFormat | str | CredentialSource | None,
) -> Any:
    """The name of a compression as the settings have it."""
    given = enable_pb if isinstance(enable_pb, CompressFormat) else compress_format
    if isinstance(given, CompressFormat):
        return given.value or "none"
    return "none" if given == "" else given


def _credential_of(
    enable_pb: bool | CompressFormat | None,
    compress_format: CompressFormat | str | CredentialSource | None,
    credential: CredentialSource | None,
) -> Any:
    """What gives the credentials.

    Newer releases of the reference take compression and credentials by place, where older ones
    take `enable_pb` and the compression.
    """
    by_place = isinstance(enable_pb, CompressFormat)
    if credential is None and by_place and not isinstance(compress_format, CompressFormat | str):
        return compress_format
    return credential


def _facts_of(
    account: AliyunAccount,
) -> tuple[str | None, str | None, str | None, CredentialSource | None]:
    """What an account signs with."""
    from hubstream.datahub.auth import AliyunAccount

    if getattr(type(account), "sign_request", None) is not AliyunAccount.sign_request:
        from hubstream.record_schema import invalid

        raise invalid("account must be an AliyunAccount that does not sign in a way of its own")
    return (
        account.access_id or None,
        account.access_key or None,
        account.security_token or None,
        account.credential,
    )


def _protocol_of(
    protocol: str | None,
    protocol_type: DatahubProtocolType | str | None,
    enable_pb: bool | CompressFormat | None,
) -> Any:
    """The name of a protocol as the settings have it: the first one that is given."""
    if protocol:
        return protocol
    if isinstance(protocol_type, DatahubProtocolType):
        is_pb = protocol_type is DatahubProtocolType.PB
        return "protobuf" if is_pb else protocol_type.value
    if protocol_type is not None:
        return "protobuf" if protocol_type == DatahubProtocolType.PB.value else protocol_type
    if enable_pb is None or isinstance(enable_pb, CompressFormat):
        return None
    return "protobuf" if enable_pb else "json"


def _proxy_of(proxies: Mapping[str, str] | None, endpoint: str | None) -> str | None:
    """The proxy for the scheme of the endpoint, out of a mapping from schemes to proxies."""
    if not proxies:
        return None
    scheme = (endpoint or "").partition("://")[0].lower()
    return proxies.get(scheme) or proxies.get("all")


def _attempts(max_attempts: int | None, retry_times: int | None) -> int | None:
    """The attempts per call; `retry_times` counts those after the first."""
    if max_attempts is None and retry_times is not None:
        return retry_times + 1
    return max_attempts


def _either(
    first: float | timedelta | None, second: float | timedelta | None
) -> float | timedelta | None:
    """The first of two settings that is given."""
    return second if first is None else first


class Settings(Connection):
    """How a client of DataHub is made, blocking or not."""

    __slots__ = ()

    def __init__(
        self,
        access_id: str | None = None,
        access_key: str | None = None,
        endpoint: str | None = None,
        enable_pb: bool | CompressFormat | None = None,
        compress_format: CompressFormat | str | CredentialSource = CompressFormat.LZ4,
        *,
        security_token: str | None = None,
        credential: CredentialSource | None = None,
        protocol: str | None = None,
        protocol_type: DatahubProtocolType | str | None = None,
        batch_version: int | None = None,
        region: str | None = None,
        signature: str | None = None,
        at_least_once: bool | None = None,
        clock_correction: bool | None = None,
        connect_timeout: float | timedelta | None = None,
        attempt_timeout: float | timedelta | None = None,
        total_timeout: float | timedelta | None = None,
        max_attempts: int | None = None,
        proxy: str | None = None,
        ca_file: str | None = None,
        user_agent: str | None = None,
        max_idle_connections: int | None = None,
        proxies: Mapping[str, str] | None = None,
        retry_times: int | None = None,
        conn_timeout: float | timedelta | None = None,
        read_timeout: float | timedelta | None = None,
        pool_maxsize: int | None = None,
        pool_connections: int | None = None,  # noqa: ARG002
        stream: bool | None = None,  # noqa: ARG002
        account: AliyunAccount | None = None,
        enable_schema_register: bool | None = None,  # noqa: ARG002
    ) -> None:
        """Makes a client. Nothing is sent.

        Args:
            access_id: Access id (access key id).
            access_key: Access key (access key secret).
            endpoint: URL of the service: scheme, host, optional port and path.
            enable_pb: Whether records travel as protobuf, else as JSON; `None` for what `protocol`
                says. Newer releases of the reference have `compress_format` and `credential` in
                this place and the next; that works, too.
            compress_format: Compression of records on the way.
            security_token: Token of temporary credentials.
            credential: Gives the credentials of each request, in place of id and key: a callable
                that returns (id, key), (id, key, token) or (id, key, token, expires_at), or an
                object with the method get_credential.
            protocol: How records travel: `protobuf`, `json`, `batch`, or `auto` for the best that a
                topic supports; counts more than `enable_pb`. Default: auto.
            protocol_type: The same as a member of `DatahubProtocolType`, or its value.
            batch_version: Layout of batches that are written: 1 (Avro) or 0 (rows). Default: 1.
            region: Region, for signatures that carry one.
            signature: How requests are signed: `default`, or `v4` with a region.
            at_least_once: Whether puts are repeated even when the service may have accepted them:
                after an answer that did not arrive, was cut off or has a wrong checksum. Duplicates
                are then possible. Default: false.
            clock_correction: Whether a request whose date the service refuses is dated by the
                service's clock and sent again, and so all later ones. Default: true.
            connect_timeout: Time limit for making a connection, in seconds. Default: 5.
            attempt_timeout: Time limit for one attempt, in seconds. Default: 30.
            total_timeout: Time limit for a call with all its attempts, in seconds. Default: 120.
            max_attempts: Attempts per call, the first included. Default: 4.
            proxy: URL of an HTTP or SOCKS proxy. Without it HTTP_PROXY, HTTPS_PROXY and NO_PROXY
                are obeyed.
            ca_file: File of further trusted certificates in PEM form.
            user_agent: Product name put before the library's own in User-Agent.
            max_idle_connections: Connections kept open while idle. Default: 64.
            proxies: Proxies by scheme, as in `{"https": "http://127.0.0.1:3128"}`.
            retry_times: Attempts per call after the first; another way to say `max_attempts`.
            conn_timeout: Another name of `connect_timeout`.
            read_timeout: Another name of `attempt_timeout`.
            pool_maxsize: Another name of `max_idle_connections`.
            pool_connections: Has no effect: there is one pool for all hosts.
            stream: Has no effect: replies are always read whole.
            account: Another way to give id, key and token, or `credential`; counts more than they.
            enable_schema_register: Has no effect: whether a topic has several versions of its
                schema is asked of the service.

        Raises:
            InvalidParameterException: If a setting is refused.
        """
        if account is not None:
            access_id, access_key, security_token, credential = _facts_of(account)
        settings = {
            "endpoint": endpoint,
            "access_id": access_id,
            "access_key": access_key,
            "security_token": security_token,
            "region": region,
            "signature": signature,
            "protocol": _protocol_of(protocol, protocol_type, enable_pb),
            "batch_version": batch_version,
            "compress_format": _format_of(enable_pb, compress_format),
            "at_least_once": at_least_once,
            "clock_correction": clock_correction,
            "connect_timeout": _either(connect_timeout, conn_timeout),
            "attempt_timeout": _either(attempt_timeout, read_timeout),
            "total_timeout": total_timeout,
            "max_attempts": _attempts(max_attempts, retry_times),
            "proxy": proxy or _proxy_of(proxies, endpoint),
            "ca_file": ca_file,
            "user_agent": user_agent,
            "max_idle_connections": (
                pool_maxsize if max_idle_connections is None else max_idle_connections
            ),
        }
        self._connect(settings, _credential_of(enable_pb, compress_format, credential))

    @classmethod
    def from_access(
        cls,
        access_id: str,
        access_key: str,
        endpoint: str,
        compress_format: CompressFormat | str = CompressFormat.LZ4,
        **settings: Any,
    ) -> Self:
        """Makes a client with an access id and key.

        Args:
            access_id: Access id (access key id).
            access_key: Access key (access key secret).
            endpoint: URL of the service.
            compress_format: Compression of records on the way.
            settings: Further arguments of the class.

        Raises:
            InvalidParameterException: If a setting is refused.
        """
        return cls(access_id, access_key, endpoint, compress_format=compress_format, **settings)

    @classmethod
    def from_credential(
        cls,
        credential: CredentialSource,
        endpoint: str,
        compress_format: CompressFormat | str = CompressFormat.LZ4,
        **settings: Any,
    ) -> Self:
        """Makes a client that asks for the credentials of its requests.

        Args:
            credential: Gives the credentials of each request.
            endpoint: URL of the service.
            compress_format: Compression of records on the way.
            settings: Further arguments of the class.

        Raises:
            InvalidParameterException: If a setting is refused.
        """
        return cls(
            endpoint=endpoint,
            compress_format=compress_format,
            credential=credential,
            **settings,
        )


class DataHub(Settings, DataHubBase):
    """A client of Alibaba Cloud DataHub.

    Example:
        >>> hub = DataHub("id", "key", "https://dh-cn-hangzhou.aliyuncs.com")
        >>> hub.list_project().project_names  # doctest: +SKIP
    """

    __slots__ = ()
