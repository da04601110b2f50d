"""The calls of a whole program, blocking and as coroutines."""

from __future__ import annotations

import asyncio

import pytest

from hubstream.datahub import DataHub, aio, exceptions
from hubstream.datahub.core import DatahubProtocolType
from hubstream.datahub.models import (
    AuthMode,
    BlobRecord,
    CompressFormat,
    ConnectorConfig,
    ConnectorType,
    CursorType,
    OffsetBase,
    OffsetWithSession,
    OtsConnectorConfig,
    RecordBatch,
    RecordType,
    ShardState,
    SubscriptionState,
)
from hubstream.errors import ClosedError
from hubstream.testing import Emulator
from sample import ALL_TYPES, oldest


def test_numbers_of_a_client(hub: DataHub) -> None:
    before = hub.stats()
    hub.create_project("counted", "")
    with pytest.raises(exceptions.ResourceExistException):
        hub.create_project("counted", "")
    stats = hub.stats()
    assert (stats.calls - before.calls, stats.failed_calls - before.failed_calls) == (2, 1)
    assert (stats.attempts - before.attempts, stats.retries - before.retries) == (2, 0)
    assert stats.sent_bytes - before.sent_bytes == 2 * len('{"Comment":""}')
    assert stats.received_bytes - before.received_bytes > 2


def test_numbers_of_records(hub: DataHub, blob_topic: tuple[str, str]) -> None:
    good, bad = BlobRecord(b"x"), BlobRecord(b"y")
    good.shard_id, bad.shard_id = "0", "7"
    assert hub.put_records(*blob_topic, [good, bad, good]).failed_record_count == 1
    with pytest.raises(exceptions.ResourceNotFoundException):
        hub.put_records_by_shard(*blob_topic, "7", [good])
    cursor = oldest(hub, blob_topic)
    for _ in range(2):
        hub.get_blob_records(*blob_topic, "0", cursor, 10)
    stats = hub.stats()
    assert stats.records_put == {"PutRecords": 2, "PutRecordsByShard": 0}
    assert stats.records_got == {"GetBlobRecords": 4, "GetTupleRecords": 0}


def test_projects_and_topics(hub: DataHub) -> None:
    hub.create_project("shop", "things")
    hub.update_project("shop", "more things")
    project = hub.get_project("shop")
    assert (project.project_name, project.comment) == ("shop", "more things")
    assert project.request_id
    hub.create_tuple_topic("shop", "orders", 2, 3, ALL_TYPES, "orders")
    hub.create_blob_topic("shop", "photos", 1, 3, "photos", extend_mode=True)
    assert hub.list_topic("shop").topic_names == ["orders", "photos"]
    topic = hub.get_topic("shop", "orders")
    assert topic.record_type is RecordType.TUPLE
    assert topic.record_schema == ALL_TYPES
    assert (topic.shard_count, topic.life_cycle) == (2, 3)
    assert hub.get_topic("shop", "photos").record_schema is None
    hub.delete_topic("shop", "orders")
    with pytest.raises(exceptions.ResourceNotFoundException):
        hub.get_topic("shop", "orders")


def test_shards(hubstream_emulator: Emulator) -> None:
    with (
        Emulator(start_time=1_700_000_000.0) as emulator,
        emulator.datahub_client() as hub,
    ):
        hub.create_project("shop", "things")
        hub.create_blob_topic("shop", "photos", 1, 3, "photos")
        hub.wait_shards_ready("shop", "photos", timeout=10)
        emulator.advance(60)
        halves = hub.split_shard("shop", "photos", "0").new_shards
        assert [shard.shard_id for shard in halves] == ["1", "2"]
        states = {shard.shard_id: shard.state for shard in hub.list_shard("shop", "photos").shards}
        assert states["0"] in (ShardState.CLOSED, ShardState.CLOSING)
        emulator.advance(60)
        assert hub.merge_shard("shop", "photos", "1", "2").shard_id == "3"
        assert emulator.now() == 1_700_000_120.0


