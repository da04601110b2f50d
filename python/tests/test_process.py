"""Threads, forks, signals, the end of the interpreter, and who is asked for credentials."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import hubstream
from hubstream.datahub import DataHub, aio, exceptions
from hubstream.errors import ClosedError, UnauthenticatedError
from hubstream.records import RecordBatch
from hubstream.testing import Emulator
from sample import Given, oldest, url_of


def run(program: str, *arguments: str, bare: bool = False) -> subprocess.CompletedProcess[str]:
    """Runs a program; a bare interpreter looks at nothing but its own library."""
    words = ["-I", "-S"] if bare else ["-X", "dev"]
    return subprocess.run(
        [sys.executable, *words, "-W", "error", "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def check(done: subprocess.CompletedProcess[str]) -> str:
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_importing_starts_no_thread_and_no_clients() -> None:
    program = """
import sys, os
import hubstream
assert not [name for name in sys.modules if name.startswith("hubstream.")], sys.modules
from hubstream.datahub import DataHub
heavy = {"asyncio", "typing", "dataclasses", "decimal", "logging"}
heavy |= {"hubstream.datahub.models.types", "hubstream.records"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
DataHub("id", "key", "http://127.0.0.1:1")
if os.path.isdir("/proc/self/task"):
    assert len(os.listdir("/proc/self/task")) == 1
"""
    check(run(program))


def test_importing_is_light() -> None:
    """Modules are counted, as times would differ between machines."""
    program = """
import sys
sys.path.insert(0, sys.argv[1])
bare = set(sys.modules)
from hubstream.datahub import DataHub
from hubstream.datahub.models import CursorType, FieldType, RecordSchema, TupleRecord
loaded = set(sys.modules) - bare
assert len(loaded) < 25, sorted(loaded)
assert "hubstream.datahub.models.results" not in loaded
"""
    source = str(Path(hubstream.__file__).parent.parent)
    check(run(program, source, bare=True))


FORK = """
import ctypes, os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of threads when forking
from hubstream.datahub import DataHub
from hubstream.errors import ClosedError
make = lambda: DataHub("emulator", "emulator", sys.argv[1])
used, unused = make(), make()
used.list_project()
# One in C, as servers do it, runs none of Python's hooks.
pid = os.fork() if sys.argv[2] == "python" else ctypes.PyDLL(None).fork()
if pid == 0:
    status = 1
    try:
        try:
            used.list_project()
        except ClosedError as error:
            assert "created before fork(); create clients after forking" in str(error)
        else:
            raise AssertionError("a used client worked in the child")
        unused.list_project()
        make().list_project()
        del used
        status = 0
    finally:
        sys.stderr.flush()
        os._exit(status)
_, status = os.waitpid(pid, 0)
assert status == 0, status
used.list_project()
unused.list_project()
print("ok")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("way", ["python", "c"])
def test_a_fork(hubstream_emulator: Emulator, way: str) -> None:
    assert check(run(FORK, hubstream_emulator.datahub_url, way)) == "ok\n"


POOL = """
import multiprocessing, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)
from hubstream.testing import Emulator
from hubstream.datahub import DataHub
def work(url):
    with DataHub("emulator", "emulator", url) as hub:
        return hub.list_project().project_names
if __name__ == "__main__":
    with Emulator() as emulator, emulator.datahub_client() as hub:
        hub.create_project("shop", "things")
        with multiprocessing.get_context("fork").Pool(2) as pool:
            assert pool.map(work, [emulator.datahub_url] * 6) == [["shop"]] * 6
            pool.close()
            pool.join()
        assert hub.list_project().project_names == ["shop"]
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_pool_of_forked_processes() -> None:
    check(run(POOL))


# A runner that was started in the background ignores the signal and hands that on.
WAITING = """
import signal, sys
from hubstream.datahub import DataHub
signal.signal(signal.SIGINT, signal.default_int_handler)
hub = DataHub("id", "key", sys.argv[1])
try:
    hub.list_project()
except KeyboardInterrupt:
    print("interrupted")
    sys.exit(3)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_interrupts_a_call(silent_server: socket.socket) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WAITING, url_of(silent_server)],
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        connection, _ = silent_server.accept()
        # The request is on the wire, so the call waits.
        assert connection.recv(65536)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 3
        assert process.stdout is not None
        assert process.stdout.read() == "interrupted\n"
        # The call was dropped, and its connection with it.
        assert connection.recv(65536) == b""
        connection.close()


