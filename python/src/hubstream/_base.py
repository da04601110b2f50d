"""What the clients of all services share: their connection, and conversions of arguments.

An argument of a wrong form is passed on as it is: the native client refuses it and names it.
"""

from __future__ import annotations

from _collections_abc import Iterable, Mapping  # `collections.abc` would be one module more

from hubstream import _native

TYPE_CHECKING = False  # importing `typing` would take longer than all the rest
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType, UnionType
    from typing import Any, ClassVar, Self

    from typing_extensions import TypeIs

    from hubstream._arrow import ArrowData
    from hubstream._stats import ClientStats
    from hubstream.credentials import CredentialSource
    from hubstream.records import Record, RecordBatch, RecordSchema


class Connection:
    """Settings, credentials and connections of one service."""

    __slots__ = ("__weakref__", "_call", "_native")

    _SERVICE: ClassVar[str]
    # Which of the native client's ways to perform an operation is ours.
    _WAY: ClassVar[str]
    _native: _native.Client
    # Bound once: looking it up would be a part of each call that can be measured.
    _call: Callable[[str, dict[str, Any]], Any]

    def _connect(
        self,
        settings: Mapping[str, object],
        credential: CredentialSource | None,
        *,
        from_env: bool = False,
        url: str | None = None,
    ) -> None:
        self._native = _native.Client(
            self._SERVICE, dict(settings), credential, from_env=from_env, url=url
        )
        self._call = getattr(self._native, self._WAY)

    @property
    def endpoint(self) -> str:
        """URL of the service."""
        return self._native.endpoint

    @property
    def closed(self) -> bool:
        """Whether the client was closed."""
        return self._native.closed

    def stats(self) -> ClientStats:
        """What the client has done so far, in numbers."""
        from hubstream._stats import ClientStats

        return ClientStats.from_native(self._native.stats())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.endpoint}>"


class SyncClient(Connection):
    """A client whose calls wait for their results.

    The interpreter is free for other threads meanwhile, and Ctrl-C interrupts the wait. One client
    may be used by several threads.
    """

    __slots__ = ()

    _WAY = "call"

    def close(self) -> None:
        """Closes the connections. Further calls raise `ClosedError`."""
        self._native.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class AsyncClient(Connection):
    """A client whose calls are coroutines.

    Cancelling the task of a call cancels the call; a request that was on the wire may still take
    effect. One client may be used by several event loops.
    """

    __slots__ = ()

    _WAY = "call_async"

    async def close(self) -> None:
        """Closes the connections. Further calls raise `ClosedError`."""
        self._native.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


def go_on(
    step: Callable[[], tuple[Any, Callable[[object], object], object, object] | None],
) -> None:
    """Makes a step when something came for a call, and has the task that waits for it go on.

    Event loops call it. One that was told by a future would need a round of its own for the task.
    """
    woken = step()
    if woken is not None:
        context, callback, future, _ = woken
        context.run(callback, future)


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
    return kind not in (list, _native.RecordBatch) and (
        hasattr(kind, "__arrow_c_stream__") or hasattr(kind, "__arrow_c_array__")
    )


def batch_of(records: RecordBatch | Sequence[Record] | None, argument: str) -> Any:
    """A batch of records, made of a sequence if it is not one already."""
    if isinstance(records, _native.RecordBatch):
        return records
    if not isinstance(records, list) and not isinstance(records, Iterable):
        return records
    try:
        return _native.RecordBatch.from_records(records)
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
