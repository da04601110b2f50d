"""Conversions between what users hand over and what the native client takes."""

from __future__ import annotations

from collections.abc import Mapping

TYPE_CHECKING = False  # importing `typing` would take longer than all the rest
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import UnionType
    from typing import Any, NoReturn, TypeVar

    from hubstream import _native
    from hubstream.records import Record, RecordBatch, RecordSchema

    _T = TypeVar("_T")


def optional(decode: Callable[[Any], _T], value: Any) -> _T | None:
    """Decodes a value that may be absent."""
    return None if value is None else decode(value)


def texts(value: str | Iterable[str] | None) -> list[str] | None:
    """A list of texts; one text stands for a list of one."""
    if value is None:
        return None
    return [value] if isinstance(value, str) else list(value)


def members(model: type, value: object) -> dict[str, Any] | None:
    """The members of a model, from the model itself, a mapping, or an object that has them.

    The keys of a mapping are names of members (`session_id`) or those of the service's own
    messages (`SessionId`).
    """
    if value is None:
        return None
    if isinstance(value, Mapping):
        return {_snake(key): item for key, item in value.items()}
    names: Sequence[str] = model.__slots__  # type: ignore[attr-defined]
    found = {name: getattr(value, name) for name in names if hasattr(value, name)}
    if not found:
        _refuse(f"a {model.__name__} or a mapping is needed, not {type(value).__name__}")
    return found


def member_list(model: type, values: Iterable[object] | None) -> list[Any] | None:
    """The members of each model of a list."""
    return None if values is None else [members(model, value) for value in values]


def member_map(model: type, values: Mapping[str, object] | None) -> dict[str, Any] | None:
    """The members of each model of a map."""
    if values is None:
        return None
    if not isinstance(values, Mapping):
        _refuse(f"a mapping is needed, not {type(values).__name__}")
    return {str(key): members(model, value) for key, value in values.items()}


def tagged(models: UnionType, value: dict[str, Any]) -> Any:
    """Makes the model that a value names as its kind, out of several."""
    facts = dict(value)
    kind = facts.pop("kind")
    model = next(model for model in models.__args__ if model.__name__ == kind)
    return model.from_native(facts)


def tagged_members(models: UnionType, value: object) -> dict[str, Any]:
    """The members of one of several models, with the name of the model as their kind.

    A mapping has to say its kind itself.
    """
    if isinstance(value, Mapping):
        return {_snake(key): item for key, item in value.items()}
    if not isinstance(value, models):
        names = ", ".join(model.__name__ for model in models.__args__)
        _refuse(f"one of {names} is needed, not {type(value).__name__}")
    return {"kind": type(value).__name__, **(members(type(value), value) or {})}


def _refuse(message: str) -> NoReturn:
    from hubstream.errors import InvalidArgumentError

    raise InvalidArgumentError(message)


def _snake(name: object) -> str:
    text = str(name)
    if text.islower():
        return text
    parts = ["_" + char.lower() if char.isupper() else char for char in text]
    return "".join(parts).lstrip("_")


def batch_of(records: RecordBatch | Sequence[Record] | None) -> _native.RecordBatch | None:
    """A batch of records, made of a sequence if it is not one already."""
    from hubstream.records import RecordBatch

    if records is None or isinstance(records, RecordBatch):
        return records
    return RecordBatch.from_records(records)


def handle_of(schema: RecordSchema | _native.RecordSchema | None) -> _native.RecordSchema | None:
    """The native form of a schema."""
    from hubstream import _native
    from hubstream.records import RecordSchema

    if schema is None or isinstance(schema, _native.RecordSchema):
        return schema
    if not isinstance(schema, RecordSchema):
        message = f"a RecordSchema is needed, not {type(schema).__name__}"
        _refuse(message)
    return schema._native
