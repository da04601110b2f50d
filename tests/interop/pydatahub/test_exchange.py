"""Records and offsets written by the official client and read by hubstream, and the other way round."""

from decimal import Decimal

import hubstream.datahub as ours
import hubstream.datahub.models as our_models
import pytest
from datahub.core import DatahubProtocolType
from datahub.models import (
    BlobRecord,
    CompressFormat,
    CursorType,
    FieldType,
    OffsetWithSession,
    RecordSchema,
    TupleRecord,
)
from emulator_process import ACCESS_ID, ACCESS_KEY
from hubstream.datahub.exceptions import InvalidOperationException
from test_records import NAMES, ROWS, SCHEMA, START, TYPES

OUR_SCHEMA = our_models.RecordSchema.from_lists(NAMES, [our_models.FieldType[kind.name] for kind in TYPES])
BLOBS = [b"text", bytes(range(256)), "ä€😀".encode(), b"0123456789" * 20000]
ATTRIBUTES = {"plain": "text", "ünïcode": "€ 😀", "empty": ""}
FORMATS = ["none", "lz4", "zlib", "deflate", "zstd"]


@pytest.fixture(scope="session")
def our(emulator):
    """Makes hubstream's client for the emulator."""

    def our(**settings):
        return ours.DataHub(ACCESS_ID, ACCESS_KEY, emulator.url, **settings)

    return our


@pytest.fixture(params=["json", "protobuf"])
def our_protocol(request):
    return request.param


@pytest.fixture(params=FORMATS)
def our_client(our, our_protocol, request):
    with our(protocol=our_protocol, compress_format=request.param) as client:
        yield client


@pytest.fixture
def tuple_topic(client, project):
    client.create_tuple_topic(project, "t", 1, 7, SCHEMA, "")
    return "t"


@pytest.fixture
def blob_topic(client, project):
    client.create_blob_topic(project, "b", 1, 7, "")
    return "b"


def values(records):
    return [list(record.values) for record in records]


def attributes(records):
    return [record.attributes for record in records]


def with_attributes(record):
    for name, value in ATTRIBUTES.items():
        record.put_attribute(name, value)
    return record


def their_tuples():
    return [with_attributes(TupleRecord(schema=SCHEMA, values=row)) for row in ROWS]


def our_tuples():
    return [with_attributes(our_models.TupleRecord(schema=OUR_SCHEMA, values=row)) for row in ROWS]


def types(rows):
    return [[type(value) for value in row] for row in rows]


def test_their_tuples_are_ours(records_client, our, our_protocol, project, tuple_topic):
    assert records_client.put_records(project, tuple_topic, their_tuples()).failed_record_count == 0
    with our(protocol=our_protocol) as client:
        cursor = client.get_cursor(project, tuple_topic, "0", our_models.CursorType.OLDEST).cursor
        got = client.get_tuple_records(project, tuple_topic, "0", OUR_SCHEMA, cursor, 100)
    assert values(got.records) == ROWS
    assert types(values(got.records)) == types(ROWS)
    assert attributes(got.records) == [ATTRIBUTES] * len(ROWS)


def test_our_tuples_are_theirs(our_client, connect, protocol, project, tuple_topic):
    put = our_client.put_records(project, tuple_topic, our_tuples())
    assert put.failed_record_count == 0
    got = connect(protocol).get_tuple_records(project, tuple_topic, "0", SCHEMA, START, 100)
    # In protobuf the official client reads a null text as an empty one.
    null = None if protocol == DatahubProtocolType.JSON else ""
    expected = [list(row) for row in ROWS]
    expected[-1][NAMES.index("text")] = null
    assert values(got.records) == expected
    assert types(values(got.records)) == types(expected)
    assert attributes(got.records) == [ATTRIBUTES] * len(ROWS)


def test_their_blobs_are_ours(records_client, our, our_protocol, project, blob_topic):
    records_client.put_records(project, blob_topic, [with_attributes(BlobRecord(blob_data=blob)) for blob in BLOBS])
    with our(protocol=our_protocol) as client:
        got = client.get_blob_records(project, blob_topic, "0", START, 100)
    assert [record.blob_data for record in got.records] == BLOBS
    assert attributes(got.records) == [ATTRIBUTES] * len(BLOBS)


def test_our_blobs_are_theirs(our_client, connect, protocol, project, blob_topic):
    our_client.put_records(project, blob_topic, [with_attributes(our_models.BlobRecord(blob)) for blob in BLOBS])
    got = connect(protocol).get_blob_records(project, blob_topic, "0", START, 100)
    assert [record.blob_data for record in got.records] == BLOBS
    assert attributes(got.records) == [ATTRIBUTES] * len(BLOBS)