def test_every_kind_of_offset_is_a_place(hub: DataHub, blob_topic: tuple[str, str]) -> None:
    sub_id = hub.create_subscription(*blob_topic, "reader").sub_id
    records = [BlobRecord(text) for text in (b"a", b"b", b"c")]
    hub.put_records_by_shard(*blob_topic, "0", records)
    opened = hub.init_and_get_subscription_offset(*blob_topic, sub_id, ["0"]).offsets["0"]
    hub.update_subscription_offset(
        *blob_topic, sub_id, {"0": OffsetWithSession(1, 2, opened.version, opened.session_id)}
    )
    session = hub.init_and_get_subscription_offset(*blob_topic, sub_id, ["0"]).offsets["0"]
    version = hub.get_subscription_offset(*blob_topic, sub_id, ["0"]).offsets["0"]
    base = OffsetBase(version.sequence, version.timestamp)
    wire = {"Sequence": 1, "Timestamp": 2, "Version": 0, "SessionId": 1}
    offsets: list[OffsetBase | dict[str, int]] = [session, version, base, wire]
    for offset in offsets:
        cursor = hub.get_cursor_after(*blob_topic, "0", offset).cursor
        result = hub.get_blob_records(*blob_topic, "0", cursor, after=offset)
        assert [record.blob_data for record in result.records] == [b"c"]
        hub.reset_subscription_offset(*blob_topic, sub_id, {"0": offset})
        found = hub.get_subscription_offset(*blob_topic, sub_id, ["0"]).offsets["0"]
        assert (found.sequence, found.timestamp) == (1, 2)
    wrong = {"sequence": 1, "timestamp": 2, "seqence": 3}
    with pytest.raises(exceptions.InvalidParameterException, match=r"offset\.seqence"):
        hub.get_cursor_after(*blob_topic, "0", wrong)


def test_offsets(hub: DataHub, blob_topic: tuple[str, str]) -> None:
    sub_id = hub.create_subscription(*blob_topic, "reader").sub_id
    assert hub.get_subscription(*blob_topic, sub_id).state is SubscriptionState.ACTIVE
    hub.put_records(*blob_topic, [BlobRecord(b"a"), BlobRecord(b"b")])
    # One shard id stands for a list of one.
    first = hub.init_and_get_subscription_offset(*blob_topic, sub_id, "0").offsets["0"]
    commit = OffsetWithSession(1, 2, first.version, first.session_id)
    hub.update_subscription_offset(*blob_topic, sub_id, {"0": commit})
    offset = hub.get_subscription_offset(*blob_topic, sub_id, ["0"]).offsets["0"]
    assert (offset.sequence, offset.timestamp) == (1, 2)
    wire = {
        "Sequence": 0,
        "Timestamp": 5,
        "Version": first.version,
        "SessionId": first.session_id,
    }
    hub.update_subscription_offset(*blob_topic, sub_id, {"0": wire})
    assert hub.get_subscription_offset(*blob_topic, sub_id).offsets["0"].sequence == 0

    newer = hub.init_and_get_subscription_offset(*blob_topic, sub_id, ["0"]).offsets
    with pytest.raises(exceptions.OffsetSessionException) as caught:
        hub.update_subscription_offset(*blob_topic, sub_id, {"0": commit})
    assert caught.value.code == "OffsetSessionChanged"
    assert isinstance(caught.value, exceptions.InvalidOperationException)

    hub.reset_subscription_offset(*blob_topic, sub_id, {"0": {"sequence": 0, "timestamp": 1}})
    with pytest.raises(exceptions.OffsetResetException):
        hub.update_subscription_offset(*blob_topic, sub_id, newer)
    hub.update_subscription_state(*blob_topic, sub_id, SubscriptionState.INACTIVE)
    assert hub.get_subscription(*blob_topic, sub_id).state is SubscriptionState.INACTIVE
    page = hub.list_subscription(*blob_topic, "", 1, 10)
    assert [entry.sub_id for entry in page.subscriptions] == [sub_id]
    hub.delete_subscription(*blob_topic, sub_id)


