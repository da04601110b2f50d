"""Apps and checkpoints through the official client."""

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkdis.v2 import (
    CommitCheckpointReq,
    CommitCheckpointRequest,
    CreateAppReq,
    CreateAppRequest,
    DeleteAppRequest,
    DeleteCheckpointRequest,
    DeleteStreamRequest,
    ListAppRequest,
    ShowAppRequest,
    ShowCheckpointRequest,
    ShowConsumerStateRequest,
)
from test_records import entry, put, refused


def commit(client, name, partition, number, **fields):
    body = CommitCheckpointReq(
        app_name=fields.pop("app", name),
        stream_name=fields.pop("stream", name),
        partition_id=partition,
        sequence_number=number,
        checkpoint_type=fields.pop("checkpoint_type", "LAST_READ"),
        **fields,
    )
    return client.commit_checkpoint(CommitCheckpointRequest(body=body))


def show(client, name, partition, **fields):
    request = ShowCheckpointRequest(
        stream_name=name, app_name=fields.get("app", name), partition_id=partition, checkpoint_type="LAST_READ"
    )
    answer = client.show_checkpoint(request)
    return answer.sequence_number, answer.metadata


def forget(client, name, **fields):
    request = DeleteCheckpointRequest(stream_name=name, app_name=name, checkpoint_type="LAST_READ", **fields)
    return client.delete_checkpoint(request).status_code


@pytest.fixture
def both(client, stream, app):
    """The name of a stream with ten records in partition 0, and of an app."""
    put(client, stream, *[entry(b"x", partition_id="0") for _ in range(10)])
    return stream


def test_an_app_from_beginning_to_end(client, name):
    assert client.create_app(CreateAppRequest(body=CreateAppReq(app_name=name))).status_code == 201
    shown = client.show_app(ShowAppRequest(app_name=name))
    assert shown.app_name == name
    assert len(shown.app_id) == 19
    assert shown.create_time > 0
    assert shown.commit_checkpoint_stream_names == []
    again = CreateAppRequest(body=CreateAppReq(app_name=name))
    assert refused(client.create_app, again) == "DIS.4330"
    assert client.delete_app(DeleteAppRequest(app_name=name)).status_code == 204
    assert refused(client.show_app, ShowAppRequest(app_name=name)) == "DIS.4332"
    assert refused(client.delete_app, DeleteAppRequest(app_name=name)) == "DIS.4332"
    bad = CreateAppRequest(body=CreateAppReq(app_name="a" * 201))
    assert refused(client.create_app, bad) == "DIS.4200"


def test_apps_come_in_pages(client, name):
    names = [f"{name}-{n}" for n in range(3)]
    for each in names:
        client.create_app(CreateAppRequest(body=CreateAppReq(app_name=each)))
    first = client.list_app(ListAppRequest(limit=2, start_app_name=name))
    assert [app.app_name for app in first.apps] == names[:2]
    assert first.has_more_app is True
    second = client.list_app(ListAppRequest(limit=1, start_app_name=names[1]))
    assert [app.app_name for app in second.apps] == names[2:]


def test_a_checkpoint_from_beginning_to_end(client, both):
    assert show(client, both, "0") == ("-1", "")
    assert commit(client, both, "0", "2").status_code == 201
    assert show(client, both, "shardId-0000000000") == ("2", "")
    commit(client, both, "shardId-0000000000", "10", metadata='{"host":"w1","n":"é"}')
    assert show(client, both, "0") == ("10", '{"host":"w1","n":"é"}')
    commit(client, both, "0", "1")
    assert show(client, both, "0") == ("1", "")
    commit(client, both, "1", "0")
    assert client.show_app(ShowAppRequest(app_name=both)).commit_checkpoint_stream_names == [both]
    listed = client.list_app(ListAppRequest(stream_name=both))
    assert [app.app_name for app in listed.apps] == [both]
    assert forget(client, both, partition_id="0") == 204
    assert show(client, both, "0") == ("-1", "")
    assert show(client, both, "1") == ("0", "")
    assert forget(client, both) == 204
    assert show(client, both, "1") == ("-1", "")
    assert forget(client, both) == 204


def test_consumer_state(client, both):
    commit(client, both, "0", "4", metadata="m")
    state = client.show_consumer_state(
        ShowConsumerStateRequest(app_name=both, stream_name=both, checkpoint_type="LAST_READ")
    )
    assert (state.app_name, state.stream_name, state.has_more) == (both, both, False)
    rows = [
        (s.partition_id, s.sequence_number, s.earliest_offset, s.latest_offset, s.checkpoint_type, s.status)
        for s in state.partition_consuming_states
    ]
    assert rows == [
        ("shardId-0000000000", "4", 0, 10, "LAST_READ", "ACTIVE"),
        ("shardId-0000000001", "-1", 0, 0, "LAST_READ", "ACTIVE"),
    ]
    rest = client.show_consumer_state(
        ShowConsumerStateRequest(
            app_name=both, stream_name=both, checkpoint_type="LAST_READ", limit=1, start_partition_id="0"
        )
    )
    assert [s.partition_id for s in rest.partition_consuming_states] == ["shardId-0000000001"]


@pytest.mark.parametrize(
    ("partition", "number", "fields", "code"),
    [
        ("0", "11", {}, "DIS.4224"),
        ("0", "x", {}, "DIS.4216"),
        ("0", "-1", {}, "DIS.4216"),
        ("9", "0", {}, "DIS.4302"),
        ("nine", "0", {}, "DIS.4201"),
        ("0", "0", {"app": "nobody"}, "DIS.4332"),
        ("0", "0", {"stream": "nobody"}, "DIS.4301"),
        ("0", "0", {"metadata": "m" * 1001}, "DIS.4200"),
        ("0", "0", {"checkpoint_type": "FIRST_READ"}, "DIS.4200"),
    ],
)
def test_commits_that_are_refused(client, both, partition, number, fields, code):
    assert refused(commit, client, both, partition, number, **fields) == code


def test_metadata_may_have_1000_characters(client, both):
    commit(client, both, "0", "0", metadata="é" * 1000)
    assert show(client, both, "0") == ("0", "é" * 1000)


def test_reads_of_unknown_things_are_refused(client, both):
    assert refused(show, client, both, "0", app="nobody") == "DIS.4332"
    assert refused(show, client, both, "5") == "DIS.4302"


def test_a_checkpoint_goes_with_its_stream(client, both):
    commit(client, both, "0", "1")
    client.delete_stream(DeleteStreamRequest(stream_name=both))
    assert client.show_app(ShowAppRequest(app_name=both)).commit_checkpoint_stream_names == []
    with pytest.raises(ClientRequestException):
        show(client, both, "0")
