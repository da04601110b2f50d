"""Event loops: they watch connections themselves, from the second request over each on."""

from __future__ import annotations

import asyncio
import os
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

import pytest

from hubstream.datahub import DataHub, aio
from hubstream.datahub.models import BlobRecord, CursorType
from hubstream.errors import ConnectionError as Broken
from hubstream.errors import TimeoutError as Late
from hubstream.testing import Emulator

pytestmark = pytest.mark.skipif(os.name == "nt", reason="event loops watch no sockets here")

BODY = b'{"ProjectNames":["shop"]}'


def reply(body: bytes = BODY, words: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s" % (words, len(body), body)


def check(program: str, url: str) -> str:
    """What a program prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, url],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


class Service:
    """Answers requests itself, or has the test do so; keeps all connections."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.connections: list[socket.socket] = []
        self.ended: queue.Queue[int] = queue.Queue()
        self.asked: queue.Queue[socket.socket] = queue.Queue()
        self.answers_itself = True
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections.append(connection)
            number = len(self.connections)
            threading.Thread(target=self.serve, args=(connection, number), daemon=True).start()

    def serve(self, connection: socket.socket, number: int) -> None:
        head = b""
        while True:
            try:
                part = connection.recv(65536)
            except OSError:
                part = b""
            if not part:
                self.ended.put(number)
                return
            head += part
            if head.endswith(b"\r\n\r\n"):
                head = b""
                if self.answers_itself:
                    connection.sendall(reply())
                else:
                    self.asked.put(connection)

    async def request(self) -> socket.socket:
        """The connection of the next request, which the test has to answer."""
        return await asyncio.get_running_loop().run_in_executor(None, self.asked.get, True, 30)

    async def end(self) -> int:
        """The number of the next connection that ends."""
        return await asyncio.get_running_loop().run_in_executor(None, self.ended.get, True, 30)

    def close(self) -> None:
        self.listener.close()
        for connection in self.connections:
            connection.close()


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.close()


def client(service: Service, **settings: float) -> aio.DataHub:
    return aio.DataHub("id", "key", service.url, max_attempts=1, **settings)  # type: ignore[arg-type]


async def warm(hub: aio.DataHub, service: Service) -> None:
    """Has the running event loop watch a connection."""
    service.answers_itself = True
    for _ in range(2):
        assert (await hub.list_project()).project_names == ["shop"]
    service.answers_itself = False


def watched_sockets() -> int:
    """How many sockets the running event loop watches, its own included."""
    return len(asyncio.get_running_loop()._selector.get_map())  # type: ignore[attr-defined]


def test_a_reply_is_read_by_the_event_loop(service: Service) -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        async with client(service) as hub:
            await hub.list_project()
            before = watched_sockets()
            await warm(hub, service)
            assert watched_sockets() == before + 1
            task = loop.create_task(hub.list_project())
            connection = await service.request()
            # In pieces, some of which end within a line.
            text = reply(b'{"ProjectNames":["%s"]}' % (b"x" * 300_000))
            for start in range(0, len(text), 7001):
                await loop.run_in_executor(None, connection.sendall, text[start : start + 7001])
            assert (await task).project_names == ["x" * 300_000]
            assert len(service.connections) == 1
        await service.end()
        await asyncio.sleep(0)
        while watched_sockets() != before:
            await asyncio.sleep(0)

    asyncio.run(work())


def test_a_put_of_few_records_begins_on_the_event_loop(hubstream_emulator: Emulator) -> None:
    url = hubstream_emulator.datahub_url
    with DataHub("emulator", "emulator", url) as hub:
        hub.create_project("shop", "")
        hub.create_blob_topic("shop", "events", 1, 1, "")
        hub.wait_shards_ready("shop", "events")

    async def work() -> None:
        async with aio.DataHub("emulator", "emulator", url) as hub:

            async def put(size: int) -> None:
                result = await hub.put_records("shop", "events", [BlobRecord(bytes(size))])
                assert result.failed_record_count == 0

            # The first one makes the connection.
            await put(10)
            before = watched_sockets()
            await put(7000)
            assert watched_sockets() == before + 1
            # What takes long to encode is left to other threads; the next ones are not.
            await put(200_000)
            await put(10)
            assert watched_sockets() == before + 1
            cursor = (await hub.get_cursor("shop", "events", "0", CursorType.OLDEST)).cursor
            found = await hub.get_blob_records("shop", "events", "0", cursor, 10)
            assert [len(blob) for blob in found.records.blobs()] == [10, 7000, 200_000, 10]

    asyncio.run(work())


def test_a_task_goes_on_in_the_round_that_reads_its_reply(hubstream_emulator: Emulator) -> None:
    async def work() -> None:
        name.set("mine")
        loop = asyncio.get_running_loop()
        async with aio.DataHub("emulator", "emulator", hubstream_emulator.datahub_url) as hub:
            for _ in range(2):
                await hub.list_project()
            before = rounds
            loop.call_soon(name.set, "another")
            for _ in range(20):
                await hub.list_project()
                assert name.get() == "mine"
                assert asyncio.current_task() is task
            # A reply may come in two pieces.
            assert 20 <= rounds - before < 30
            # One after the other, whoever else there is.
            found = await asyncio.gather(*(hub.list_project() for _ in range(20)))
            assert [result.project_names for result in found] == [[]] * 20

    def select(timeout: float | None = None) -> object:
        nonlocal rounds
        rounds += 1
        return wait(timeout)

    rounds = 0
    name: ContextVar[str] = ContextVar("name")
    with asyncio.Runner() as runner:
        selector = runner.get_loop()._selector  # type: ignore[attr-defined]
        wait, selector.select = selector.select, select
        task = runner.get_loop().create_task(work())
        runner.get_loop().run_until_complete(task)


def test_what_a_task_raises_after_a_call_ends_the_event_loop(hubstream_emulator: Emulator) -> None:
    async def work() -> None:
        async with aio.DataHub("emulator", "emulator", hubstream_emulator.datahub_url) as hub:
            others = [asyncio.create_task(hub.list_project()) for _ in range(5)]
            for _ in range(3):
                await hub.list_project()
            await asyncio.gather(*others)
            raise SystemExit(3)

    for _ in range(2):
        with pytest.raises(SystemExit):
            asyncio.run(work())


def test_a_message_of_a_cancellation(service: Service) -> None:
    async def work() -> None:
        async with client(service) as hub:
            await warm(hub, service)
            task = asyncio.get_running_loop().create_task(hub.list_project())
            await service.request()
            task.cancel("enough")
            with pytest.raises(asyncio.CancelledError, match="enough"):
                await task

    asyncio.run(work())


GETS = """
import asyncio, sys, time
from pathlib import Path
from hubstream.datahub.aio import DataHub
from hubstream.datahub.models import CursorType

def worked():  # for how many ns threads for records have worked
    return sum(
        # The clock of a thread by its number: its complement, then three bits for CPU time.
        time.clock_gettime_ns((~int(thread.name) << 3) | 6)
        for thread in Path("/proc/self/task").iterdir()
        if (thread / "comm").read_text().startswith("hubstream-work")
    )

async def main():
    async with DataHub("emulator", "emulator", sys.argv[1]) as hub:
        async def get(*topics):
            before = worked()
            for topic in topics * 20:
                cursor = cursors[topic]
                found = await hub.get_blob_records("shop", topic, "0", cursor, 10)
                assert [len(blob) for blob in found.records.blobs()] == [sizes[topic]]
            return worked() - before
        sizes = {"small": 1000, "large": 200_000}
        cursors = {
            topic: (await hub.get_cursor("shop", topic, "0", CursorType.OLDEST)).cursor
            for topic in sizes
        }
        others = len(list(Path("/proc/self/fd").iterdir()))
        # The first one may give anything.
        await hub.get_blob_records("shop", "small", "0", cursors["small"], 10)
        few = await get("small")
        many = await get("large")
        # What was not foreseen is told by the size of the reply.
        mixed = await get("small", "large")
        # All this was over two connections: that of the event loop and that of the threads.
        assert len(list(Path("/proc/self/fd").iterdir())) - others <= 2
        again = await get("large")
        assert 4 * few < min(many, mixed, again), (few, many, mixed, again)
asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="threads do not tell here what they did")
def test_few_records_are_decoded_by_the_event_loop(hubstream_emulator: Emulator) -> None:
    with hubstream_emulator.datahub_client() as hub:
        hub.create_project("shop", "")
        for topic, size in (("small", 1000), ("large", 200_000)):
            hub.create_blob_topic("shop", topic, 1, 1, "")
            hub.wait_shards_ready("shop", topic)
            hub.put_records("shop", topic, [BlobRecord(os.urandom(size))])
    check(GETS, hubstream_emulator.datahub_url)


@pytest.mark.parametrize("part", [b"", reply()[:10], reply()[:-1]])
def test_a_call_that_is_cancelled_ends_its_connection(service: Service, part: bytes) -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        async with client(service) as hub:
            await warm(hub, service)
            task = loop.create_task(hub.list_project())
            connection = await service.request()
            await loop.run_in_executor(None, connection.sendall, part)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await service.end() == 1
            # The reply to the other call is not that to the next one.
            await warm(hub, service)
            assert len(service.connections) == 2

    asyncio.run(work())


def test_a_call_that_is_cancelled_before_it_begins(service: Service) -> None:
    async def work() -> None:
        async with client(service) as hub:
            await warm(hub, service)
            task = asyncio.get_running_loop().create_task(hub.list_project())
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await warm(hub, service)
            assert len(service.connections) == 1

    asyncio.run(work())


def test_a_call_that_is_cancelled_with_its_result_at_hand(service: Service) -> None:
    async def work() -> None:
        async with client(service) as hub:
            await warm(hub, service)
            future = hub._native.call_async("ListProject", {})
            future.add_done_callback(lambda done: task.cancel())

            async def wait() -> None:
                await future

            task = asyncio.get_running_loop().create_task(wait())
            (await service.request()).sendall(reply())
            with pytest.raises(asyncio.CancelledError):
                await task
            await warm(hub, service)
            assert len(service.connections) == 1

    asyncio.run(work())


def test_a_time_limit_on_a_watched_connection(service: Service) -> None:
    async def work() -> None:
        async with client(service, attempt_timeout=0.05) as hub:
            await warm(hub, service)
            with pytest.raises(Late):
                await hub.list_project()
            assert await service.end() == 1
            await warm(hub, service)
            assert len(service.connections) == 2

    asyncio.run(work())


def test_a_service_that_ends_a_watched_connection(service: Service) -> None:
    async def work() -> None:
        async with client(service) as hub:
            await hub.list_project()
            before = watched_sockets()
            await warm(hub, service)
            service.connections[0].shutdown(socket.SHUT_RDWR)
            # The event loop lets go: it would be told for ever.
            while watched_sockets() != before:
                await asyncio.sleep(0)
            await warm(hub, service)
            assert len(service.connections) == 2
            task = asyncio.get_running_loop().create_task(hub.list_project())
            (await service.request()).shutdown(socket.SHUT_RDWR)
            with pytest.raises(Broken) as caught:
                await task
            assert caught.value.attempts == 1
            assert service.asked.empty()
            assert len(service.connections) == 2

    asyncio.run(work())


def test_a_client_of_one_loop_after_the_other(service: Service) -> None:
    hub = client(service)
    for _ in range(3):
        asyncio.run(warm(hub, service))
    assert len(service.connections) == 1


def test_a_loop_that_is_closed_during_a_call(service: Service) -> None:
    hub = client(service)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(warm(hub, service))

    async def leave() -> None:
        hub._native.call_async("ListProject", {})

    loop.run_until_complete(leave())
    loop.close()
    # The call goes on, and nothing else is sent for it.
    service.asked.get(timeout=30).sendall(reply())
    asyncio.run(warm(hub, service))
    assert service.asked.empty()


def test_many_loops_with_one_client(hubstream_emulator: Emulator) -> None:
    hub = aio.DataHub("emulator", "emulator", hubstream_emulator.datahub_url)
    begin = threading.Barrier(4)

    async def ask() -> int:
        begin.wait(30)
        count = 0
        for at_once in (1, 1, 5, 20, 1, 5):
            found = await asyncio.gather(*(hub.list_project() for _ in range(at_once)))
            count += sum(result.project_names == [] for result in found)
        return count

    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(asyncio.run, ask()) for _ in range(4)]
        assert [each.result(60) for each in done] == [33] * 4
    asyncio.run(hub.close())


def test_loops_that_wait_for_the_same_credentials(hubstream_emulator: Emulator) -> None:
    """Calls of one loop wake those of another one, which go on in their own."""
    end = datetime.now(UTC) + timedelta(seconds=60)
    hub = aio.DataHub(
        endpoint=hubstream_emulator.datahub_url,
        credential=lambda: ("emulator", "emulator", None, end),
    )

    async def ask() -> int:
        found = [
            result
            for _ in range(10)
            for result in await asyncio.gather(*(hub.list_project() for _ in range(8)))
        ]
        return sum(result.project_names == [] for result in found)

    with ThreadPoolExecutor(3) as pool:
        done = [pool.submit(asyncio.run, ask()) for _ in range(3)]
        assert [each.result(60) for each in done] == [80] * 3
    asyncio.run(hub.close())


def test_calls_that_are_cancelled_amid_others(hubstream_emulator: Emulator) -> None:
    async def work() -> None:
        async with aio.DataHub("emulator", "emulator", hubstream_emulator.datahub_url) as hub:
            for turn in range(20):
                tasks = [asyncio.create_task(hub.list_project()) for _ in range(16)]
                for _ in range(turn % 5):
                    await asyncio.sleep(0)
                for task in tasks[::3]:
                    task.cancel()
                found = await asyncio.gather(*tasks, return_exceptions=True)
                for place, result in enumerate(found):
                    if place % 3 or not isinstance(result, asyncio.CancelledError):
                        assert result.project_names == []  # type: ignore[union-attr]

    asyncio.run(work())


FORK = """
import asyncio, gc, os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)
from hubstream.datahub.aio import DataHub
from hubstream.errors import ClosedError
make = lambda: DataHub("emulator", "emulator", sys.argv[1])
async def ask(hub, times=3):
    for _ in range(times):
        assert (await hub.list_project()).project_names == []
