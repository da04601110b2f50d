"""Records, and batches of them."""

from __future__ import annotations

from _collections_abc import Sequence  # `collections.abc` would be one module more

from hubstream._native import Blob, RecordBatch
from hubstream.record_schema import Field, FieldType, RecordSchema, invalid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, TypeAlias

    from hubstream.datahub.models.types import RecordType
    from hubstream.record_schema import Value

    BytesLike: TypeAlias = bytes | bytearray | memoryview | Blob

__all__ = [
    "Blob",
    "BlobRecord",
    "Field",
    "FieldType",
    "Record",
    "RecordBatch",
    "RecordSchema",
    "TupleRecord",
]

Sequence.register(Blob)  # pyright: ignore[reportAttributeAccessIssue]

# What a received record has, read from its batch when first touched; and what a new one has.
_LOADERS: dict[str, tuple[Callable[[RecordBatch, int], Any], Any]] = {
    "shard_id": (lambda batch, row: batch.shard_id(row) or "", ""),
    "hash_key": (lambda batch, row: batch.hash_key(row) or "", ""),
    "partition_key": (lambda batch, row: batch.partition_key(row) or "", ""),
    "attributes": (RecordBatch.attributes, None),
    "sequence": (RecordBatch.sequence, 0),
    "system_time": (RecordBatch.system_time, 0),
    "cursor": (RecordBatch.cursor, None),
    "next_cursor": (RecordBatch.next_cursor, None),
    "batch_index": (RecordBatch.batch_index, 0),
    "batch_size": (RecordBatch.batch_size, 0),
    "_values": (lambda batch, row: list(batch.row(row)), None),
    "_content": (RecordBatch.blob, b""),
    "_schema": (lambda batch, _row: batch.schema, None),
    "_filled": (lambda batch, row: len(batch.row(row)), 0),
}

_FACTS = (
    "shard_id",
    "hash_key",
    "partition_key",
    "attributes",
    "sequence",
    "system_time",
    "cursor",
    "next_cursor",
    "batch_index",
    "batch_size",
)


class Record:
    """A record: what tuple records and blob records share.

    Attributes:
        shard_id: Shard that the record is meant for; empty for none.
        hash_key: Hash key that routes the record; empty for none.
        partition_key: Text whose hash routes the record; empty for none.
        attributes: Texts by name that travel with the record.
        sequence: Sequence number of a received record, else 0.
        system_time: When the service stored it, in milliseconds since 1970, else 0.
        cursor: Cursor of a received record, if the service told it.
        next_cursor: Cursor behind a received record, if the service told it.
        batch_index: Place of a received record within its stored batch, from 0.
        batch_size: How many records its stored batch holds; 0 when it is not known.
    """

    __slots__ = ("_batch", "_row", *_FACTS)

    _batch: RecordBatch | None
    _row: int
    shard_id: str
    hash_key: str
    partition_key: str
    attributes: dict[str, str]
    sequence: int
    system_time: int
    cursor: str | None
    next_cursor: str | None
    batch_index: int
    batch_size: int

    def __init__(self) -> None:
        self._batch = None
        self.shard_id = self.hash_key = self.partition_key = ""
        self.attributes = {}

    @classmethod
    def _of(cls, batch: RecordBatch, row: int) -> Record:
        record = cls.__new__(cls)
        record._batch = batch
        record._row = row
        return record

    def __getattr__(self, name: str) -> Any:
        loader = _LOADERS.get(name)
        if loader is None:
            message = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=self)
        load, default = loader
        value = default if self._batch is None else load(self._batch, self._row)
        setattr(self, name, value)
        return value

    def get_attribute(self, key: str) -> str | None:
        """The attribute of that name, or `None`."""
        return self.attributes.get(key)

    def put_attribute(self, key: str, value: str) -> None:
        """Sets an attribute; both name and value must be text.

        Raises:
            InvalidParameterException: If one of them is not.
        """
        if not isinstance(key, str) or not isinstance(value, str):
            raise invalid("name and value of an attribute must be text")
        self.attributes[key] = value

    def get_offset(self) -> tuple[int, int]:
        """Sequence number and time, as offsets of subscriptions have them."""
        return self.sequence, self.system_time

    def to_json(self) -> dict[str, Any]:
        """The record by the service's names, its content as text."""
        json = {
            "Data": self._data(),
            "Sequence": self.sequence,
            "SystemTime": self.system_time,
            "BatchIndex": self.batch_index,
        }
        further = {
            "PartitionKey": self.partition_key,
            "HashKey": self.hash_key,
            "ShardId": self.shard_id,
            "Attributes": self.attributes,
        }
        return json | {name: value for name, value in further.items() if value}

    def _data(self) -> str | list[str | None]:
        raise NotImplementedError

    def _facts(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _FACTS}


