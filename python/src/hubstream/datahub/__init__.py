"""Alibaba Cloud DataHub."""

from __future__ import annotations

from hubstream.datahub._client import DataHubBase
from hubstream.datahub._settings import Settings
from hubstream.datahub._travel import DatahubProtocolType

__all__ = ["DataHub", "DatahubProtocolType"]


class DataHub(Settings, DataHubBase):
    """A client of Alibaba Cloud DataHub.

    Example:
        >>> hub = DataHub("id", "key", "https://dh-cn-hangzhou.aliyuncs.com")
        >>> hub.list_project().project_names  # doctest: +SKIP
    """

    __slots__ = ()
