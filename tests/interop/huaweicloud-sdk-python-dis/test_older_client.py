"""The older official Python client against the emulator: both encodings of records, both signatures."""

import itertools
import warnings

import pytest
from emulator_process import ACCESS_ID, ACCESS_KEY, EmulatorProcess

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from dis_sdk_python.com.huaweicloud.dis.sdk.python.client.disclient import disclient

numbers = itertools.count(1)
FIRST, SECOND = "shardId-0000000000", "shardId-0000000001"


@pytest.fixture(scope="session")
def url():
    running = EmulatorProcess("dis")
    yield running.url
    running.stop()


@pytest.fixture(params=["derived", "plain"])
def signed(request):
    return request.param == "derived"


@pytest.fixture(params=["", "protobuf"], ids=["json", "protobuf"])
def client(request, url, signed):
    return disclient(
        endpoint=url,
        ak=ACCESS_ID,
        sk=ACCESS_KEY,
        projectid="0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        region="cn-north-4",
        bodySerializeType=request.param,
        derivationKeySwitch=signed,
    )


@pytest.fixture
def stream(client):
    name = f"older-{next(numbers)}"
    assert client.createStream(name, 2, "BLOB", "COMMON").statusCode == 201
    return name


def read(client, stream, partition, kind="TRIM_HORIZON", **position):
    cursor = client.getCursor(stream, partition, kind, **position).cursor
    answer = client.getRecords(cursor)
    assert answer.nextPartitionCursor
    # In protobuf the client leaves bytes as they are, in JSON it makes texts of them.
    data = [record["data"] for record in answer.recordResult]
    return [item.decode() if isinstance(item, bytes) else item for item in data]


def test_streams(client, stream):
    shown = client.describeStream(stream)
    assert shown.statusCode == 200
    assert [p["partition_id"] for p in shown.partitions] == [FIRST, SECOND]
    assert stream in client.listStream().stream_names
    assert client.changepartitionQuantity(stream, 3).statusCode == 200
    assert len(client.describeStream(stream).partitions) == 3
    assert client.deleteStream(stream).statusCode == 204
    with pytest.raises(Exception, match=r"DIS\.4301"):
        client.describeStream(stream)


def test_records(client, stream):
    records = [
        {"data": "by id", "partition_id": FIRST},
        {"data": "数据", "partition_id": "0", "partition_key": "键"},
        {"data": "by hash", "explicit_hash_key": "9223372036854775807"},
        {"data": "by key", "partition_key": "0"},
    ]
    for put in (lambda: client.putRecords(stream, records), lambda: client.put_records(stream, "", records)):
        answer = put()
        assert answer.failedRecordCount == 0
        assert [row["partition_id"] for row in answer.recordResult] == [FIRST, FIRST, SECOND, SECOND]
    assert read(client, stream, "0") == ["by id", "数据"] * 2
    assert read(client, stream, SECOND, "AFTER_SEQUENCE_NUMBER", startSeq="0") == ["by key", "by hash", "by key"]
    assert read(client, stream, SECOND, "LATEST") == []


def test_apps_and_checkpoints(client, stream):
    assert client.createApp(stream).statusCode == 201
    assert client.describeApp(stream).statusCode == 200
    client.putRecords(stream, [{"data": "x", "partition_id": FIRST}])
    assert client.commitCheckpoint(stream, stream, "0", "1").statusCode == 201
    assert client.getCheckpoint(stream, stream, FIRST).seqNumber == "1"
    state = client.streamConsume(stream, stream, start_partition_id="")
    assert state.statusCode == 200
    assert client.deleteCheckpoint(stream, stream).statusCode == 204
    assert client.getCheckpoint(stream, stream, FIRST).seqNumber == "-1"
    assert client.deleteApp(stream).statusCode == 204
