"""What the clients of all services share."""

from __future__ import annotations

from hubstream import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Any, ClassVar, Self

    from hubstream._stats import ClientStats
    from hubstream.credentials import CredentialSource


class Connection:
    """Settings, credentials and connections of one service."""

    __slots__ = ("__weakref__", "_native")

    _SERVICE: ClassVar[str]
    _native: _native.Client

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

    def _call(self, operation: str, arguments: dict[str, Any]) -> Any:
        return self._native.call(operation, arguments)

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

    async def _call(self, operation: str, arguments: dict[str, Any]) -> Any:
        return await self._native.call_async(operation, arguments)

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
