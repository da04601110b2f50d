"""Enumerations, groups of members and results of Huawei Cloud DIS."""

from hubstream.dis.models.results import *  # noqa: F403
from hubstream.dis.models.types import *  # noqa: F403
from hubstream.records import Blob, BlobRecord, Record, RecordBatch

from . import results, types

__all__ = ["Blob", "BlobRecord", "Record", "RecordBatch"]
__all__ += results.__all__
__all__ += types.__all__
