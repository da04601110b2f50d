"""Records, their columns, enumerations and results, under the names of the reference."""

from hubstream.datahub._travel import CompressFormat
from hubstream.datahub.models.connector import ConnectorShardStatus
from hubstream.datahub.models.results import *  # noqa: F403
from hubstream.datahub.models.subscription import OffsetWithBatchIndex
from hubstream.datahub.models.types import *  # noqa: F403
from hubstream.records import (
    Blob,
    BlobRecord,
    Field,
    FieldType,
    Record,
    RecordBatch,
    RecordSchema,
    TupleRecord,
)

from . import results, types

__all__ = [
    "Blob",
    "BlobRecord",
    "CompressFormat",
    "ConnectorShardStatus",
    "Field",
    "FieldType",
    "OffsetWithBatchIndex",
    "Record",
    "RecordBatch",
    "RecordSchema",
    "TupleRecord",
]
__all__ += results.__all__
__all__ += types.__all__
