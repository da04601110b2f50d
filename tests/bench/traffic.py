"""Many calls at once: threads, coroutines, and how long each call takes."""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import facts
import hubstream.datahub.models as models
import measured
from cases import decoders
from clients import (
    KEY,
    OUR_SCHEMA,
    OURS,
    PROJECT,
    ROWS,
    SCHEMA,
    SHARD,
    START,
    WIRES,
    Pair,
    data,
    official_tuples,
    official_values,
)
from datahub.models import TupleRecord
from datahub.models.params import PutPBRecordsRequestParams
from hubstream import _native
from hubstream.datahub.aio import DataHub

# Calls that wait at once, and calls in all.
AT_ONCE = 64
GETS = 256
SMALL = 2000
THREADS = (8, 64)
PROTOBUF = WIRES[0]


def _per_second(work: Callable[[], object], threads: int, times: int) -> float:
    """Thousands of records per second of some threads that share the work."""
    begin = threading.Barrier(threads + 1)
    each = max(1, times // threads)

    def share() -> None:
        work()
        begin.wait()
        for _ in range(each):
            work()

    running = [threading.Thread(target=share) for _ in range(threads)]
    for thread in running:
        thread.start()
    begin.wait()
    start = time.perf_counter()
    for thread in running:
        thread.join()
    return each * threads * data.COUNT / (time.perf_counter() - start) / 1000


def several_threads(pair: Pair, rounds: int) -> dict[str, object]:
    """What further threads add where the interpreter is not needed."""
    batch = OURS["tuple", "rows"]()
    read_official, read_ours = decoders(pair, "tuple")
    work = [
        ("pydatahub: encode tuple protobuf", lambda: PutPBRecordsRequestParams(official_tuples()).content(), 16, None),
        ("pydatahub: decode tuple protobuf", read_official, 16, None),
        ("hubstream: encode a batch, tuple protobuf", lambda: _native.encode_put(batch, "protobuf", "lz4"), 320, 1.7),
        ("hubstream: decode to a batch, tuple protobuf", read_ours, 1600, 1.7),
    ]
    rows = []
    for name, once, times, target in work:
        for threads in THREADS:
            samples: list[list[float]] = [[], []]
            for _ in range(rounds):
                for side, count in enumerate((1, threads)):
                    samples[side].append(_per_second(once, count, times))
            row = measured.Row(f"{name}, {threads} threads", samples, target=target)
            print(f"threads {row.line(['1 thread', f'{threads} threads'], 'k/s')}", flush=True)
            rows.append(row.as_json(0))
    return {
        "title": "Several threads beside one",
        "unit": "thousand records",
        "per": "second",
        "sides": ["1 thread", "several"],
        "ratio": "more",
        "rows": rows,
    }


async def _waiting(make: Callable[[], Coroutine[object, object, object]], times: int, at_once: int) -> list[float]:
    """How long each of some calls took, in seconds, with so many at a time."""
    spent = []
    left = iter(range(times))

    async def work() -> None:
        for _ in left:
            start = time.perf_counter()
            await make()
            spent.append(time.perf_counter() - start)

    await asyncio.gather(*(work() for _ in range(at_once)))
    return spent


def _official_waiting(get: Callable[[], object], times: int) -> list[float]:
    def work(_: int) -> float:
        start = time.perf_counter()
        get()
        return time.perf_counter() - start

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(work, range(times)))


