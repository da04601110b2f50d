"""Alibaba Cloud DataHub as coroutines."""

from __future__ import annotations

from hubstream.datahub import Settings
from hubstream.datahub._aio_client import DataHubBase

__all__ = ["DataHub"]


class DataHub(Settings, DataHubBase):
    """A client of Alibaba Cloud DataHub, as coroutines.

    Example:
        >>> async with DataHub("id", "key", "https://dh-cn-hangzhou.aliyuncs.com") as hub:
        ...     (await hub.list_project()).project_names  # doctest: +SKIP
    """

    __slots__ = ()
