"""Native part of the package: private, without promises."""

from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
from os import PathLike
from typing import Any, Literal, Self, SupportsIndex, final, overload

from typing_extensions import Buffer

from hubstream import record_schema, records
from hubstream._arrow import ArrowData
from hubstream.record_schema import Value

VERSION: str

__all__ = [
    "VERSION",
    "ArrowColumns",
    "ArrowReader",
    "Blob",
    "Client",
    "Emulator",
    "RecordBatch",
    "RecordIterator",
    "RecordSchema",
    "decode_get",
    "encode_put",
    "settings",
    "shut_down",
    "sign_datahub",
]

def settings(name: str) -> list[tuple[str, str, str, str]]: ...
def shut_down() -> None: ...
def sign_datahub(
    access_id: str, access_key: str, method: str, target: str, headers: list[tuple[str, str]]
) -> str: ...
def encode_put(records: RecordBatch, protocol: str, compress_format: str) -> tuple[Blob, int]: ...
def decode_get(
    body: Buffer, protocol: str, compress_format: str, raw_size: int, schema: RecordSchema | None
) -> RecordBatch: ...

@final
class Client:
    def __new__(
        cls,
        service_name: str,
        settings: dict[str, Any],
        credential: Any = None,
        *,
        from_env: bool = False,
        url: str | None = None,
    ) -> Self: ...
    @property
    def service(self) -> str: ...
    @property
    def endpoint(self) -> str: ...
    @property
    def closed(self) -> bool: ...
    def stats(self) -> dict[str, Any]: ...
    def call(self, name: str, arguments: dict[str, Any]) -> Any: ...
    def call_async(self, name: str, arguments: dict[str, Any]) -> Awaitable[Any]: ...
    def close(self) -> None: ...

@final
class RecordSchema:
    def __new__(cls, fields: list[tuple[str, str, bool, str]]) -> Self: ...
    @staticmethod
    def from_json(text: str) -> RecordSchema: ...
    def to_json(self) -> str: ...
    def fields(self) -> list[tuple[str, str, bool, str]]: ...
    def position(self, name: str) -> int | None: ...
    def has_layout_of(self, other: RecordSchema) -> bool: ...
    def convert(self, values: Iterable[object]) -> list[Value]: ...
    def convert_value(self, index: int, value: object) -> Value: ...
    def __len__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, tuple[str]]: ...

@final
class Blob:
    """Bytes of a record or a body: `memoryview(blob)` reads them without a copy."""

    def __new__(cls, content: Buffer) -> Self: ...
    def text(self) -> str:
        """Decodes the bytes as text in UTF-8."""
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: SupportsIndex, /) -> int: ...
    @overload
    def __getitem__(self, index: slice, /) -> bytes: ...
    def __iter__(self) -> Iterator[int]: ...
    def __bytes__(self) -> bytes: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[type[Self], tuple[bytes]]: ...

