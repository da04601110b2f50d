"""An emulator of the services that runs in this process.

It verifies signatures, keeps the services' rules and answers with their own errors, so programs
written for the services run against it unchanged.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hubstream import _native

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta
    from os import PathLike
    from types import TracebackType
    from typing import Literal, Self

    from hubstream.datahub import DataHub
    from hubstream.datahub.aio import DataHub as AsyncDataHub
    from hubstream.testing.faults import Fault, StruckFault

__all__ = ["Emulator"]


class Emulator:
    """An emulator of DataHub and DIS, for `with` and `async with`.

    Args:
        datahub: Address to serve DataHub on, as in `127.0.0.1:0`; port 0 takes a free one, `None`
            leaves it out.
        dis: Address to serve DIS on, likewise.
        access_id: The access id that is accepted.
        access_key: The key to sign requests with.
        no_auth: Accepts every request, signed or not.
        limits: `strict` for all limits of the services, `standard` for all but those on
            throughput, on dates and on how many projects, topics and subscriptions there are,
            `relaxed` also without the least age of shards to split.
        data_dir: Directory that keeps the state; in memory when left out.
        start_time: Seconds since 1970 that a manual clock begins at; it moves only by `advance`.
            Without it the emulator goes by the clock of the machine.

    Raises:
        InvalidArgumentError: If an argument is refused.

    Example:
        >>> with Emulator() as emulator, emulator.datahub_client() as hub:
        ...     hub.create_project("shop", "things to buy")
        ...     hub.list_project().project_names
        ['shop']
    """

    __slots__ = ("_access_id", "_access_key", "_native")

    def __init__(
        self,
        *,
        datahub: str | None = "127.0.0.1:0",
        dis: str | None = "127.0.0.1:0",
        access_id: str = "emulator",
        access_key: str = "emulator",
        no_auth: bool = False,
        limits: Literal["strict", "standard", "relaxed"] = "standard",
        data_dir: str | PathLike[str] | None = None,
        start_time: float | None = None,
    ) -> None:
        self._access_id = access_id
        self._access_key = access_key
        self._native = _native.Emulator(
            datahub=datahub,
            dis=dis,
            access_id=access_id,
            access_key=access_key,
            no_auth=no_auth,
            limits=limits,
            data_dir=data_dir,
            start_time=start_time,
        )

    @property
    def access_id(self) -> str:
        """The access id that is accepted."""
        return self._access_id

    @property
    def access_key(self) -> str:
        """The key to sign requests with."""
        return self._access_key

    @property
    def datahub_url(self) -> str:
        """Endpoint of DataHub.

        Raises:
            hubstream.errors.ClosedError: If the emulator does not serve it now.
        """
        return self._served(self._native.datahub_url, "DataHub")

    @property
    def dis_url(self) -> str:
        """Endpoint of DIS.

        Raises:
            hubstream.errors.ClosedError: If the emulator does not serve it now.
        """
        return self._served(self._native.dis_url, "DIS")

    def _served(self, url: str | None, name: str) -> str:
        if url is None:
            from hubstream.errors import ClosedError

            message = f"the emulator does not serve {name}: start it first"
            raise ClosedError(message)
        return url

    def datahub_client(self) -> DataHub:
        """A client of its DataHub, with the credentials that are accepted."""
        from hubstream.datahub import DataHub

        return DataHub(self._access_id, self._access_key, self.datahub_url)

    def datahub_async_client(self) -> AsyncDataHub:
        """A client of its DataHub with coroutines, with the credentials that are accepted."""
        from hubstream.datahub.aio import DataHub

        return DataHub(self._access_id, self._access_key, self.datahub_url)

    def start(self) -> None:
        """Starts to serve; returns when it does.

        Raises:
            InvalidArgumentError: If an address or the directory cannot be used.
        """
        self._native.start()

    def stop(self) -> None:
        """Answers the requests in flight and stops. Does nothing when it is not running."""
        self._native.stop()

    def reset(self) -> None:
        """Forgets all state and all faults, as if it had just been started for the first time."""
        self._native.reset()

    def set_faults(self, faults: Iterable[Fault], seed: int = 0) -> None:
        """Replaces all faults: what goes wrong from now on, and for which requests.

        Args:
            faults: The faults. They are tried on a request in their order, up to the first that
                takes the place of the reply.
            seed: Decides on faults with a probability: the same requests in the same order meet
                the same faults.

        Raises:
            InvalidArgumentError: If a fault is invalid, with its place; nothing changes then. Or
                if the emulator is not running.

        Example:
            >>> with Emulator() as emulator, emulator.datahub_client() as hub:
            ...     emulator.set_faults(
            ...         [{"operation": "ListProject", "effect": {"throttle": True}, "count": 1}]
            ...     )
            ...     names = hub.list_project().project_names  # the second attempt succeeds
            ...     emulator.faults()[0]["struck"]
            1
        """
        self._native.set_faults(json.dumps({"seed": seed, "faults": list(faults)}))

    def clear_faults(self) -> None:
        """Removes all faults."""
        self._native.clear_faults()

    def faults(self) -> list[StruckFault]:
        """The faults that are set, each with `struck`, the number of requests it happened to."""
        faults: list[StruckFault] = json.loads(self._native.faults())
        return faults

    def advance(self, time: float | timedelta) -> None:
        """Moves the emulator's clock forward by so many seconds."""
        self._native.advance(time if isinstance(time, int | float) else time.total_seconds())

    def now(self) -> float:
        """The emulator's time in seconds since 1970."""
        return self._native.now()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await self._native.start_async()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._native.stop_async()

    def __repr__(self) -> str:
        return f"<Emulator {self._native.datahub_url or self._native.dis_url or 'not running'}>"
