"""The settings of a DataHub client, in the words of the reference and in those of hubstream."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from hubstream.datahub._compress import CompressFormat
    from hubstream.datahub.core import DatahubProtocolType


def format_name(compress_format: CompressFormat | str | None) -> str | None:
    """The name of a compression as the settings have it."""
    if compress_format is None or isinstance(compress_format, str):
        return "none" if compress_format == "" else compress_format
    return compress_format.value or "none"


def protocol_name(
    protocol_type: DatahubProtocolType | None,
    enable_pb: bool,
) -> str:
    """The name of a protocol as the settings have it."""
    if protocol_type is not None:
        return "protobuf" if protocol_type.value == "pb" else protocol_type.value
    return "protobuf" if enable_pb else "json"


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