def test_cancelling_a_task_drops_the_call(silent_server: socket.socket) -> None:
    silent_server.settimeout(30)

    async def cancel() -> None:
        loop = asyncio.get_running_loop()
        async with aio.DataHub("id", "key", url_of(silent_server)) as hub:
            task = loop.create_task(hub.list_project())
            connection, _ = await loop.run_in_executor(None, silent_server.accept)
            assert await loop.run_in_executor(None, connection.recv, 65536)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await loop.run_in_executor(None, connection.recv, 65536) == b""
            connection.close()

    asyncio.run(cancel())


def test_a_time_limit_of_asyncio(silent_server: socket.socket) -> None:
    async def limit() -> None:
        async with aio.DataHub("id", "key", url_of(silent_server)) as hub:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(hub.list_project(), 0.05)

    asyncio.run(limit())


def test_a_loop_that_closes_first(silent_server: socket.socket) -> None:
    program = """
import asyncio, sys
from hubstream.datahub.aio import DataHub
async def leave():
    hub = DataHub("id", "key", sys.argv[1])
    loop = asyncio.get_running_loop()
    hub._native.call_async("ListProject", {})
loop = asyncio.new_event_loop()
loop.run_until_complete(leave())
loop.close()
print("left")
"""
    assert check(run(program, url_of(silent_server))) == "left\n"


class Deaf(asyncio.SelectorEventLoop):
    """An event loop that cannot watch sockets for others."""

    def add_reader(self, *words: object) -> None:
        raise NotImplementedError


@pytest.mark.parametrize("make_loop", [asyncio.SelectorEventLoop, Deaf])
def test_many_calls_in_several_loops(hubstream_emulator: Emulator, make_loop: type) -> None:
    async def ask(at_once: int) -> int:
        async with aio.DataHub("emulator", "emulator", hubstream_emulator.datahub_url) as hub:
            calls = [hub.list_project() for _ in range(at_once)]
            failing = [hub.get_project("nothing") for _ in range(at_once)]
            found = await asyncio.gather(*calls, *failing, return_exceptions=True)
        assert not any(isinstance(result, Exception) for result in found[:at_once])
        assert all(
            isinstance(error, exceptions.ResourceNotFoundException) for error in found[at_once:]
        )
        return len(found)

    def work(at_once: int) -> int:
        with asyncio.Runner(loop_factory=make_loop) as runner:
            return sum(runner.run(ask(at_once)) for _ in range(2))

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(work, [1, 20, 40])) == [4, 80, 160]


def test_results_that_wait_for_a_busy_loop(
    hubstream_emulator: Emulator, hub: DataHub, blob_topic: tuple[str, str]
) -> None:
    """More is received than may wait for the loop: calls wait for their turn."""
    blobs = [bytes([place]) * 32_768 for place in range(32)]
    hub.put_records(*blob_topic, RecordBatch.from_blobs(blobs))
    cursor = oldest(hub, blob_topic)

    async def work() -> None:
        async with aio.DataHub("emulator", "emulator", hubstream_emulator.datahub_url) as client:

            async def get() -> list[bytes]:
                got = await client.get_blob_records(*blob_topic, "0", cursor, 32)
                return [bytes(blob) for blob in got.records.blobs()]

            tasks = [asyncio.create_task(get()) for _ in range(48)]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            # Some of these have their results, some wait for their turn.
            for task in tasks[::3]:
                task.cancel()
            found = await asyncio.gather(*tasks, return_exceptions=True)
            kept = [result for place, result in enumerate(found) if place % 3]
            assert kept == [blobs] * 32
            assert (await client.list_project()).project_names == [blob_topic[0]]

    asyncio.run(work())
    asyncio.run(work())


def test_the_interpreter_ends_right_after_a_call(hubstream_emulator: Emulator) -> None:
    program = """
import asyncio, sys
from hubstream.datahub.aio import DataHub
async def main():
    async with DataHub("emulator", "emulator", sys.argv[1]) as hub:
        await asyncio.gather(*(hub.list_project() for _ in range(20)))
asyncio.run(main())
"""
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program, hubstream_emulator.datahub_url],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        check(done)


def test_the_interpreter_ends_beside_a_loop_that_waits(silent_server: socket.socket) -> None:
    program = """
import asyncio, sys, threading
from hubstream.datahub.aio import DataHub
async def main():
    async with DataHub("id", "key", sys.argv[1]) as hub:
        calls = [asyncio.create_task(hub.list_project()) for _ in range(20)]
        loop = asyncio.get_running_loop()
        loop.slow_callback_duration = 60
        loop.call_soon(started.set)
        await asyncio.gather(*calls, return_exceptions=True)
started = threading.Event()
threading.Thread(target=lambda: asyncio.run(main()), daemon=True).start()
started.wait()
"""
    for _ in range(10):
        assert check(run(program, url_of(silent_server))) == ""