def _restore(kind: type[Record], facts: dict[str, Any]) -> Record:
    record = kind.__new__(kind)
    record._batch = None
    for name, value in facts.items():
        setattr(record, name, value)
    return record


class BlobRecord(Record):
    """A record of bytes.

    Two blob records are equal when their bytes and attributes are.

    Args:
        blob_data: The bytes; a text stands for its bytes in UTF-8.
        values: The bytes in Base64, in place of `blob_data`.

    Raises:
        InvalidParameterException: If neither is given, or one is of a wrong form.
    """

    __slots__ = ("_content",)

    _content: BytesLike

    def __init__(
        self, blob_data: BytesLike | str | None = None, values: str | bytes | None = None
    ) -> None:
        self._batch = None
        self.shard_id = self.hash_key = self.partition_key = ""
        self.attributes = {}
        if type(blob_data) is bytes:
            self._content = blob_data
        elif isinstance(blob_data, str):
            self._content = blob_data.encode()
        elif isinstance(blob_data, bytes | bytearray | memoryview | Blob):
            self._content = bytes(blob_data)
        elif blob_data is not None:
            raise invalid(f"blob_data must be bytes, not {type(blob_data).__name__}")
        elif values is not None:
            from base64 import b64decode

            try:
                self._content = b64decode(values, validate=True)
            except (ValueError, TypeError) as error:
                raise invalid("values is not Base64") from error
        else:
            raise invalid("a blob record needs blob_data or values")

    @property
    def blob_data(self) -> bytes:
        """The bytes."""
        if not isinstance(self._content, bytes):
            self._content = bytes(self._content)
        return self._content

    @property
    def values(self) -> str:
        """The bytes in Base64."""
        from base64 import b64encode

        return b64encode(self.blob_data).decode("ascii")

    def _data(self) -> str:
        return self.values

    def view(self) -> memoryview:
        """The bytes without copying them, if they were received and not touched yet."""
        return memoryview(self._content)

    def get_type(self) -> RecordType:
        """`RecordType.BLOB`."""
        from hubstream.datahub.models.types import RecordType

        return RecordType.BLOB

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BlobRecord):
            return NotImplemented
        return self.blob_data == other.blob_data and self.attributes == other.attributes

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restore, (type(self), {**self._facts(), "_content": self.blob_data}))

    def __repr__(self) -> str:
        return f"BlobRecord({self.blob_data!r})"


