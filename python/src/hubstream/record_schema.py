"""The columns of tuple records."""

from __future__ import annotations

from enum import Enum

from hubstream import _native
from hubstream._model import Model

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from decimal import Decimal
    from typing import Any, TypeAlias

    from hubstream.errors import HubstreamError

    Value: TypeAlias = int | float | bool | str | Decimal | None


def invalid(message: str) -> HubstreamError:
    """The exception for records and columns of a wrong form."""
    from hubstream.datahub.exceptions import InvalidParameterException

    return InvalidParameterException(message)


class FieldType(Enum):
    """The type of a column."""

    TINYINT = "tinyint"
    """A whole number of 8 bits."""
    SMALLINT = "smallint"
    """A whole number of 16 bits."""
    INTEGER = "integer"
    """A whole number of 32 bits."""
    BIGINT = "bigint"
    """A whole number of 64 bits."""
    STRING = "string"
    """Text in UTF-8."""
    BOOLEAN = "boolean"
    """True or false."""
    TIMESTAMP = "timestamp"
    """A time in microseconds since 1970."""
    FLOAT = "float"
    """A single-precision number."""
    DOUBLE = "double"
    """A double-precision number."""
    DECIMAL = "decimal"
    """A decimal number of any precision."""
    JSON = "json"
    """A JSON document as text."""

    @classmethod
    def _missing_(cls, value: object) -> FieldType | None:
        # The names are accepted in any case, as the service does.
        return cls.__members__.get(value.upper()) if isinstance(value, str) else None


def _unicode(text: str, what: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise invalid(f"{what} has a character that is not Unicode") from None


class Field(Model):
    """One column.

    Newer releases of the reference take `comment` before `allow_null`; that order works, too, as
    one is text and the other is not.

    Attributes:
        name: The name; names are compared without regard to case.
        type: The type of the values.
        allow_null: Whether a value may be null.
        comment: Free text about the column.
    """

    __slots__ = ("name", "type", "allow_null", "comment")

    name: str
    type: FieldType
    allow_null: bool
    comment: str

    def __init__(
        self,
        name: str,
        field_type: FieldType,
        allow_null: bool | str = True,
        comment: str | bool = "",
    ) -> None:
        if not isinstance(name, str) or not name:
            raise invalid("the name of a field must be text that is not empty")
        _unicode(name, "the name of a field")
        if isinstance(allow_null, str):
            allow_null, comment = True if comment == "" else comment, allow_null
        if not isinstance(comment, str):
            raise invalid(f"the comment of `{name}` must be text")
        _unicode(comment, f"the comment of `{name}`")
        try:
            kind = FieldType(field_type)
        except ValueError:
            raise invalid(f"field_type of `{name}` must be a FieldType") from None
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "type", kind)
        object.__setattr__(self, "allow_null", bool(allow_null))
        object.__setattr__(self, "comment", comment)

    @classmethod
    def from_json(cls, field_json: Mapping[str, Any]) -> Field:
        """Makes a column of what `to_json` gives.

        Raises:
            InvalidParameterException: If a member is missing or of a wrong form.
        """
        if missing := {"name", "type"} - field_json.keys():
            raise invalid(f"a field needs `{min(missing)}`")
        allow_null = not field_json.get("notnull", False)
        return cls(
            field_json["name"], field_json["type"], allow_null, field_json.get("comment", "")
        )

    def to_json(self) -> dict[str, Any]:
        """The column as a dictionary: name, type, comment, and notnull if it is."""
        data: dict[str, Any] = {
            "name": self.name,
            "type": self.type.value,
            "comment": self.comment,
        }
        if not self.allow_null:
            data["notnull"] = True
        return data

    def __str__(self) -> str:
        return str(self.to_json())


