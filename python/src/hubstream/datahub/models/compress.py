"""Compression of records on the way, under the name of the reference."""

from hubstream.datahub._compress import CompressFormat

__all__ = ["CompressFormat"]