@final
class RecordBatch(Iterable[records.TupleRecord | records.BlobRecord]):
    """Some records of one topic in their order: all tuples of the same columns, or all blobs.

    It owns the bytes that were received; a value is decoded when it is touched.
    """

    @staticmethod
    def from_records(records: Iterable[records.Record]) -> RecordBatch:
        """Makes a batch of `TupleRecord` objects, or of `BlobRecord` objects."""
    @staticmethod
    def from_rows(
        schema: record_schema.RecordSchema | RecordSchema,
        rows: Iterable[Iterable[object]],
        *,
        shard_id: str | Sequence[str | None] | None = None,
        hash_key: str | Sequence[str | None] | None = None,
        partition_key: str | Sequence[str | None] | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> RecordBatch:
        """Makes a batch of tuple records from rows with one value per column.

        The keys are one text for all records, or a sequence with one for each.
        """
    @staticmethod
    def from_blobs(
        blobs: Iterable[Buffer],
        *,
        shard_id: str | Sequence[str | None] | None = None,
        hash_key: str | Sequence[str | None] | None = None,
        partition_key: str | Sequence[str | None] | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> RecordBatch:
        """Makes a batch of blob records from bytes-like objects.

        The keys are one text for all records, or a sequence with one for each.
        """
    @staticmethod
    def from_arrow(
        schema: record_schema.RecordSchema | RecordSchema | None, data: ArrowData
    ) -> RecordBatch:
        """Makes a batch of Arrow data: a table, a data frame, a relation, a stream.

        Anything with the method `__arrow_c_stream__` or `__arrow_c_array__` is taken. Columns are
        found by name, in any case; those of the topic that the data does not have are null. The
        columns `__shard_id`, `__hash_key`, `__partition_key` and `__attributes` set what their
        names say. Without a schema the records are blobs, out of the only column or that of the
        name `data`.

        Raises:
            InvalidArgumentError: If a column or a value does not fit the schema.
        """
    def to_arrow(
        self,
        *,
        metadata: bool = False,
        views: bool = False,
        decimal: Literal["text"] | tuple[int, int] | None = None,
    ) -> ArrowColumns:
        """The records as Arrow columns, for any library that takes Arrow data.

        The batch itself can be handed over as well; it gives the same as without arguments.

        Args:
            metadata: Whether columns `__sequence`, `__system_time`, `__shard_id`, `__hash_key`,
                `__partition_key` and `__attributes` come behind those of the topic.
            views: Whether texts and blobs are views (`string_view`, `binary_view`), which share
                the memory of the batch, instead of copies.
            decimal: Precision and scale of DECIMAL columns, or `"text"`. Without it they have 38
                and 18, or more in a batch that needs more.
        """
    def __arrow_c_schema__(self) -> Any: ...
    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]: ...
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...
    @staticmethod
    def concat(batches: Sequence[RecordBatch]) -> RecordBatch:
        """The records of several batches one after another, sharing memory."""
    @property
    def schema(self) -> record_schema.RecordSchema | None:
        """The columns of tuple records; absent for blobs."""
    def rows(self) -> list[tuple[Value, ...]]:
        """All records as tuples of their values, in one go. Not for blobs."""
    def row(self, index: int) -> tuple[Value, ...]:
        """The values of one record as a tuple. Not for blobs."""
    def column(self, column: int | str) -> list[Value]:
        """All values of one column, by name (in any case) or place."""
    def blobs(self) -> list[Blob]:
        """The payloads of blob records, without copying them."""
    def blob(self, index: int) -> Blob:
        """The payload of one blob record, without copying it."""
    def attributes(self, index: int) -> dict[str, str]:
        """The attributes of one record."""
    def sequence(self, index: int) -> int:
        """The sequence number of one record; 0 for one that was not received."""
    def sequences(self) -> list[int]:
        """The sequence numbers of all records."""
    def system_time(self, index: int) -> int:
        """When the service stored one record, in milliseconds since 1970, else 0."""
    def system_times(self) -> list[int]:
        """When the service stored the records, in milliseconds since 1970."""
    def cursor(self, index: int) -> str | None:
        """The cursor of one record, if the service told it."""
    def next_cursor(self, index: int) -> str | None:
        """The cursor behind one record, if the service told it."""
    def shard_id(self, index: int) -> str | None:
        """The shard that one record is meant for, if one is set."""
    def hash_key(self, index: int) -> str | None:
        """The hash key of one record, if one is set."""
    def partition_key(self, index: int) -> str | None:
        """The partition key of one record, if one is set."""
    def batch_index(self, index: int) -> int:
        """The place of one record within its stored batch, from 0."""
    def batch_size(self, index: int) -> int:
        """How many records the stored batch of one record holds; 0 when it is not known."""
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: int, /) -> records.TupleRecord | records.BlobRecord: ...
    @overload
    def __getitem__(self, index: slice, /) -> RecordBatch: ...
    def __iter__(self) -> RecordIterator: ...
    @staticmethod
    def _restore(
        schema: RecordSchema | None, contents: list[Any], facts: list[Any]
    ) -> RecordBatch: ...
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]: ...

@final
class ArrowColumns:
    """Records as Arrow columns, for any library that takes Arrow data."""

    def __arrow_c_schema__(self) -> Any: ...
    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]: ...
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...
    def __len__(self) -> int: ...

@final
class ArrowReader:
    def __new__(
        cls,
        schema: record_schema.RecordSchema | RecordSchema | None,
        data: Any,
        *,
        max_records: int,
        max_bytes: int,
    ) -> Self: ...
    def read(self) -> RecordBatch | None: ...

@final
class RecordIterator(Iterator[records.TupleRecord | records.BlobRecord]):
    def __iter__(self) -> Self: ...
    def __next__(self) -> records.TupleRecord | records.BlobRecord: ...
    def __length_hint__(self) -> int: ...

@final
class Emulator:
    def __new__(
        cls,
        *,
        datahub: str | None,
        dis: str | None,
        access_id: str,
        access_key: str,
        no_auth: bool,
        limits: str,
        data_dir: str | PathLike[str] | None,
        start_time: float | None,
    ) -> Self: ...
    def start(self) -> None: ...
    def start_async(self) -> Awaitable[None]: ...
    def stop(self) -> None: ...
    def stop_async(self) -> Awaitable[None]: ...
    @property
    def datahub_url(self) -> str | None: ...
    @property
    def dis_url(self) -> str | None: ...
    def reset(self) -> None: ...
    def set_faults(self, plan: str) -> None: ...
    def clear_faults(self) -> None: ...
    def faults(self) -> str: ...
    def advance(self, seconds: float) -> None: ...
    def now(self) -> float: ...
