"""Kinds of cursors, under the name of the reference."""

from hubstream.datahub.models.types import (
    CursorType,
)

__all__ = [
    "CursorType",
]
