"""Records, their columns, enumerations and results, under the names of the reference.

Each name is imported when it is first used.
"""

from __future__ import annotations

from hubstream._model import attribute, exported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hubstream.datahub import CompressFormat
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

_HOMES = {
    "CompressFormat": "hubstream.datahub",
    "ConnectorShardStatus": "hubstream.datahub.models.connector",
    "OffsetWithBatchIndex": "hubstream.datahub.models.subscription",
    "Blob": "hubstream.records",
    "BlobRecord": "hubstream.records",
    "Field": "hubstream.records",
    "FieldType": "hubstream.records",
    "Record": "hubstream.records",
    "RecordBatch": "hubstream.records",
    "RecordSchema": "hubstream.records",
    "TupleRecord": "hubstream.records",
}


if not TYPE_CHECKING:
    # Hidden from type checkers: to them it would say that every name exists.

    def __getattr__(name: str) -> Any:
        if name == "__all__":
            value: Any = exported(__name__, _HOMES)
        else:
            value = attribute(__name__, name, _HOMES)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *exported(__name__, _HOMES)})
