"""Huawei Cloud DIS as coroutines."""

from __future__ import annotations

from hubstream.dis._aio_client import DisClientBase

__all__ = ["DisClient"]


class DisClient(DisClientBase):
    """A client of Huawei Cloud DIS, as coroutines.

    Example:
        >>> client = DisClient(
        ...     endpoint="https://dis.cn-north-4.myhuaweicloud.com",
        ...     project_id="0123456789abcdef",
        ...     access_id="id",
        ...     access_key="key",
        ... )
        >>> await client.list_streams()  # doctest: +SKIP
    """

    __slots__ = ()