def test_the_interpreter_ends_beside_a_task_that_goes_on(hubstream_emulator: Emulator) -> None:
    """Python ends the thread amid the task, which native code below would not survive."""
    program = """
import asyncio, sys, threading
from hubstream.datahub.aio import DataHub
async def main():
    # Which calls of the loop were slow on a busy machine is not asked here.
    asyncio.get_running_loop().slow_callback_duration = 60
    async with DataHub("emulator", "emulator", sys.argv[1]) as hub:
        for _ in range(3):
            await hub.list_project()
        started.set()
        while True:
            pass
started = threading.Event()
threading.Thread(target=lambda: asyncio.run(main()), daemon=True).start()
started.wait()
"""
    for _ in range(3):
        assert check(run(program, hubstream_emulator.datahub_url)) == ""


def test_a_call_at_the_very_end_is_refused(hubstream_emulator: Emulator) -> None:
    program = """
import atexit, sys
def late():
    try:
        hub.list_project()
    except ClosedError as error:
        print(error.message)
atexit.register(late)  # runs after the handler that the package registers later
from hubstream.datahub import DataHub
from hubstream.errors import ClosedError
hub = DataHub("emulator", "emulator", sys.argv[1])
hub.list_project()
"""
    stdout = check(run(program, hubstream_emulator.datahub_url))
    assert stdout == "the interpreter is shutting down\n"


def test_other_threads_run_no_code_of_the_package_at_the_very_end(
    hubstream_emulator: Emulator,
) -> None:
    program = """
import atexit, sys, threading
def late():
    go.set()
    assert refused.wait(30)
    print(errors[0].message, errors[0] is errors[1])
def work():
    go.wait()
    for _ in range(2):
        try:
            hub.list_project()
        except ClosedError as error:
            errors.append(error)
    refused.set()
go, refused, errors = threading.Event(), threading.Event(), []
atexit.register(late)  # runs after the handler that the package registers later
from hubstream.datahub import DataHub
from hubstream.errors import ClosedError
hub = DataHub("emulator", "emulator", sys.argv[1])
hub.list_project()
threading.Thread(target=work, daemon=True).start()
"""
    stdout = check(run(program, hubstream_emulator.datahub_url))
    assert stdout == "the interpreter is shutting down True\n"


def test_a_subinterpreter_is_refused(hubstream_emulator: Emulator) -> None:
    program = """
import sys
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
inner = "import sys\\nsys.path[:] = " + repr(sys.path) + '''
try:
    from hubstream.datahub import DataHub
    DataHub("id", "key", "http://127.0.0.1:1")
except ImportError:
    print("refused", flush=True)
'''
number = interpreters.create()
interpreters.run_string(number, inner)
interpreters.destroy(number)
from hubstream.datahub import DataHub
DataHub("emulator", "emulator", sys.argv[1]).list_project()
print("done")
"""
    assert check(run(program, hubstream_emulator.datahub_url)) == "refused\ndone\n"


def test_threads_work_at_once(silent_server: socket.socket, hub: DataHub) -> None:
    silent_server.settimeout(30)
    with DataHub("id", "key", url_of(silent_server), total_timeout=600) as stuck:

        def wait() -> None:
            with pytest.raises(exceptions.DatahubException):
                stuck.list_project()

        thread = threading.Thread(target=wait)
        thread.start()
        connection, _ = silent_server.accept()
        assert connection.recv(65536)
        # One thread waits for its reply; the others go on.
        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(lambda _: hub.list_project().project_names, range(64)))
        assert results == [[]] * 64
        assert thread.is_alive()
        body = b"HTTP/1.1 400 Bad\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        connection.sendall(body)
        connection.close()
        thread.join(timeout=30)
        assert not thread.is_alive()


def test_a_closed_client(hub: DataHub) -> None:
    hub.list_project()
    hub.close()
    hub.close()
    assert hub.closed
    with pytest.raises(ClosedError, match="was closed"):
        hub.list_project()


class Waiting(logging.Handler):
    """Keeps the first record and tells when it is there."""

    def __init__(self) -> None:
        super().__init__()
        self.first: logging.LogRecord | None = None
        self.arrived = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.first = self.first or record
        self.arrived.set()


def test_retries_are_logged() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = url_of(server)
    logger = logging.getLogger("hubstream")
    handler = Waiting()
    logger.addHandler(handler)
    try:
        for level in (logging.INFO, logging.DEBUG):
            logger.setLevel(level)
            with (
                DataHub("id", "hush", url, max_attempts=2) as hub,
                pytest.raises(exceptions.ConnectionFailedException),
            ):
                hub.list_project()
        assert handler.arrived.wait(30)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    record = handler.first
    assert record is not None
    assert (record.name, record.levelno) == ("hubstream.http", logging.DEBUG)
    assert record.getMessage().startswith("attempt failed, trying again kind=connection")