class RecordSchema:
    """The columns of a tuple topic in their order.

    Args:
        field_list: The columns.

    Raises:
        InvalidParameterException: If a name occurs twice, whatever its case.

    Example:
        >>> schema = RecordSchema.from_lists(["id", "name"], [FieldType.BIGINT, FieldType.STRING])
        >>> [field.name for field in schema.field_list]
        ['id', 'name']
    """

    __slots__ = ("_fields", "_handle")

    def __init__(self, field_list: Iterable[Field] | None = None) -> None:
        self._fields: list[Field] = []
        self._handle: _native.RecordSchema | None = None
        for field in field_list or ():
            self.add_field(field)

    @classmethod
    def from_lists(
        cls,
        names: Sequence[str],
        types: Sequence[FieldType],
        comments: Sequence[str] | None = None,
        allow_nulls: Sequence[bool] | None = None,
    ) -> RecordSchema:
        """Makes a schema from lists of equal length; `comments` and `allow_nulls` may be empty.

        Raises:
            InvalidParameterException: If the lists differ in length.
        """
        count = len(names)
        nulls = allow_nulls or [True] * count
        texts = comments or [""] * count
        if not count == len(types) == len(nulls) == len(texts):
            raise invalid("the lists must be of equal length")
        return cls(map(Field, names, types, nulls, texts))

    @classmethod
    def from_json_str(cls, fields_jsonstr: str) -> RecordSchema:
        """Reads a schema from its JSON text.

        Raises:
            HubstreamError: Of kind `malformed`, if it is not the text of a schema.
        """
        _unicode(fields_jsonstr, "the record schema")
        return cls.from_native(_native.RecordSchema.from_json(fields_jsonstr))

    from_jsonstring = from_json_str

    @classmethod
    def from_json(cls, fields_json: dict[str, Any]) -> RecordSchema:
        """Reads a schema from the dictionary that its JSON text stands for."""
        from json import dumps

        return cls.from_json_str(dumps(fields_json))

    @classmethod
    def from_native(cls, handle: _native.RecordSchema) -> RecordSchema:
        """Makes it from what the native client gave."""
        schema = cls.__new__(cls)
        schema._fields = [
            Field(name, FieldType(kind), allow_null, comment)
            for name, kind, allow_null, comment in handle.fields()
        ]
        schema._handle = handle
        return schema

    @property
    def field_list(self) -> list[Field]:
        """The columns."""
        return list(self._fields)

    @property
    def fields(self) -> list[Field]:
        """The columns."""
        return list(self._fields)

    @property
    def _native(self) -> _native.RecordSchema:
        if self._handle is None:
            self._handle = _native.RecordSchema(
                [
                    (field.name, field.type.value, field.allow_null, field.comment)
                    for field in self._fields
                ]
            )
        return self._handle

    def add_field(self, field: Field) -> None:
        """Adds a column at the end.

        Raises:
            InvalidParameterException: If there is a column of that name, whatever its case.
        """
        if not isinstance(field, Field):
            raise invalid(f"a Field is needed, not {type(field).__name__}")
        if any(known.name.lower() == field.name.lower() for known in self._fields):
            raise invalid(f"the name `{field.name}` occurs twice")
        self._fields.append(field)
        self._handle = None

    def index_of(self, index_or_name: int | str) -> int:
        """The place of a column, given as place (from 0) or name.

        Raises:
            InvalidParameterException: If there is no such column.
        """
        if isinstance(index_or_name, str):
            _unicode(index_or_name, "the name of a column")
            place = self._native.position(index_or_name)
            if place is None:
                raise invalid(f"there is no column `{index_or_name}`")
            return place
        if not isinstance(index_or_name, int):
            kind = type(index_or_name).__name__
            raise invalid(f"a column is told by its place or name, not by {kind}")
        if not 0 <= index_or_name < len(self._fields):
            raise invalid(f"there are {len(self._fields)} columns, no number {index_or_name}")
        return index_or_name

    def get_field(self, index_or_name: int | str) -> Field:
        """The column at a place (from 0), or of a name.

        Raises:
            InvalidParameterException: If there is no such column.
        """
        return self._fields[self.index_of(index_or_name)]

    def has_columns_of(self, other: RecordSchema) -> bool:
        """Whether names (in any case) and types are the same, in the same order."""
        if self is other:
            return True
        mine = [(field.name.lower(), field.type) for field in self._fields]
        return mine == [(field.name.lower(), field.type) for field in other._fields]

    def to_json(self) -> dict[str, Any]:
        """The schema as a dictionary."""
        return {"fields": [field.to_json() for field in self._fields]}

    def to_json_string(self) -> str:
        """The schema as JSON text, as the service takes it."""
        return self._native.to_json()

    def __len__(self) -> int:
        return len(self._fields)

    def __iter__(self) -> Iterator[Field]:
        return iter(self._fields)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RecordSchema):
            return NotImplemented
        return self._fields == other._fields

    def __reduce__(self) -> tuple[Any, ...]:
        return (RecordSchema, (self._fields,))

    def __repr__(self) -> str:
        columns = ", ".join(
            f"{field.name} {field.type.name}{'' if field.allow_null else ' NOT NULL'}"
            for field in self._fields
        )
        return f"RecordSchema({columns})"