def waiting(url: str, pair: Pair, rounds: int) -> dict[str, object]:
    """How long gets of 1000 records take when many wait at once."""
    topic = pair.topic("tuple", "get")
    samples: dict[str, list[list[float]]] = {"p50": [[], []], "p99": [[], []]}

    async def ours() -> list[float]:
        async with DataHub(KEY, KEY, url) as hub:

            async def get() -> None:
                got = await hub.get_tuple_records(PROJECT, topic, SHARD, OUR_SCHEMA, START, data.COUNT)
                got.records.rows()

            return await _waiting(get, GETS, AT_ONCE)

    def official() -> list[float]:
        return _official_waiting(lambda: official_values(pair.official_get("tuple", topic), "tuple"), AT_ONCE * 2)

    for _ in range(max(3, rounds // 3)):
        for side, work in enumerate((official, lambda: asyncio.run(ours()))):
            parts = statistics.quantiles(work(), n=100)
            samples["p50"][side].append(parts[49] * 1000)
            samples["p99"][side].append(parts[98] * 1000)
    rows = []
    for name, target in (("p50", None), ("p99", None)):
        row = measured.Row(f"{name}, {AT_ONCE} gets in flight", samples[name], target=target or 15)
        print(f"waiting {row.line(['pydatahub', 'hubstream'], 'ms')}", flush=True)
        rows.append(row.as_json(1))
    return {
        "title": "Time of a get of 1000 tuples in protobuf, many at once",
        "unit": "ms",
        "sides": ["pydatahub (threads)", "hubstream (asyncio)"],
        "ratio": "less",
        "rows": rows,
    }


def small_requests(url: str, pair: Pair, rounds: int, where: str = "") -> list[dict[str, object]]:
    """The rows for the CPU time of small calls as coroutines."""
    topic = pair.topic("tuple", "one")
    values = ROWS[0]
    calls: list[
        tuple[str, Callable[[], object], Callable[[DataHub], Coroutine[object, object, object]], float | None]
    ] = [
        ("get_project", lambda: pair.official.get_project(PROJECT), lambda hub: hub.get_project(PROJECT), None),
        (
            "put of one tuple record",
            lambda: pair.official_put(topic, [TupleRecord(schema=SCHEMA, values=values)]),
            lambda hub: hub.put_records(PROJECT, topic, [models.TupleRecord(schema=OUR_SCHEMA, values=values)]),
            34,
        ),
    ]

    async def ours(call: Callable[[DataHub], Coroutine[object, object, object]], at_once: int) -> float:
        async with DataHub(KEY, KEY, url, protocol=pair.wire.protocol) as hub:
            await _waiting(lambda: call(hub), at_once, at_once)
            start = time.process_time()
            await _waiting(lambda: call(hub), SMALL, at_once)
            return (time.process_time() - start) / SMALL * 1e6

    def official(call: Callable[[], object]) -> float:
        start = time.process_time()
        for _ in range(SMALL // 10):
            call()
        return (time.process_time() - start) / (SMALL // 10) * 1e6

    rows = []
    for name, theirs, call, target in calls:
        for at_once in (1, 16):
            samples: list[list[float]] = [[], []]
            for _ in range(rounds):
                samples[0].append(official(theirs))
                samples[1].append(asyncio.run(ours(call, at_once)))
            row = measured.Row(f"{name}, {at_once} at once{where}", samples, target=target, limit=40)
            print(f"asyncio {row.line(['pydatahub', 'hubstream'], 'µs')}", flush=True)
            rows.append(row.as_json(1))
    return rows


@contextmanager
def _pinned(processor: int) -> Iterator[None]:
    """Keeps all threads of this process on one processor for a while, where the system can do that."""
    if not hasattr(os, "sched_setaffinity") or (os.cpu_count() or 1) == 1:
        yield
        return

    def pin(processors: Iterable[int]) -> None:
        for thread in Path("/proc/self/task").iterdir():
            # One may have ended meanwhile.
            with suppress(ProcessLookupError):
                os.sched_setaffinity(int(thread.name), processors)

    before = os.sched_getaffinity(0)
    pin({processor})
    try:
        yield
    finally:
        pin(before)


def _small(emulator: Callable[..., AbstractContextManager[str]], rounds: int) -> dict[str, object]:
    """Small requests to a server on another processor, and to one on the processor of the client."""
    rows = []
    ways = ((facts.SERVER_PROCESSOR, ""), (facts.CLIENT_PROCESSOR, ", client and server on one processor"))
    for processor, where in ways:
        with emulator(processor) as url, _pinned(facts.CLIENT_PROCESSOR):
            rows += small_requests(url, Pair(url, PROTOBUF), rounds, where)
    return {
        "title": "One small request with asyncio, beside the official client, which only blocks",
        "unit": "µs",
        "per": "request",
        "sides": ["pydatahub (blocking)", "hubstream (asyncio)"],
        "ratio": "less",
        "rows": rows,
    }


def tables(
    emulator: Callable[..., AbstractContextManager[str]], options: argparse.Namespace
) -> list[dict[str, object]]:
    """The tables of this part."""
    if options.only and options.only not in "traffic":
        return []
    small = _small(emulator, options.rounds)
    with emulator() as url:
        pair = Pair(url, PROTOBUF)
        return [small, several_threads(pair, options.rounds), waiting(url, pair, options.rounds)]
