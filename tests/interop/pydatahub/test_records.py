"""Putting and getting records through the official client: JSON and protobuf, every compression."""

from decimal import Decimal

import pytest
from datahub.core import DatahubProtocolType
from datahub.exceptions import (
    DatahubException,
    InvalidCursorException,
    InvalidParameterException,
    ResourceNotFoundException,
    SeekOutOfRangeException,
)
from datahub.models import BlobRecord, CursorType, Field, FieldType, RecordSchema, TupleRecord

START = "30000000000000000000000000000000"
NAMES = ["tiny", "small", "int", "big", "text", "flag", "time", "single", "double", "exact"]
TYPES = [
    FieldType.TINYINT,
    FieldType.SMALLINT,
    FieldType.INTEGER,
    FieldType.BIGINT,
    FieldType.STRING,
    FieldType.BOOLEAN,
    FieldType.TIMESTAMP,
    FieldType.FLOAT,
    FieldType.DOUBLE,
    FieldType.DECIMAL,
]
SCHEMA = RecordSchema.from_lists(NAMES, TYPES)
ROWS = [
    [1, 2, 3, 4, "text", True, 1455869335000000, 0.5, 10.01, Decimal("10.2")],
    [-128, -32768, -(2**31), -(2**63), 'ä€😀\n"', False, -62135798400000000, -3.5, 5e-324, Decimal("-0.10")],
    [
        127,
        32767,
        2**31 - 1,
        2**63 - 1,
        "x" * 5000,
        True,
        253402271999000000,
        1e10,
        1.7976931348623157e308,
        Decimal("12345678901234567890123456789012345.6789012345"),
    ],
    [None, None, None, None, None, None, None, None, None, None],
]


def records(rows=ROWS, **keys):
    made = []
    for index, row in enumerate(rows):
        record = TupleRecord(schema=SCHEMA, values=row)
        record.put_attribute("row", str(index))
        for name, value in keys.items():
            setattr(record, name, value)
        made.append(record)
    return made


def values(got):
    return [list(record.values) for record in got.records]


def expected(rows, protocol):
    """What the official client makes of them: in protobuf it reads a null text as an empty one."""
    if protocol == DatahubProtocolType.JSON:
        return rows
    text = NAMES.index("text")
    return [[("" if value is None and column == text else value) for column, value in enumerate(row)] for row in rows]


@pytest.fixture
def tuple_topic(client, project):
    client.create_tuple_topic(project, "t", 3, 7, SCHEMA, "")
    return "t"


@pytest.fixture
def blob_topic(client, project):
    client.create_blob_topic(project, "b", 3, 7, "")
    return "b"


def test_tuples(records_client, protocol, project, tuple_topic):
    put = records_client.put_records(project, tuple_topic, records(shard_id="0"))
    assert (put.failed_record_count, put.failed_records) == (0, [])
    cursor = records_client.get_cursor(project, tuple_topic, "0", CursorType.OLDEST).cursor
    got = records_client.get_tuple_records(project, tuple_topic, "0", SCHEMA, cursor, 10)
    assert (got.record_count, got.start_seq) == (len(ROWS), 0)
    assert values(got) == expected(ROWS, protocol)
    assert [record.attributes for record in got.records] == [{"row": str(index)} for index in range(len(ROWS))]
    assert [record.sequence for record in got.records] == list(range(len(ROWS)))
    assert all(record.system_time > 0 for record in got.records)
    empty = records_client.get_tuple_records(project, tuple_topic, "0", SCHEMA, got.next_cursor, 10)
    assert (empty.record_count, empty.records, empty.next_cursor) == (0, [], got.next_cursor)


def test_blobs(records_client, project, blob_topic):
    blobs = [b"hello", bytes(range(256)), b"0123456789" * 35000]
    made = []
    for blob in blobs:
        record = BlobRecord(blob_data=blob)
        record.shard_id = "0"
        record.put_attribute("a", "b")
        made.append(record)
    assert records_client.put_records(project, blob_topic, made).failed_record_count == 0
    got = records_client.get_blob_records(project, blob_topic, "0", START, 10)
    assert [record.blob_data for record in got.records] == blobs
    assert got.records[0].attributes == {"a": "b"}


def test_the_default_limit(client, project, blob_topic):
    client.put_records_by_shard(project, blob_topic, "0", [BlobRecord(blob_data=b"x")])
    assert client.get_blob_records(project, blob_topic, "0", START).record_count == 1


def test_routing(records_client, project, tuple_topic):
    by_partition_key = records(ROWS[:1], partition_key="TestPartitionKey")
    by_hash_key = records(ROWS[:1], hash_key="4FFFFFFFFFFFFFFD7FFFFFFFFFFFFFFD")
    by_shard = records(ROWS[:1], shard_id="0")
    both = records(ROWS[:1], shard_id="1", hash_key="00000000000000000000000000000000")
    put = records_client.put_records(project, tuple_topic, by_partition_key + by_hash_key + by_shard + both)
    assert put.failed_record_count == 0
    counts = [
        records_client.get_tuple_records(project, tuple_topic, shard, SCHEMA, START, 10).record_count
        for shard in ("0", "1", "2")
    ]
    assert counts == [2, 1, 1]


def test_failed_records(records_client, project, tuple_topic):
    put = records_client.put_records(project, tuple_topic, records(ROWS[:3], shard_id="-1"))
    assert put.failed_record_count == 3
    assert [(failed.index, failed.error_code, failed.error_message) for failed in put.failed_records] == [
        (index, "InvalidShardId", "Invalid shard id: -1") for index in range(3)
    ]


