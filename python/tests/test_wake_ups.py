"""Nothing that a task waits for is lost, whatever comes between."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable

import pytest

from hubstream.datahub import aio
from hubstream.testing import Emulator
from test_process import check, run

pytestmark = pytest.mark.skipif(os.name == "nt", reason="event loops watch no sockets here")

# A signal comes while native code of the kind runs, before Python has what that gives.
SIGNAL = """
import asyncio, ctypes, operator, signal, sys
from functools import partial
from hubstream.datahub.aio import DataHub
from hubstream.datahub.models import BlobRecord

class Loop(asyncio.SelectorEventLoop):
    def add_reader(self, fd, callback, *words):
        is_ours = [type(word).__name__ == sys.argv[2] for word in words]
        super().add_reader(fd, callback, *(partial(step, *words),) if any(is_ours) else words)

def step(native):
    global armed
    if not armed:
        return native()
    armed = False
    return [*map(operator.call, (come, native))][-1]

async def main():
    global armed
    async with DataHub("emulator", "emulator", sys.argv[1]) as hub:
        async def put():
            await hub.put_records("shop", "photos", [BlobRecord(bytes(size))])
        async def put_on():
            while True:
                await put()
        for _ in range(3):
            await put()
        before = hub.stats().calls
        tasks = [asyncio.create_task(put_on()) for _ in range(3)]
        await asyncio.sleep(0)
        armed = True
        # Other threads have all results ready when the event loop looks.
        while sys.argv[2] == "Reader" and hub.stats().calls < before + len(tasks):
            pass
        await asyncio.gather(*tasks)

size = {"Watcher": 10, "Reader": 20_000}[sys.argv[2]]
armed = False
come = partial(getattr(ctypes.CDLL(None), "raise"), signal.SIGTERM)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
with asyncio.Runner(loop_factory=Loop) as runner:
    try:
        runner.run(main())
    except SystemExit as ended:
        print(ended.code)
"""


@pytest.mark.parametrize("kind", ["Watcher", "Reader"])
@pytest.mark.usefixtures("blob_topic")
def test_a_signal_between_a_reply_and_its_task(hubstream_emulator: Emulator, kind: str) -> None:
    """The handler raises, and the tasks can still be cancelled then."""
    assert check(run(SIGNAL, hubstream_emulator.datahub_url, kind)) == "3\n"


class Nosy(asyncio.SelectorEventLoop):
    """Does something when it is asked whether it is closed, and counts its mailboxes."""

    mailboxes = 0
    asked: Callable[[], object] | None = None

    def is_closed(self) -> bool:
        asked, self.asked = self.asked, None
        if asked is not None:
            asked()
        return super().is_closed()

    def add_reader(self, fd: int, callback: Callable[..., object], *words: object) -> None:  # type: ignore[override]
        self.mailboxes += any(type(word).__name__ == "Reader" for word in words)
        super().add_reader(fd, callback, *words)


def test_a_loop_that_begins_beside_another(hubstream_emulator: Emulator) -> None:
    """What is known of the one is known while the other begins."""
    hub = aio.DataHub("emulator", "emulator", hubstream_emulator.datahub_url)
    loops = [Nosy() for _ in range(3)]

    async def ask() -> list[str]:
        return (await hub.list_project()).project_names

    def elsewhere() -> None:
        thread = threading.Thread(target=lambda: found.append(loops[1].run_until_complete(ask())))
        thread.start()
        thread.join(30)

    found: list[list[str]] = []
    for loop in loops[:2]:
        loop.run_until_complete(ask())
    loops[0].asked = elsewhere
    assert loops[2].run_until_complete(ask()) == []
    assert found == [[]]
    assert [loop.mailboxes for loop in loops] == [1, 1, 1]
    loops[2].run_until_complete(hub.close())
    for loop in loops:
        loop.close()


def test_coroutines_need_asyncio() -> None:
    """Other libraries run them as this does: `trio`, for one."""
    call = aio.DataHub("id", "key", "http://127.0.0.1:1").list_project()
    with pytest.raises(RuntimeError, match="need an event loop of asyncio"):
        call.send(None)
