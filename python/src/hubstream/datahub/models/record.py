"""Records, under the name of the reference."""

from hubstream.datahub.models.types import (
    FailedRecord,
    RecordType,
)
from hubstream.records import BlobRecord, Record, RecordBatch, TupleRecord

__all__ = [
    "BlobRecord",
    "FailedRecord",
    "Record",
    "RecordBatch",
    "RecordType",
    "TupleRecord",
]
