"""Conversions between what users hand over and what the native client takes.

What is of a wrong form is passed on as it is: the native client refuses it and names the argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hubstream import _native

TYPE_CHECKING = False  # importing `typing` would take longer than all the rest
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import UnionType
    from typing import Any, TypeVar

    from typing_extensions import TypeIs

    from hubstream._arrow import ArrowData
    from hubstream.records import Record, RecordBatch, RecordSchema

    _T = TypeVar("_T")


def optional(decode: Callable[[Any], _T], value: Any) -> _T | None:
    """Decodes a value that may be absent."""
    return None if value is None else decode(value)


def texts(value: str | Iterable[str] | None) -> Any:
    """A list of texts; one text stands for a list of one."""
    if isinstance(value, str):
        return [value]
    return list(value) if isinstance(value, Iterable) else value


def members(model: type, value: object) -> Any:
    """The members of a model, from the model itself, a mapping, or an object that has them.

    The keys of a mapping are names of members (`session_id`) or those of the service's own
    messages (`SessionId`).
    """
    if isinstance(value, Mapping):
        return {_snake(key): item for key, item in value.items()}
    names: Sequence[str] = model.__slots__  # type: ignore[attr-defined]
    return {name: getattr(value, name) for name in names if hasattr(value, name)} or value


def member_list(model: type, values: Iterable[object] | None) -> Any:
    """The members of each model of a list."""
    if isinstance(values, list | tuple):
        return [members(model, value) for value in values]
    return values


def member_map(model: type, values: Mapping[str, object] | None) -> Any:
    """The members of each model of a map."""
    if isinstance(values, Mapping):
        return {str(key): members(model, value) for key, value in values.items()}
    return values


def tagged(models: UnionType, value: dict[str, Any]) -> Any:
    """Makes the model that a value names as its kind, out of several."""
    facts = dict(value)
    kind = facts.pop("kind")
    model = next(model for model in models.__args__ if model.__name__ == kind)
    return model.from_native(facts)


def tagged_members(models: UnionType, value: object) -> Any:
    """The members of one of several models, with the name of the model as their kind.

    A mapping has to say its kind itself.
    """
    if isinstance(value, models):
        return {"kind": type(value).__name__, **members(type(value), value)}
    if isinstance(value, Mapping):
        return {_snake(key): item for key, item in value.items()}
    return value


def _snake(name: object) -> str:
    text = str(name)
    if text.islower():
        return text
    parts = ["_" + char.lower() if char.isupper() else char for char in text]
    return "".join(parts).lstrip("_")


def is_arrow(data: object) -> TypeIs[ArrowData]:
    """Whether this is Arrow data of another library."""
    kind = type(data)
    return kind is not _native.RecordBatch and (
        hasattr(kind, "__arrow_c_stream__") or hasattr(kind, "__arrow_c_array__")
    )


def batch_of(records: RecordBatch | Sequence[Record] | None, argument: str) -> Any:
    """A batch of records, made of a sequence if it is not one already."""
    from hubstream.records import RecordBatch

    if not isinstance(records, Iterable) or isinstance(records, RecordBatch):
        return records
    try:
        return RecordBatch.from_records(records)
    except Exception as error:
        _rename(error, argument)
        raise


def _rename(error: Exception, argument: str) -> None:
    """Lets an error of a bad argument name it as the caller does."""
    context = getattr(error, "context", None)
    if context and "argument" in context:
        known, wanted = f"`{context['argument']}`", f"`{argument}`"
        error.args = tuple(str(text).replace(known, wanted, 1) for text in error.args)
        message = str(getattr(error, "message", "")).replace(known, wanted, 1)
        error.__dict__.update(message=message, context={**context, "argument": argument})


def handle_of(schema: RecordSchema | None) -> Any:
    """The native form of a schema."""
    from hubstream.records import RecordSchema

    return schema._native if isinstance(schema, RecordSchema) else schema