class Vault:
    def __init__(self, answers: list[object]) -> None:
        self.answers = answers
        self.calls = 0

    def get_credential(self) -> object:
        self.calls += 1
        return self.answers[min(self.calls, len(self.answers)) - 1]


def test_a_credential_callback_is_asked_once_per_request(hubstream_emulator: Emulator) -> None:
    url = hubstream_emulator.datahub_url
    calls: list[int] = []

    def give() -> tuple[str, str]:
        calls.append(threading.get_ident())
        return "emulator", "emulator"

    with DataHub(endpoint=url, credential=give) as hub:
        for _ in range(3):
            hub.list_project()
    assert len(calls) == 3
    vault = Vault([Given()])
    with DataHub("", "", url, credential=vault) as hub:  # type: ignore[arg-type]
        hub.list_project()
        hub.list_project()
    assert vault.calls == 2


def test_credentials_with_an_end_are_kept(hubstream_emulator: Emulator) -> None:
    url = hubstream_emulator.datahub_url
    later = datetime.now(UTC) + timedelta(hours=1)
    for end in (later, later.timestamp()):
        vault = Vault([("emulator", "emulator", None, end)])
        with DataHub(endpoint=url, credential=vault.get_credential) as hub:  # type: ignore[arg-type]
            for _ in range(3):
                hub.list_project()
        assert vault.calls == 1


@pytest.mark.parametrize(
    "answer",
    [None, 1, "id:key", "id", ("id",), (1, 2), ("a", "b", 3), Given, ("a", "b", None, -1)],
)
def test_a_credential_callback_of_a_wrong_form(
    hubstream_emulator: Emulator, answer: object
) -> None:
    with (
        DataHub(
            endpoint=hubstream_emulator.datahub_url,
            credential=lambda: answer,  # type: ignore[arg-type, return-value]
            max_attempts=1,
        ) as hub,
        pytest.raises(UnauthenticatedError) as caught,
    ):
        hub.list_project()
    assert isinstance(caught.value.__cause__, TypeError | ValueError)


def test_what_a_credential_callback_raises_is_the_cause(hubstream_emulator: Emulator) -> None:
    async def ask() -> None:
        async with aio.DataHub(
            endpoint=hubstream_emulator.datahub_url, credential=lambda: {}["vault"]
        ) as hub:
            with pytest.raises(exceptions.AuthorizationFailedException) as caught:
                await hub.list_project()
            assert isinstance(caught.value.__cause__, KeyError)

    asyncio.run(ask())


def test_a_callback_may_use_another_client(hubstream_emulator: Emulator) -> None:
    url = hubstream_emulator.datahub_url
    with DataHub("emulator", "emulator", url) as inner:

        def give() -> tuple[str, str]:
            assert inner.list_project().project_names == []
            return "emulator", "emulator"

        with DataHub(endpoint=url, credential=give) as hub:
            assert hub.list_project().project_names == []


def test_a_client_lets_go_of_its_callback(hubstream_emulator: Emulator) -> None:
    class Callback:
        def __call__(self) -> tuple[str, str]:
            return "emulator", "emulator"

    callback = Callback()
    mark = weakref.ref(callback)
    hub = DataHub(endpoint=hubstream_emulator.datahub_url, credential=callback)
    hub.list_project()
    hub.close()
    del callback, hub
    gc.collect()
    assert mark() is None


def test_a_callback_that_holds_its_client(hubstream_emulator: Emulator) -> None:
    class Program:
        def __init__(self) -> None:
            self.hub = DataHub(endpoint=hubstream_emulator.datahub_url, credential=self.credentials)

        def credentials(self) -> tuple[str, str]:
            return "emulator", "emulator"

    program = Program()
    mark = weakref.ref(program)
    program.hub.list_project()
    del program
    gc.collect()
    assert mark() is None


def test_settings_from_everywhere(
    hubstream_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = hubstream_emulator.datahub_url
    monkeypatch.setenv("DATAHUB_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("DATAHUB_ACCESS_ID", "emulator")
    monkeypatch.setenv("DATAHUB_ACCESS_KEY", "emulator")
    with DataHub.from_env(endpoint=url) as hub:
        assert hub.endpoint == url
        assert hub.list_project().project_names == []
    link = url.replace("http://", "datahub+http://emulator:emulator@")
    with DataHub.from_url(link, protocol="json", connect_timeout=timedelta(seconds=1)) as hub:
        assert hub.list_project().project_names == []
    assert repr(hub) == f"<DataHub {url}>"
    with pytest.raises(exceptions.InvalidParameterException):
        DataHub.from_url(url)
