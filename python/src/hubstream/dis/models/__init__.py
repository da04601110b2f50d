"""Enumerations, groups of members and results of Huawei Cloud DIS.

Each name is imported when it is first used.
"""

from __future__ import annotations

from hubstream._model import attribute, exported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hubstream.dis.models.results import *  # noqa: F403
    from hubstream.dis.models.types import *  # noqa: F403
    from hubstream.records import Blob, BlobRecord, Record, RecordBatch

    from . import results, types

    __all__ = ["Blob", "BlobRecord", "Record", "RecordBatch"]
    __all__ += results.__all__
    __all__ += types.__all__

_HOMES = {
    "Blob": "hubstream.records",
    "BlobRecord": "hubstream.records",
    "Record": "hubstream.records",
    "RecordBatch": "hubstream.records",
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
