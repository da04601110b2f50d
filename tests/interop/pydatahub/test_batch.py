"""The batch protocol of the official client, which the emulator stores as it comes."""

import pytest
from datahub.core import DatahubProtocolType
from datahub.models import BlobRecord, CursorType, FieldType, RecordSchema, TupleRecord

SCHEMA = RecordSchema.from_lists(["id", "name", "price"], [FieldType.BIGINT, FieldType.STRING, FieldType.DOUBLE])


@pytest.fixture
def batch_client(connect, compression):
    return connect(DatahubProtocolType.BATCH, compression)


def tuples(count):
    return [TupleRecord(schema=SCHEMA, values=[index, f"row {index}", index / 4]) for index in range(count)]


def test_tuples(batch_client, client, project):
    client.create_tuple_topic(project, "t", 1, 1, SCHEMA, "")
    batch_client.put_records_by_shard(project, "t", "0", tuples(5))
    cursor = batch_client.get_cursor(project, "t", "0", CursorType.LATEST)
    assert cursor.sequence == 0
    got = batch_client.get_tuple_records(project, "t", "0", SCHEMA, cursor.cursor, 1)
    assert [record.values for record in got.records] == [record.values for record in tuples(5)]


def test_blobs(batch_client, client, project):
    client.create_blob_topic(project, "b", 1, 1, "")
    blobs = [b"first", b"second" * 1000, bytes(range(256))]
    batch_client.put_records_by_shard(project, "b", "0", [BlobRecord(blob_data=blob) for blob in blobs])
    cursor = batch_client.get_cursor(project, "b", "0", CursorType.OLDEST).cursor
    got = batch_client.get_blob_records(project, "b", "0", cursor, 1)
    assert [record.blob_data for record in got.records] == blobs


def test_a_batch_is_read_in_protobuf(batch_client, client, project):
    client.create_tuple_topic(project, "t", 1, 1, SCHEMA, "")
    batch_client.put_records_by_shard(project, "t", "0", tuples(3))
    cursor = client.get_cursor(project, "t", "0", CursorType.OLDEST).cursor
    got = client.get_tuple_records(project, "t", "0", SCHEMA, cursor, 10)
    assert [record.values for record in got.records] == [record.values for record in tuples(3)]
    assert {record.sequence for record in got.records} == {0}


def test_protobuf_is_read_in_batches(batch_client, client, project):
    client.create_tuple_topic(project, "t", 1, 1, SCHEMA, "")
    client.put_records_by_shard(project, "t", "0", tuples(2))
    cursor = batch_client.get_cursor(project, "t", "0", CursorType.OLDEST).cursor
    got = batch_client.get_tuple_records(project, "t", "0", SCHEMA, cursor, 10)
    assert [record.values for record in got.records] == [record.values for record in tuples(2)]


def test_a_topic_is_written_at_once(batch_client, project):
    """The comments of the columns are not texts, as older programs give them."""
    types = [FieldType.BIGINT, FieldType.FLOAT, FieldType.STRING]
    schema = RecordSchema.from_lists(["id", "single", "name"], types, [False] * 3, [False, True, False])
    batch_client.create_tuple_topic(project, "t", 1, 1, schema, "")
    assert batch_client.get_topic(project, "t").record_schema.to_json() == schema.to_json()
    record = TupleRecord(schema=schema, values=[1, 0.5, "one"])
    batch_client.put_records_by_shard(project, "t", "0", [record])
    cursor = batch_client.get_cursor(project, "t", "0", CursorType.OLDEST).cursor
    other = RecordSchema.from_lists(["id", "single", "name"], types, [False] * 3, [False, True, False])
    got = batch_client.get_tuple_records(project, "t", "0", other, cursor, 1)
    assert [found.values for found in got.records] == [record.values]
