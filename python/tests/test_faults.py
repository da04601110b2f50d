"""What an emulator does wrong on request."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hubstream.datahub import DataHub
from hubstream.errors import (
    ClosedError,
    ConflictError,
    ConnectionError,
    InvalidArgumentError,
    RateLimitedError,
    UnavailableError,
)
from hubstream.records import RecordBatch
from hubstream.testing import Emulator

if TYPE_CHECKING:
    from hubstream.testing.faults import Effect, Fault


def test_a_fault_happens_until_it_is_removed(hubstream_emulator: Emulator) -> None:
    fault: Fault = {
        "operation": "ListProject",
        "service": "datahub",
        "effect": {"throttle": True},
        "retry_after_seconds": 0,
    }
    hubstream_emulator.set_faults([fault], seed=3)
    with hubstream_emulator.datahub_client() as hub:
        with pytest.raises(RateLimitedError) as caught:
            hub.list_project()
        assert caught.value.attempts == 4
        assert caught.value.retry_after == 0
        struck = hubstream_emulator.faults()
        assert struck == [{**fault, "probability": 1.0, "struck": 4}]
        hubstream_emulator.clear_faults()
        assert hub.list_project().project_names == []
    assert hubstream_emulator.faults() == []


def test_all_effects_are_taken_and_forgotten_by_a_reset(hubstream_emulator: Emulator) -> None:
    effects: list[Effect] = [
        "drop",
        "half",
        "corrupt_crc",
        {"latency_ms": 5},
        {"error": {"status": 503, "code": "Busy", "message": ""}},
        {"throttle": True},
        {"clock_skew_seconds": -5},
    ]
    faults: list[Fault] = [{"operation": "*", "effect": effect} for effect in effects]
    hubstream_emulator.set_faults(faults)
    assert [fault["effect"] for fault in hubstream_emulator.faults()] == effects
    hubstream_emulator.reset()
    assert hubstream_emulator.faults() == []


def test_what_is_wrong_is_said_with_its_place(hubstream_emulator: Emulator) -> None:
    good: Fault = {"operation": "*", "effect": {"latency_ms": 1}}
    hubstream_emulator.set_faults([good])
    with pytest.raises(InvalidArgumentError, match=r"faults\[1\]\.operation"):
        hubstream_emulator.set_faults([good, {"operation": "PutRecord", "effect": "drop"}])
    assert len(hubstream_emulator.faults()) == 1, "nothing changed"
    with pytest.raises(InvalidArgumentError, match="body: invalid value"):
        hubstream_emulator.set_faults([], seed=-1)
    hubstream_emulator.clear_faults()


@pytest.mark.parametrize("at_least_once", [True, False])
def test_a_put_is_repeated_where_the_client_was_told_so(
    hubstream_emulator: Emulator, at_least_once: bool
) -> None:
    url = hubstream_emulator.datahub_url
    with DataHub("emulator", "emulator", url, at_least_once=at_least_once) as hub:
        hub.create_project("shop", "")
        hub.create_blob_topic("shop", "photos", 1, 7, "")
        hub.wait_shards_ready("shop", "photos")
        hubstream_emulator.set_faults([{"operation": "PutRecords", "effect": "drop", "count": 1}])
        records = RecordBatch.from_blobs([b"x"])
        with nullcontext() if at_least_once else pytest.raises(ConnectionError):
            hub.put_records("shop", "photos", records)
        assert hub.stats().retries == at_least_once
    hubstream_emulator.clear_faults()


def test_the_clock_is_not_moved_backwards() -> None:
    with Emulator(start_time=100) as emulator:
        emulator.advance(timedelta(days=2, seconds=1))
        with pytest.raises(InvalidArgumentError, match="argument `time`: must be 0 or") as caught:
            emulator.advance(-1)
        assert emulator.now() == 100 + 2 * 86_400 + 1
    assert caught.value.context == {"argument": "time"}


def test_what_an_emulator_is_told(tmp_path: Path) -> None:
    with Emulator(no_auth=True, dis=None, data_dir=tmp_path) as emulator:
        with DataHub("anybody", "any key", emulator.datahub_url) as hub:
            hub.create_project("kept", "")
        with pytest.raises(ConflictError, match="running already"):
            emulator.start()
        with pytest.raises(ClosedError, match="DIS"):
            _ = emulator.dis_url
    with pytest.raises(ClosedError, match="DataHub"):
        _ = emulator.datahub_url
    own = Emulator(access_id="own", access_key="key", data_dir=tmp_path)
    with own, own.datahub_client() as hub:
        assert hub.list_project().project_names == ["kept"]
    with pytest.raises(InvalidArgumentError, match=r"argument `limits`: .*strict"):
        Emulator(limits="lax")  # type: ignore[arg-type]


def test_an_emulator_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnavailableError, match="file") as caught:
        Emulator(data_dir=tmp_path / "file").start()
    assert not caught.value.was_sent


def test_an_emulator_in_a_coroutine_ends() -> None:
    async def program() -> tuple[str, Emulator]:
        async with Emulator(access_key="own") as emulator:
            async with emulator.datahub_async_client() as hub:
                await hub.list_project()
            return repr(emulator), emulator

    running, emulator = asyncio.run(program())
    assert (running[:23], repr(emulator)) == ("<Emulator http://127.0.", "<Emulator not running>")


def test_an_emulator_that_does_not_run_has_no_faults() -> None:
    emulator = Emulator()
    with pytest.raises(ClosedError, match="not running"):
        emulator.set_faults([])
    emulator.clear_faults()
    assert emulator.faults() == []
