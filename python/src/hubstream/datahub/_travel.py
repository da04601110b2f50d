"""How records travel and are compressed, in the words of the reference."""

from __future__ import annotations

from enum import Enum


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
