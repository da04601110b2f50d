"""Compression of records on the way, under the name of the reference."""

from hubstream.datahub import CompressFormat

__all__ = ["CompressFormat"]
