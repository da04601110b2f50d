"""Compression of records on the way, under the name of the reference."""

from hubstream.datahub._travel import CompressFormat

__all__ = ["CompressFormat"]
