"""How records travel, in the words of the reference."""

from __future__ import annotations

from enum import Enum


class DatahubProtocolType(Enum):
    """How records travel."""

    JSON = "json"
    """As JSON."""
    PB = "pb"
    """As protocol buffers."""
    BATCH = "batch"
    """As batches in protocol buffers."""
