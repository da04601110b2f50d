"""Arrow data of other libraries as records to be put."""

from __future__ import annotations

from hubstream._native import ArrowReader

TYPE_CHECKING = False  # importing `typing` would take longer than all the rest
if TYPE_CHECKING:
    from typing import Protocol, TypeAlias

    from hubstream.datahub.models import FailedRecord, PutRecordsResult
    from hubstream.record_schema import RecordSchema

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


def reader_of(schema: RecordSchema | None, data: ArrowData) -> ArrowReader:
    """Reads the data as records of a topic, in batches that fit a request each."""
    return ArrowReader(schema, data, max_records=MAX_RECORDS, max_bytes=MAX_BYTES)


class PutTotal:
    """What became of the records of several puts, as if they had been one."""

    __slots__ = ("_failed", "_request_id", "records")

    def __init__(self) -> None:
        self.records = 0
        self._failed: list[FailedRecord] = []
        self._request_id = ""

    def add(self, records: int, result: PutRecordsResult) -> None:
        """Adds the result of the next put of so many records."""
        from hubstream.datahub.models import FailedRecord

        for failed in result.failed_records:
            self._failed.append(
                FailedRecord(self.records + failed.index, failed.error_code, failed.error_message)
            )
        self.records += records
        self._request_id = result.request_id

    def result(self) -> PutRecordsResult:
        """The result of all; it has the id of the last request."""
        from hubstream.datahub.models import PutRecordsResult

        return PutRecordsResult(len(self._failed), self._failed, self._request_id)


def add_progress(error: BaseException, records: int) -> None:
    """Notes in an exception how much of the data was put before."""
    if records:
        error.add_note(f"the first {records} records of the data were put before")