async def child(used):
    try:
        await used.list_project()
    except ClosedError as error:
        assert "created before fork(); create clients after forking" in str(error)
    else:
        raise AssertionError("a used client worked in the child")
    async with make() as hub:
        await ask(hub)
loop = asyncio.new_event_loop()
used = make()
loop.run_until_complete(ask(used))
pending = loop.create_task(used.list_project())
pid = os.fork()
if pid == 0:
    status = 1
    try:
        asyncio.run(child(used))
        # What the parent uses is left alone.
        del used, pending
        gc.collect()
        status = 0
    finally:
        sys.stderr.flush()
        os._exit(status)
_, status = os.waitpid(pid, 0)
assert status == 0, status
loop.run_until_complete(pending)
loop.run_until_complete(ask(used))
loop.run_until_complete(used.close())
loop.close()
print("ok")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_beside_watched_connections(hubstream_emulator: Emulator) -> None:
    assert check(FORK, hubstream_emulator.datahub_url) == "ok\n"


class Unwatching(asyncio.SelectorEventLoop):
    """An event loop that watches the mailbox, and no connections."""

    asked = 0

    def add_reader(self, fd: int, callback: Callable[..., object], *words: object) -> None:  # type: ignore[override]
        if any(type(word).__name__ == "Watcher" for word in words):
            self.asked += 1
            raise NotImplementedError
        super().add_reader(fd, callback, *words)


def test_a_loop_that_does_not_watch_connections(service: Service) -> None:
    with asyncio.Runner(loop_factory=Unwatching) as runner:
        hub = client(service)
        for _ in range(3):
            runner.run(warm(hub, service))
        runner.run(hub.close())
        loop = runner.get_loop()
        assert isinstance(loop, Unwatching)
        assert loop.asked > 0
    assert len(service.connections) == 1
