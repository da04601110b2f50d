"""The settings of a DataHub client, in the words of the reference and in those of hubstream."""

from __future__ import annotations

from hubstream.datahub._travel import CompressFormat, DatahubProtocolType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta
    from typing import Any

    from hubstream.credentials import CredentialSource


def format_of(
    enable_pb: bool | CompressFormat,
    compress_format: CompressFormat | str | CredentialSource | None,
) -> Any:
    """The name of a compression as the settings have it."""
    given = enable_pb if isinstance(enable_pb, CompressFormat) else compress_format
    if isinstance(given, CompressFormat):
        return given.value or "none"
    return "none" if given == "" else given


def credential_of(
    enable_pb: bool | CompressFormat,
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


def protocol_of(
    protocol: str | None,
    protocol_type: DatahubProtocolType | None,
    enable_pb: bool | CompressFormat,
) -> Any:
    """The name of a protocol as the settings have it: the first one that is given."""
    if protocol:
        return protocol
    if isinstance(protocol_type, DatahubProtocolType):
        is_pb = protocol_type is DatahubProtocolType.PB
        return "protobuf" if is_pb else protocol_type.value
    return protocol_type or ("protobuf" if enable_pb else "json")


def proxy_of(proxies: Mapping[str, str] | None, endpoint: str | None) -> str | None:
    """The proxy for the scheme of the endpoint, out of a mapping from schemes to proxies."""
    if not proxies:
        return None
    scheme = (endpoint or "").partition("://")[0].lower()
    return proxies.get(scheme) or proxies.get("all")


def attempts(max_attempts: int | None, retry_times: int | None) -> int | None:
    """The attempts per call; `retry_times` counts those after the first."""
    if max_attempts is None and retry_times is not None:
        return retry_times + 1
    return max_attempts


def either(
    first: float | timedelta | None, second: float | timedelta | None
) -> float | timedelta | None:
    """The first of two settings that is given."""
    return second if first is None else first
