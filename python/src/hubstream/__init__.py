"""Clients of stream services, and an emulator of them.

- `hubstream.datahub`: Alibaba Cloud DataHub; `hubstream.datahub.aio` as coroutines.
- `hubstream.dis`: Huawei Cloud DIS; `hubstream.dis.aio` as coroutines.
- `hubstream.errors`: what can go wrong, the same for every service.
- `hubstream.records`: records, their columns, and batches of them.
- `hubstream.testing`: an emulator that runs in this process.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hubstream import datahub as datahub
    from hubstream import dis as dis
    from hubstream import errors as errors
    from hubstream import records as records
    from hubstream import testing as testing
    from hubstream._stats import ClientStats
    from hubstream.errors import HubstreamError
    from hubstream.records import RecordBatch

    __version__: str

__all__ = ["ClientStats", "HubstreamError", "RecordBatch", "__version__"]

_LAZY = {
    "ClientStats": ("hubstream._stats", "ClientStats"),
    "HubstreamError": ("hubstream.errors", "HubstreamError"),
    "RecordBatch": ("hubstream.records", "RecordBatch"),
    "__version__": ("hubstream._native", "VERSION"),
}

_MODULES = frozenset({"datahub", "dis", "errors", "records", "testing"})


if not TYPE_CHECKING:
    # Hidden from type checkers: to them it would say that every name exists.

    def __getattr__(name: str) -> Any:
        from hubstream._model import load

        if name in _MODULES:
            return load(f"hubstream.{name}")
        try:
            module, attribute = _LAZY[name]
        except KeyError:
            message = f"module 'hubstream' has no attribute {name!r}"
            raise AttributeError(message) from None
        value = globals()[name] = getattr(load(module), attribute)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY, *_MODULES})