class TupleRecord(Record):
    """A record with one value per column.

    Values are checked when they are set: integers within the range of their type, DECIMAL as
    `decimal.Decimal` (an `int` or a `str` is turned into one), TIMESTAMP in microseconds since
    1970, JSON as text. Two tuple records are equal when columns, values and attributes are.

    Args:
        field_list: The columns.
        schema: The columns, in place of `field_list`.
        values: One value per column; `None` for a null in every column.

    Raises:
        InvalidParameterException: If there are no columns, or a value does not fit its column.
    """

    __slots__ = ("_filled", "_schema", "_values")

    _schema: RecordSchema
    _values: list[Value]

    def __init__(
        self,
        field_list: Iterable[Field] | None = None,
        schema: RecordSchema | None = None,
        values: Sequence[object] | None = None,
    ) -> None:
        # As the base does, without calling it: programs make records by the million.
        self._batch = None
        self.shard_id = self.hash_key = self.partition_key = ""
        self.attributes = {}
        if schema is None:
            schema = RecordSchema(list(field_list or ()))
        if not schema._fields:
            raise invalid("a tuple record needs columns")
        self._schema = schema
        if values is None:
            self._filled = 0
            self._values = [None] * len(schema)
        else:
            native = schema._handle
            if native is None:
                native = schema._native
            self._values = native.convert(values)
            self._filled = len(self._values)

    @property
    def schema(self) -> RecordSchema:
        """The columns."""
        return self._schema

    @property
    def field_list(self) -> list[Field]:
        """The columns as a list."""
        return self._schema.field_list

    @property
    def name_indices(self) -> dict[str, int]:
        """The place of each column by name."""
        return {field.name: place for place, field in enumerate(self._schema.field_list)}

    @property
    def values(self) -> tuple[Value, ...]:
        """The values in the order of the columns."""
        return tuple(self._values)

    @values.setter
    def values(self, values: Sequence[object]) -> None:
        self._values = self._schema._native.convert(values)
        self._filled = len(self._values)

    def append_values(self, values: Iterable[object]) -> None:
        """Sets the next columns, beginning behind those that were given before.

        Raises:
            InvalidParameterException: If a value does not fit, or there are too many.
        """
        for value in values:
            self.set_value(self._filled, value)
            self._filled += 1

    def set_value(self, index_or_name: int | str, value: object) -> None:
        """Sets the value of a column.

        Raises:
            InvalidParameterException: If there is no such column or the value does not fit it.
        """
        place = self._schema.index_of(index_or_name)
        self._values[place] = self._schema._native.convert_value(place, value)

    def get_value(self, index_or_name: int | str) -> Value:
        """The value of a column.

        Raises:
            InvalidParameterException: If there is no such column.
        """
        return self._values[self._schema.index_of(index_or_name)]

    def has_field(self, field_name: str) -> bool:
        """Whether there is a column of that name."""
        return self._schema._native.position(field_name) is not None

    def to_dict(self) -> dict[str, Value]:
        """The values by the names of their columns."""
        names = (field.name for field in self._schema.field_list)
        return dict(zip(names, self._values, strict=True))

    def _data(self) -> list[str | None]:
        fields = self._schema.field_list
        return [_text(field.type, value) for field, value in zip(fields, self._values, strict=True)]

    def get_type(self) -> RecordType:
        """`RecordType.TUPLE`."""
        from hubstream.datahub.models.types import RecordType

        return RecordType.TUPLE

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TupleRecord):
            return NotImplemented
        return (
            self._values == other._values
            and self.attributes == other.attributes
            and self._schema.has_columns_of(other._schema)
        )

    def __reduce__(self) -> tuple[Any, ...]:
        facts: Mapping[str, object] = {
            **self._facts(),
            "_schema": self._schema,
            "_values": self._values,
            "_filled": len(self._values),
        }
        return (_restore, (type(self), facts))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.to_dict().items())
        return f"TupleRecord({values})"


def _text(kind: FieldType, value: Any) -> str | None:
    """A value as the JSON protocol has it."""
    if value is None:
        return None
    if kind is FieldType.BOOLEAN:
        return "true" if value else "false"
    if kind is FieldType.DOUBLE:
        mantissa, exponent, power = f"{value:.16e}".partition("e")
        return f"{mantissa.rstrip('0')}{exponent}{power}" if exponent else mantissa
    if kind is FieldType.DECIMAL:
        return f"{value:f}"
    return str(value)
