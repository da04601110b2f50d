"""Arrow data of other libraries as records to be put."""

from __future__ import annotations

from hubstream._native import ArrowReader

TYPE_CHECKING = False  # importing `typing` would take longer than all the rest
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Protocol, TypeAlias

    from hubstream.datahub.models import FailedRecord, PutRecordsResult
    from hubstream.record_schema import RecordSchema
    from hubstream.records import RecordBatch

    class ArrowStream(Protocol):
        """What gives its data as an Arrow stream: tables, data frames, relations."""

        def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
            """The stream, as a capsule."""

    class ArrowArray(Protocol):
        """What gives its data as one Arrow array."""

        def __arrow_c_array__(
            self, requested_schema: object | None = None
        ) -> tuple[object, object]:
            """The schema and the array, as capsules."""

    ArrowData: TypeAlias = ArrowStream | ArrowArray

# Public limits of the service are 10000 records and 4 MB per request. The size of records is known
# only about before they are encoded.
MAX_RECORDS = 10_000
MAX_BYTES = 2 * 1024 * 1024


def put_all(
    columns: RecordSchema | None,
    data: ArrowData,
    put: Callable[[RecordBatch], PutRecordsResult],
) -> PutRecordsResult:
    """Puts the data in as many requests as its size needs."""
    puts = Puts(columns, data)
    with puts:
        while (records := puts.reader.read()) is not None:
            puts.add(len(records), put(records))
    return puts.result()


async def put_all_async(
    columns: RecordSchema | None,
    data: ArrowData,
    put: Callable[[RecordBatch], Awaitable[PutRecordsResult]],
) -> PutRecordsResult:
    """The same with a put that is a coroutine; the data is read in another thread."""
    from asyncio import to_thread

    puts = Puts(columns, data)
    with puts:
        while (records := await to_thread(puts.reader.read)) is not None:
            puts.add(len(records), await put(records))
    return puts.result()


class Puts:
    """Several puts as if they had been one.

    An exception in its context gets a note of how much of the data was put before.
    """

    __slots__ = ("_failed", "_records", "_request_id", "reader")

    def __init__(self, columns: RecordSchema | None, data: ArrowData) -> None:
        self.reader = ArrowReader(columns, data, max_records=MAX_RECORDS, max_bytes=MAX_BYTES)
        self._records = 0
        self._failed: list[FailedRecord] = []
        self._request_id = ""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is not None and self._records:
            error.add_note(f"the first {self._records} records of the data were put before")

    def add(self, records: int, result: PutRecordsResult) -> None:
        """Adds the result of the next put of so many records."""
        from hubstream.datahub.models import FailedRecord

        for failed in result.failed_records:
            self._failed.append(
                FailedRecord(self._records + failed.index, failed.error_code, failed.error_message)
            )
        self._records += records
        self._request_id = result.request_id

    def result(self) -> PutRecordsResult:
        """The result of all; it has the id of the last request."""
        from hubstream.datahub.models import PutRecordsResult

        return PutRecordsResult(len(self._failed), self._failed, self._request_id)
