"""The client and its protocols, under the name of the reference."""

from __future__ import annotations

from enum import Enum

from hubstream.datahub import DataHub

__all__ = ["DataHub", "DatahubProtocolType"]


class DatahubProtocolType(Enum):
    """How records travel."""

    JSON = "json"
    """As JSON."""
    PB = "pb"
    """As protocol buffers."""
    BATCH = "batch"
    """As batches in protocol buffers."""
