"""Streams through the official client."""

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkdis.v2 import (
    CreateStreamReq,
    CreateStreamRequest,
    DeleteStreamRequest,
    ListStreamsRequest,
    ShowStreamRequest,
    Tag,
    UpdatePartitionCountReq,
    UpdatePartitionCountRequest,
)

MAX_HASH = 2**63 - 1


def create(client, name, **fields):
    return client.create_stream(CreateStreamRequest(body=CreateStreamReq(stream_name=name, **fields)))


def show(client, name, **fields):
    return client.show_stream(ShowStreamRequest(stream_name=name, **fields))


def test_create_and_describe(client, name):
    created = create(
        client, name, partition_count=3, data_duration=48, data_type="BLOB", tags=[Tag(key="team", value="core.data")]
    )
    assert created.status_code == 201

    shown = show(client, name)
    assert shown.stream_name == name
    assert len(shown.stream_id) == 19
    assert (shown.status, shown.stream_type, shown.data_type) == ("RUNNING", "COMMON", "BLOB")
    assert shown.retention_period == 48
    assert shown.writable_partition_count == shown.readable_partition_count == 3
    assert shown.has_more_partitions is False
    assert shown.auto_scale_enabled is False
    assert [(tag.key, tag.value) for tag in shown.tags] == [("team", "core.data")]
    assert [p.partition_id for p in shown.partitions] == [f"shardId-{n:010}" for n in range(3)]
    assert {p.status for p in shown.partitions} == {"ACTIVE"}
    assert {p.sequence_number_range for p in shown.partitions} == {"[0 : 0]"}
    width = MAX_HASH // 3
    assert [p.hash_range for p in shown.partitions] == [
        f"[0 : {width - 1}]",
        f"[{width} : {2 * width - 1}]",
        f"[{2 * width} : {MAX_HASH}]",
    ]


def test_partitions_come_in_pages(client, name):
    create(client, name, partition_count=5)
    seen, start = [], None
    while True:
        page = show(client, name, limit_partitions=2, start_partition_id=start)
        seen += [p.partition_id for p in page.partitions]
        if not page.has_more_partitions:
            break
        start = seen[-1]
    assert seen == [f"shardId-{n:010}" for n in range(5)]


def test_streams_come_in_pages(client, name):
    names = [f"{name}-{n}" for n in range(4)]
    for each in names:
        create(client, each, partition_count=1)
    seen, start = [], name
    while True:
        page = client.list_streams(ListStreamsRequest(limit=2, start_stream_name=start))
        seen += [n for n in page.stream_names if n.startswith(name)]
        assert [info.stream_name for info in page.stream_info_list] == page.stream_names
        assert page.total_number >= 4
        if not page.has_more_streams or not page.stream_names[-1].startswith(name):
            break
        start = page.stream_names[-1]
    assert seen == names


def test_partition_count_grows_and_shrinks(client, name):
    create(client, name, partition_count=2)
    for target in (4, 1):
        request = UpdatePartitionCountRequest(
            stream_name=name, body=UpdatePartitionCountReq(stream_name=name, target_partition_count=target)
        )
        assert client.update_partition_count(request).status_code == 200
    shown = show(client, name)
    assert [p.status for p in shown.partitions] == ["ACTIVE", "DELETED", "DELETED", "DELETED"]
    assert [p.hash_range for p in shown.partitions] == [f"[0 : {MAX_HASH}]"] + ["[-1 : -1]"] * 3
    assert (shown.writable_partition_count, shown.readable_partition_count) == (1, 4)
    history = [(s.src_partition_count, s.target_partition_count) for s in shown.update_partition_counts]
    assert history == [(2, 4), (4, 1)]


def test_delete(client, stream):
    assert client.delete_stream(DeleteStreamRequest(stream_name=stream)).status_code == 204
    with pytest.raises(ClientRequestException) as caught:
        show(client, stream)
    assert caught.value.error_code == "DIS.4301"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"partition_count": 0}, "DIS.4200"),
        ({"partition_count": 51}, "DIS.4308"),
        ({"partition_count": 1, "stream_name": "no spaces"}, "DIS.4200"),
        ({"partition_count": 1, "stream_name": "x" * 65}, "DIS.4200"),
        ({"partition_count": 1, "data_duration": 23}, "DIS.4200"),
        ({"partition_count": 1, "stream_type": "FAST"}, "DIS.4200"),
        ({"partition_count": 1, "data_type": "XML"}, "DIS.4200"),
        ({"partition_count": 1, "data_schema": "{"}, "DIS.4360"),
    ],
)
def test_bad_streams_are_refused(client, name, fields, code):
    with pytest.raises(ClientRequestException) as caught:
        create(client, **({"name": fields.pop("stream_name", name)} | fields))
    assert caught.value.status_code == 400
    assert caught.value.error_code == code
    assert caught.value.request_id


def test_a_name_is_taken_once(client, stream):
    with pytest.raises(ClientRequestException) as caught:
        create(client, stream, partition_count=1)
    assert caught.value.error_code == "DIS.4307"