@pytest.fixture
def pb_client(connect, compression):
    return connect(DatahubProtocolType.PB, compression)


def test_by_shard(pb_client, project, tuple_topic, blob_topic):
    pb_client.put_records_by_shard(project, tuple_topic, "0", records())
    got = pb_client.get_tuple_records(project, tuple_topic, "0", SCHEMA, START, 10)
    assert values(got) == expected(ROWS, DatahubProtocolType.PB)
    pb_client.put_records_by_shard(project, blob_topic, "1", [BlobRecord(blob_data=b"a"), BlobRecord(blob_data=b"b")])
    got = pb_client.get_blob_records(project, blob_topic, "1", START, 10)
    assert [record.blob_data for record in got.records] == [b"a", b"b"]


def bad_records(names, types, values):
    return [TupleRecord(schema=RecordSchema.from_lists(names, types), values=values)]


def test_by_shard_errors(client, project, tuple_topic):
    good = records(ROWS[:1])
    with pytest.raises(ResourceNotFoundException) as error:
        client.put_records_by_shard(project, tuple_topic, "-1", good)
    assert error.value.error_msg == f"Shard is not exist: {project}/{tuple_topic}/-1"
    with pytest.raises(ResourceNotFoundException) as error:
        client.put_records_by_shard(project, "a", "0", good)
    assert error.value.error_msg == "The specified topic does not exist."
    with pytest.raises(InvalidParameterException) as error:
        client.put_records_by_shard("a", tuple_topic, "0", good)
    assert error.value.error_msg == "Project name is missing or invalid:a"
    with pytest.raises(InvalidParameterException) as error:
        client.put_records_by_shard(project, tuple_topic, "0", bad_records(["c"], [FieldType.STRING], ["x"]))
    assert error.value.error_msg == "Record field size not match"


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (FieldType.DOUBLE, "a", "Parse field value [a] to DOUBLE failed: Cannot cast empty string to d"),
        (FieldType.TIMESTAMP, "253402271999000001", "Timestamp field value over range: 253402271999000001"),
        (FieldType.TIMESTAMP, "-62135798400000001", "Timestamp field value over range: -62135798400000001"),
        (FieldType.DECIMAL, "abc", "Decimal field invalid: abc"),
    ],
)
def test_values_are_checked_by_the_service(client, project, column, value, message):
    client.create_tuple_topic(project, "t", 1, 1, RecordSchema.from_lists(["c"], [column]), "")
    with pytest.raises(InvalidParameterException) as error:
        client.put_records_by_shard(project, "t", "0", bad_records(["c"], [FieldType.STRING], [value]))
    assert error.value.error_code == "MalformedRecord"
    assert message in error.value.error_msg


def test_cursors(records_client, project, blob_topic):
    def cursor(kind, *param):
        return records_client.get_cursor(project, blob_topic, "0", kind, *param)

    assert cursor(CursorType.OLDEST).cursor == START
    made = [BlobRecord(blob_data=bytes([65 + index])) for index in range(3)]
    for record in made:
        record.shard_id = "0"
    records_client.put_records(project, blob_topic, made)
    oldest = cursor(CursorType.OLDEST)
    assert oldest.sequence == 0
    assert oldest.record_time > 0
    assert cursor(CursorType.LATEST).sequence == 2
    assert cursor(CursorType.SEQUENCE, 0).cursor == oldest.cursor
    assert cursor(CursorType.SEQUENCE, 2).cursor == cursor(CursorType.LATEST).cursor
    assert cursor(CursorType.SYSTEM_TIME, 0).cursor == oldest.cursor
    got = records_client.get_blob_records(project, blob_topic, "0", cursor(CursorType.SEQUENCE, 1).cursor, 1)
    assert (got.start_seq, got.records[0].blob_data) == (1, b"B")
    with pytest.raises(SeekOutOfRangeException):
        cursor(CursorType.SEQUENCE, 4)
    with pytest.raises(SeekOutOfRangeException):
        cursor(CursorType.SYSTEM_TIME, oldest.record_time + 3_600_000)
    with pytest.raises(ResourceNotFoundException):
        records_client.get_cursor(project, blob_topic, "9", CursorType.OLDEST)
    with pytest.raises(InvalidCursorException):
        records_client.get_blob_records(project, blob_topic, "0", "3000000000000000", 1)


def test_old_records_after_a_new_column(records_client, client, project, tuple_topic):
    records_client.put_records(project, tuple_topic, records(ROWS[:1], shard_id="0"))
    client.append_field(project, tuple_topic, "added", FieldType.STRING)
    wide = RecordSchema([*SCHEMA.field_list, Field("added", FieldType.STRING)])
    got = records_client.get_tuple_records(project, tuple_topic, "0", wide, START, 10)
    (row,) = values(got)
    assert row[:-1] == ROWS[0]
    assert not row[-1]


def test_a_get_for_a_subscription(client, project, blob_topic):
    subscription = client.create_subscription(project, blob_topic, "").sub_id
    client.put_records_by_shard(project, blob_topic, "0", [BlobRecord(blob_data=b"x")])
    assert client.get_blob_records(project, blob_topic, "0", START, 1, subscription).record_count == 1


def test_missing_topics(records_client, project):
    with pytest.raises(ResourceNotFoundException):
        records_client.put_records(project, "none", [BlobRecord(blob_data=b"x")])
    with pytest.raises(DatahubException):
        records_client.get_blob_records(project, "none", "0", START, 1)