@pytest.mark.parametrize("compress_format", list(CompressFormat))
@pytest.mark.parametrize("protocol", list(DatahubProtocolType))
def test_every_protocol_and_compression(
    hubstream_emulator: Emulator,
    blob_topic: tuple[str, str],
    protocol: DatahubProtocolType,
    compress_format: CompressFormat,
) -> None:
    emulator = hubstream_emulator
    with DataHub(
        emulator.access_id,
        emulator.access_key,
        emulator.datahub_url,
        compress_format=compress_format,
        protocol_type=protocol,
    ) as client:
        blobs = [bytes([number % 256]) * number for number in range(100)]
        client.put_records_by_shard(*blob_topic, "0", RecordBatch.from_blobs(blobs))
        got = client.get_blob_records(*blob_topic, "0", oldest(client, blob_topic), 100)
    assert [bytes(blob) for blob in got.records.blobs()] == blobs


def test_the_same_as_coroutines(hubstream_emulator: Emulator) -> None:
    async def journey() -> None:
        async with hubstream_emulator.datahub_async_client() as hub:
            await hub.create_project("shop", "things")
            await hub.create_blob_topic("shop", "photos", 1, 3, "photos")
            await hub.wait_shards_ready("shop", "photos")
            await hub.put_records("shop", "photos", [BlobRecord(b"a")])
            cursor = await hub.get_cursor("shop", "photos", "0", CursorType.OLDEST)
            got = await hub.get_blob_records("shop", "photos", "0", cursor.cursor)
            assert [record.blob_data for record in got.records] == [b"a"]
            names = await asyncio.gather(*(hub.list_project() for _ in range(50)))
            assert all(result.project_names == ["shop"] for result in names)
            with pytest.raises(exceptions.ResourceNotFoundException) as caught:
                await hub.get_topic("shop", "none")
            assert caught.value.operation == "GetTopic"
        assert hub.closed
        with pytest.raises(exceptions.ClientClosedException):
            await hub.list_project()

    asyncio.run(journey())


def test_the_emulator_for_coroutines() -> None:
    async def journey() -> None:
        async with Emulator(dis=None) as emulator:
            with pytest.raises(ClosedError, match="does not serve DIS"):
                _ = emulator.dis_url
            async with aio.DataHub(
                emulator.access_id, emulator.access_key, emulator.datahub_url
            ) as hub:
                assert (await hub.list_project()).project_names == []

    asyncio.run(journey())


def test_several_event_loops_share_a_client(hubstream_emulator: Emulator) -> None:
    client = hubstream_emulator.datahub_async_client()

    async def call() -> list[str]:
        return (await client.list_project()).project_names

    assert [asyncio.run(call()) for _ in range(3)] == [[], [], []]


def test_dis(hubstream_emulator: Emulator) -> None:
    from hubstream.dis import DisClient

    with DisClient(
        endpoint=hubstream_emulator.dis_url,
        access_id="emulator",
        access_key="emulator",
        project_id="project",
        region="local",
    ) as client:
        client.create_stream("orders", 2)
        assert client.list_streams().stream_names == ["orders"]
        records = RecordBatch.from_blobs([b"a", b"b"], partition_key="x")
        put = client.put_records("orders", records)
        assert put.failed_record_count == 0
        partition = put.records[0].partition_id
        assert partition is not None
        cursor = client.get_cursor("orders", partition, "TRIM_HORIZON").partition_cursor
        got = client.get_records(cursor)
        assert [bytes(blob) for blob in got.records.blobs()] == [b"a", b"b"]
        assert got.records.partition_key(0) == "x"


def test_connectors(hub: DataHub, tuple_topic: tuple[str, str]) -> None:
    config = OtsConnectorConfig("https://ots.example", "instance", "table", AuthMode.STS)
    columns = ["tinyint", "string"]
    made = hub.create_connector(*tuple_topic, ConnectorType.SINK_OTS, columns, config)
    connector = hub.get_connector(*tuple_topic, made.connector_id)
    assert isinstance(connector.config, ConnectorConfig)
    assert connector.config == config
    assert connector.type is ConnectorType.SINK_OTS
    assert connector.column_fields == columns
    assert hub.list_connector(*tuple_topic).connector_ids == [made.connector_id]
    for wrong in (None, 1, {"endpoint": "x"}, {"kind": "OdpsConnectorConfig"}):
        with pytest.raises(exceptions.InvalidParameterException):
            hub.update_connector(*tuple_topic, made.connector_id, wrong)  # type: ignore[arg-type]
    hub.delete_connector(*tuple_topic, made.connector_id)
