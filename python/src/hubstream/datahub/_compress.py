"""Compression of records on the way."""

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