# Inside batches the official client gives the numbers of the other compressions a meaning of its own.
@pytest.mark.parametrize("compression", [CompressFormat.NONE, CompressFormat.LZ4], ids=["none", "lz4"])
def test_our_batches_are_theirs(our, connect, compression, project, tuple_topic, blob_topic):
    rows = ROWS[:3]
    with our(protocol="batch", batch_version=0, compress_format=compression.name.lower()) as client:
        client.put_records_by_shard(project, tuple_topic, "0", our_models.RecordBatch.from_rows(OUR_SCHEMA, rows))
        client.put_records_by_shard(project, blob_topic, "0", [our_models.BlobRecord(blob) for blob in BLOBS])
    theirs = connect(DatahubProtocolType.BATCH, compression)
    got = theirs.get_tuple_records(project, tuple_topic, "0", SCHEMA, START, 1)
    assert values(got.records) == rows
    got = theirs.get_blob_records(project, blob_topic, "0", START, 1)
    assert [record.blob_data for record in got.records] == BLOBS


def test_their_batches_are_ours(our, connect, compression, project, tuple_topic, blob_topic):
    rows = ROWS[:3]
    theirs = connect(DatahubProtocolType.BATCH, compression)
    theirs.put_records_by_shard(project, tuple_topic, "0", [TupleRecord(schema=SCHEMA, values=row) for row in rows])
    theirs.put_records_by_shard(project, blob_topic, "0", [BlobRecord(blob_data=blob) for blob in BLOBS])
    for protocol in ("batch", "protobuf", "json"):
        with our(protocol=protocol) as client:
            got = client.get_tuple_records(project, tuple_topic, "0", OUR_SCHEMA, START, 100)
            assert values(got.records) == rows, protocol
            got = client.get_blob_records(project, blob_topic, "0", START, 100)
            assert [record.blob_data for record in got.records] == BLOBS, protocol


def test_a_schema_is_the_same_for_both(client, our, project):
    schema = our_models.RecordSchema(
        [
            our_models.Field("id", our_models.FieldType.BIGINT, False, "the key"),
            our_models.Field("price", our_models.FieldType.DECIMAL, True, ""),
        ]
    )
    with our() as own:
        own.create_tuple_topic(project, "ours", 1, 1, schema, "made by us")
        assert client.get_topic(project, "ours").record_schema.to_json() == schema.to_json()
        theirs = RecordSchema.from_lists(["id", "name"], [FieldType.BIGINT, FieldType.STRING], ["k", ""], [False, True])
        client.create_tuple_topic(project, "theirs", 1, 1, theirs, "made by them")
        assert own.get_topic(project, "theirs").record_schema.to_json() == theirs.to_json()


def test_cursors_and_offsets_are_the_same_for_both(client, our, project, blob_topic):
    client.put_records(project, blob_topic, [BlobRecord(blob_data=blob) for blob in BLOBS])
    subscription = client.create_subscription(project, blob_topic, "").sub_id
    with our() as own:
        for kind in CursorType:
            param = 1 if kind == CursorType.SEQUENCE else 0
            theirs = client.get_cursor(project, blob_topic, "0", kind, param)
            ours_too = own.get_cursor(project, blob_topic, "0", our_models.CursorType[kind.name], param)
            assert (theirs.cursor, theirs.sequence, theirs.record_time) == (
                ours_too.cursor,
                ours_too.sequence,
                ours_too.record_time,
            )
        opened = own.init_and_get_subscription_offset(project, blob_topic, subscription, ["0"]).offsets["0"]
        mine = OffsetWithSession(2, 1234, opened.version, opened.session_id)
        client.update_subscription_offset(project, blob_topic, subscription, {"0": mine})
        assert own.get_subscription_offset(project, blob_topic, subscription).offsets["0"].sequence == 2
        taken = client.init_and_get_subscription_offset(project, blob_topic, subscription, "0").offsets["0"]
        assert (taken.sequence, taken.timestamp, taken.session_id) == (2, 1234, opened.session_id + 1)
        with pytest.raises(InvalidOperationException) as error:
            own.update_subscription_offset(project, blob_topic, subscription, {"0": opened})
        assert error.value.code == "OffsetSessionChanged"


def test_decimals_keep_their_digits(client, our, project):
    schema = our_models.RecordSchema.from_lists(["d"], [our_models.FieldType.DECIMAL])
    numbers = [Decimal("1.50"), Decimal("100"), Decimal("-0.000000000000000000001"), Decimal("9" * 45)]
    with our() as own:
        own.create_tuple_topic(project, "d", 1, 1, schema, "")
        own.put_records(project, "d", our_models.RecordBatch.from_rows(schema, [[number] for number in numbers]))
    theirs = RecordSchema.from_lists(["d"], [FieldType.DECIMAL])
    got = client.get_tuple_records(project, "d", "0", theirs, START, 10)
    assert [str(record.values[0]) for record in got.records] == [str(Decimal(str(number))) for number in numbers]
