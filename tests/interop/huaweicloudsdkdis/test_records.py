"""Records and cursors through the official client."""

import base64

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkdis.v2 import (
    ConsumeRecordsRequest,
    PutRecordsRequest,
    PutRecordsRequestEntry,
    SendRecordsRequest,
    ShowCursorRequest,
)

ALL_BYTES = bytes(range(256))


def entry(data, **fields):
    return PutRecordsRequestEntry(data=base64.b64encode(data).decode(), **fields)


def put(client, stream, *entries):
    return client.send_records(SendRecordsRequest(body=PutRecordsRequest(stream_name=stream, records=list(entries))))


def cursor(client, stream, partition="0", **fields):
    request = ShowCursorRequest(stream_name=stream, partition_id=partition, **fields)
    return client.show_cursor(request).partition_cursor


def get(client, cursor, **fields):
    return client.consume_records(ConsumeRecordsRequest(partition_cursor=cursor, **fields))


def data(answer):
    return [base64.b64decode(record.data) for record in answer.records]


def refused(call, *arguments, **fields):
    with pytest.raises(ClientRequestException) as caught:
        call(*arguments, **fields)
    assert caught.value.status_code == 400
    return caught.value.error_code


def test_every_way_to_route(client, stream):
    answer = put(
        client,
        stream,
        entry(b"id", partition_id="0"),
        entry(b"long id", partition_id="shardId-0000000001", partition_key="ignored"),
        entry(b"hash", explicit_hash_key="9223372036854775807", partition_key="k"),
        entry(b"key 0", partition_key="0"),
        entry(b"key key", partition_key="key"),
        entry(b"any"),
    )
    assert answer.failed_record_count == 0
    partitions = [row.partition_id for row in answer.records]
    first, second = "shardId-0000000000", "shardId-0000000001"
    # The MD5 of "0" lies in the upper half of the hashes, that of "key" in the lower.
    assert partitions[:5] == [first, second, second, second, first]
    assert partitions[5] in (first, second)
    for partition in (first, second):
        numbers = [row.sequence_number for row in answer.records if row.partition_id == partition]
        assert numbers == [str(n) for n in range(len(numbers))]


def test_records_come_back_as_written(client, stream):
    put(
        client,
        stream,
        entry(ALL_BYTES, partition_id="0", partition_key="键"),
        entry(b"", partition_id="0"),
        entry(b"last", partition_id="0"),
    )
    answer = get(client, cursor(client, stream, cursor_type="TRIM_HORIZON"))
    assert data(answer) == [ALL_BYTES, b"", b"last"]
    assert [record.partition_key for record in answer.records] == ["键", None, None]
    assert [record.sequence_number for record in answer.records] == ["0", "1", "2"]
    assert {record.timestamp_type for record in answer.records} == {"CreateTime"}
    again = get(client, answer.next_partition_cursor)
    assert again.records == []
    put(client, stream, entry(b"later", partition_id="0"))
    assert data(get(client, again.next_partition_cursor)) == [b"later"]


def test_every_type_of_cursor(client, stream):
    put(client, stream, *[entry(str(n).encode(), partition_id="0") for n in range(4)])
    latest = cursor(client, stream, cursor_type="LATEST")
    times = [r.timestamp for r in get(client, cursor(client, stream, cursor_type="TRIM_HORIZON")).records]

    def read(**fields):
        return data(get(client, cursor(client, stream, **fields)))

    assert read(starting_sequence_number="2") == [b"2", b"3"]
    assert read(cursor_type="AT_SEQUENCE_NUMBER", starting_sequence_number="1") == [b"1", b"2", b"3"]
    assert read(cursor_type="AT_SEQUENCE_NUMBER", starting_sequence_number="4") == []
    assert read(cursor_type="AFTER_SEQUENCE_NUMBER", starting_sequence_number="1") == [b"2", b"3"]
    assert read(cursor_type="AFTER_SEQUENCE_NUMBER", starting_sequence_number="3") == []
    assert read(cursor_type="AT_TIMESTAMP", timestamp=times[0]) == [b"0", b"1", b"2", b"3"]
    assert read(cursor_type="AT_TIMESTAMP", timestamp=times[-1] + 3_600_000) == []
    put(client, stream, entry(b"new", partition_id="0"))
    assert data(get(client, latest)) == [b"new"]


def test_limits_of_a_read(client, stream):
    put(client, stream, *[entry(b"x" * 100, partition_id="0") for _ in range(5)])
    start = cursor(client, stream, cursor_type="TRIM_HORIZON")
    part = get(client, start, max_fetch_bytes=250)
    assert len(part.records) == 2
    assert len(get(client, part.next_partition_cursor).records) == 3
    assert get(client, start, max_fetch_bytes=99).records == []


def test_a_refused_record_does_not_stop_the_others(client, stream):
    answer = put(
        client,
        stream,
        entry(b"good", partition_id="0"),
        entry(b"no such partition", partition_id="7"),
        PutRecordsRequestEntry(data="not base64!", partition_id="0"),
        entry(b"x" * (1024 * 1024 + 1), partition_id="0"),
        entry(b"bad hash", explicit_hash_key="9223372036854775808"),
        entry(b"good too", partition_id="0"),
    )
    assert answer.failed_record_count == 4
    codes = [row.error_code for row in answer.records]
    assert codes == [None, "DIS.4302", "DIS.4200", "DIS.4200", "DIS.4200", None]
    assert data(get(client, cursor(client, stream, cursor_type="TRIM_HORIZON"))) == [b"good", b"good too"]


def test_requests_that_are_refused(client, stream):
    assert refused(put, client, "nobody", entry(b"x")) == "DIS.4301"
    assert refused(put, client, stream) == "DIS.4202"
    with pytest.raises(ClientRequestException) as caught:
        put(client, stream, *[entry(b"x" * 900_000, partition_id="0") for _ in range(6)])
    assert caught.value.status_code == 413


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"cursor_type": "MIDDLE"}, "DIS.4215"),
        ({"cursor_type": "AT_SEQUENCE_NUMBER"}, "DIS.4216"),
        ({"starting_sequence_number": "x"}, "DIS.4216"),
        ({"starting_sequence_number": "1"}, "DIS.4224"),
        ({"cursor_type": "AFTER_SEQUENCE_NUMBER", "starting_sequence_number": "0"}, "DIS.4224"),
        ({"cursor_type": "AT_TIMESTAMP"}, "DIS.4200"),
        ({"cursor_type": "LATEST", "partition": "2"}, "DIS.4302"),
        ({"cursor_type": "LATEST", "partition": "second"}, "DIS.4201"),
        ({"cursor_type": "LATEST", "stream": "nobody"}, "DIS.4301"),
    ],
)
def test_cursors_that_are_refused(client, stream, fields, code):
    assert refused(cursor, client, **({"stream": stream} | fields)) == code


def test_a_made_up_cursor_is_refused(client, stream):
    good = cursor(client, stream, cursor_type="LATEST")
    flipped = good[:40] + ("A" if good[40] != "A" else "B") + good[41:]
    for bad in ("nonsense", "eyJhIjoxfQ==", flipped, good[:-1]):
        assert refused(get, client, bad) == "DIS.4217"
