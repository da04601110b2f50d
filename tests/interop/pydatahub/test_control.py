"""Projects, topics, shards, subscriptions, offsets and metering through the official client."""

import time

import pytest
from datahub import DataHub
from datahub.exceptions import (
    AuthorizationFailedException,
    DatahubException,
    InvalidOperationException,
    InvalidParameterException,
    LimitExceededException,
    OffsetResetException,
    ResourceExistException,
    ResourceNotFoundException,
    ShardSealedException,
    SubscriptionOfflineException,
)
from datahub.models import (
    BlobRecord,
    FieldType,
    OffsetBase,
    OffsetWithSession,
    RecordSchema,
    RecordType,
    ShardState,
    SubscriptionState,
)
from emulator_process import ACCESS_ID

TYPES = list(FieldType)
SCHEMA = RecordSchema.from_lists([f"c{index}" for index in range(len(TYPES))], TYPES)


def test_projects(client, name):
    client.create_project(name, "first")
    before = client.get_project(name)
    assert (before.project_name, before.comment) == (name, "first")
    assert abs(before.create_time - time.time()) < 600
    assert before.create_time == before.last_modify_time
    assert before.request_id
    assert name in client.list_project().project_names
    client.update_project(name, "new comment äöü")
    assert client.get_project(name).comment == "new comment äöü"
    with pytest.raises(ResourceExistException):
        client.create_project(name, "")
    client.delete_project(name)
    with pytest.raises(ResourceNotFoundException) as error:
        client.get_project(name)
    assert error.value.error_code == "NoSuchProject"
    assert error.value.status_code == 404
    assert error.value.error_msg == "The specified project name does not exist."
    assert error.value.request_id
    assert error.value.error_detail == ""


@pytest.mark.parametrize("bad", ["", "1project", "_project", "!invalid", "ab", "a" * 56])
def test_bad_names_are_not_sent(client, bad):
    with pytest.raises(InvalidParameterException) as error:
        client.create_project(bad, "")
    assert not error.value.request_id


def test_a_topic_is_changed(client, project):
    client.create_blob_topic(project, "t", 1, 7, "first")
    client.update_topic(project, "t", 5, "second")
    got = client.get_topic(project, "t")
    assert (got.life_cycle, got.comment) == (5, "second")
    with pytest.raises(InvalidParameterException):
        client.list_subscription(project, "t", "", 0, 10)
    with pytest.raises(InvalidParameterException):
        client.list_subscription(project, "t", "", 1, -1)


def test_a_project_with_topics_is_not_deleted(client, project):
    client.create_blob_topic(project, "t", 1, 1, "")
    with pytest.raises(InvalidOperationException) as error:
        client.delete_project(project)
    assert error.value.error_code == "OperationDenied"


def test_credentials_are_checked(emulator):
    with pytest.raises(AuthorizationFailedException):
        DataHub(ACCESS_ID, "wrong", emulator.url).list_project()
    with pytest.raises(AuthorizationFailedException):
        DataHub("nobody", "wrong", emulator.url).list_project()


def test_temporary_credentials(connect):
    assert connect(security_token="token").list_project().request_id


def test_tuple_topic(client, project):
    client.create_tuple_topic(project, "orders", 3, 7, SCHEMA, "comment")
    client.wait_shards_ready(project, "orders")
    topic = client.get_topic(project, "orders")
    assert (topic.project_name, topic.topic_name) == (project, "orders")
    assert (topic.shard_count, topic.life_cycle, topic.comment) == (3, 7, "comment")
    assert topic.record_type == RecordType.TUPLE
    assert [(field.name, field.type) for field in topic.record_schema.field_list] == [
        (field.name, field.type) for field in SCHEMA.field_list
    ]
    assert topic.create_time == topic.last_modify_time
    with pytest.raises(ResourceExistException):
        client.create_tuple_topic(project, "orders", 3, 7, SCHEMA, "comment")
    client.update_topic(project, "orders", 5, "other")
    changed = client.get_topic(project, "orders")
    assert (changed.life_cycle, changed.comment) == (5, "other")
    client.append_field(project, "orders", "added", FieldType.DECIMAL)
    added = client.get_topic(project, "orders").record_schema.field_list[-1]
    assert (added.name, added.type, added.allow_null) == ("added", FieldType.DECIMAL, True)
    assert client.list_topic(project).topic_names == ["orders"]
    client.delete_topic(project, "orders")
    with pytest.raises(ResourceNotFoundException):
        client.get_topic(project, "orders")


def test_a_schema_comes_back_as_it_was_given(client, project):
    schema = RecordSchema.from_lists(
        ["id", "name"], [FieldType.BIGINT, FieldType.STRING], ["the key", False], [False, True]
    )
    client.create_tuple_topic(project, "t", 1, 1, schema, "")
    assert client.get_topic(project, "t").record_schema.to_json() == schema.to_json()


def test_blob_topic(client, project):
    client.create_blob_topic(project, "raw", 1, 1, "bytes")
    topic = client.get_topic(project, "raw")
    assert topic.record_type == RecordType.BLOB
    assert not topic.record_schema
    with pytest.raises(InvalidParameterException):
        client.append_field(project, "raw", "c", FieldType.STRING)


@pytest.mark.parametrize("days", [8, 30])
def test_lifecycle_is_limited(client, project, days):
    with pytest.raises(InvalidParameterException):
        client.create_blob_topic(project, "t", 1, days, "")


def test_shards_of_three(client, project):
    client.create_blob_topic(project, "t", 3, 1, "")
    listed = client.list_shard(project, "t")
    assert [shard.shard_id for shard in listed.shards] == ["0", "1", "2"]
    assert all(shard.left_shard_id and shard.right_shard_id for shard in listed.shards)
    assert listed.shards[0].end_hash_key == listed.shards[1].begin_hash_key == "5" * 32
    assert listed.protocol
    assert listed.interval


def test_a_young_shard_is_not_split(client, project):
    client.create_blob_topic(project, "t", 2, 1, "")
    with pytest.raises(LimitExceededException) as error:
        client.split_shard(project, "t", "0")
    assert error.value.error_msg == "Split/Merge shard operation limit exceeded."
    with pytest.raises(LimitExceededException):
        client.merge_shard(project, "t", "0", "1")


def states(client, project):
    return {shard.shard_id: shard.state for shard in client.list_shard(project, "t").shards}


def test_split_and_merge(connect, young_shards, name):
    client = connect(url=young_shards.url)
    client.create_project(name, "")
    client.create_blob_topic(name, "t", 1, 1, "")
    new = client.split_shard(name, "t", "0", "66666666666666666666666666666666").new_shards
    assert [shard.shard_id for shard in new] == ["1", "2"]
    assert new[0].end_hash_key == new[1].begin_hash_key == "6" * 32
    assert states(client, name) == {"0": ShardState.CLOSED, "1": ShardState.ACTIVE, "2": ShardState.ACTIVE}
    with pytest.raises(ShardSealedException):
        client.split_shard(name, "t", "0", "66666666666666666666666666666666")
    with pytest.raises(TypeError):
        # The shards are merged, but this version of the client cannot make its own result object.
        client.merge_shard(name, "t", "1", "2")
    merged = client.list_shard(name, "t").shards[3]
    assert (merged.shard_id, merged.state) == ("3", ShardState.ACTIVE)
    assert (merged.begin_hash_key, merged.end_hash_key) == ("0" * 32, "F" * 32)
    assert sorted(merged.parent_shard_ids) == ["1", "2"]
    client.split_shard(name, "t", "3")
    with pytest.raises(InvalidParameterException):
        client.merge_shard(name, "t", "4", "4")
    with pytest.raises(ResourceNotFoundException):
        client.merge_shard(name, "t", "4", "17")


def test_a_closed_shard_is_read_to_its_end(connect, young_shards, name):
    client = connect(url=young_shards.url)
    client.create_project(name, "")
    client.create_blob_topic(name, "t", 1, 1, "")
    client.put_records_by_shard(name, "t", "0", [BlobRecord(blob_data=b"last")])
    client.split_shard(name, "t", "0")
    with pytest.raises(ShardSealedException):
        client.put_records_by_shard(name, "t", "0", [BlobRecord(blob_data=b"late")])
    got = client.get_blob_records(name, "t", "0", "30000000000000000000000000000000", 10)
    assert got.record_count == 1
    with pytest.raises(ShardSealedException):
        client.get_blob_records(name, "t", "0", got.next_cursor, 10)


def test_extend(client, project):
    client.create_blob_topic(project, "t", 1, 1, "", extend_mode=True)
    client.extend_shard(project, "t", 3)
    assert len(client.list_shard(project, "t").shards) == 3
    with pytest.raises(InvalidParameterException):
        client.extend_shard(project, "t", 2)


def test_subscriptions(client, project):
    client.create_blob_topic(project, "t", 1, 1, "")
    first = client.create_subscription(project, "t", "one").sub_id
    second = client.create_subscription(project, "t", "two").sub_id
    (entry,) = client.list_subscription(project, "t", first, 1, 10).subscriptions
    assert (entry.sub_id, entry.comment, entry.topic_name, entry.type) == (first, "one", "t", 0)
    assert entry.is_owner
    assert entry.create_time == entry.last_modify_time
    with pytest.raises(TypeError):
        # The reply comes, but this version of the client cannot make its own result object.
        client.get_subscription(project, "t", first)
    client.update_subscription(project, "t", first, "changed")
    client.update_subscription_state(project, "t", first, SubscriptionState.INACTIVE)
    (entry,) = client.list_subscription(project, "t", first, 1, 10).subscriptions
    assert (entry.comment, entry.state) == ("changed", SubscriptionState.INACTIVE)
    listed = client.list_subscription(project, "t", "", 1, 10)
    assert listed.total_count == 2
    assert {entry.sub_id: entry.state for entry in listed.subscriptions} == {
        first: SubscriptionState.INACTIVE,
        second: SubscriptionState.ACTIVE,
    }
    assert client.list_subscription(project, "t", second, 1, 10).total_count == 1
    assert len(client.list_subscription(project, "t", "", 2, 1).subscriptions) == 1
    assert client.list_subscription(project, "t", "", 9, 10).subscriptions == []
    client.delete_subscription(project, "t", first)
    with pytest.raises(DatahubException) as error:
        client.get_subscription(project, "t", first)
    assert error.value.error_code == "NoSuchSubscription"


@pytest.fixture
def subscription(client, project):
    client.create_blob_topic(project, "t", 2, 1, "")
    return client.create_subscription(project, "t", "").sub_id


def test_offsets(client, project, subscription):
    opened = client.init_and_get_subscription_offset(project, "t", subscription, "0").offsets
    assert list(opened) == ["0"]
    assert (opened["0"].sequence, opened["0"].timestamp, opened["0"].version) == (-1, -1, 0)
    opened = client.init_and_get_subscription_offset(project, "t", subscription, ["0", "1"]).offsets
    assert sorted(opened) == ["0", "1"]
    session = opened["0"].session_id
    assert session == 2
    assert opened["1"].session_id == 1
    for shards in ("0", ["0"], None, []):
        got = client.get_subscription_offset(project, "t", subscription, shards).offsets
        assert (got["0"].sequence, got["0"].timestamp) == (-1, -1)
    offset = OffsetWithSession(0, 10, opened["0"].version, session)
    client.update_subscription_offset(project, "t", subscription, {"0": offset})
    client.update_subscription_offset(
        project, "t", subscription, {"0": {"Sequence": 1, "Timestamp": 11, "Version": 0, "SessionId": session}}
    )
    client.update_subscription_offset(project, "t", subscription, {"0": offset})
    got = client.get_subscription_offset(project, "t", subscription, "0").offsets["0"]
    assert (got.sequence, got.timestamp, got.version) == (0, 10, 0)
    for value in (offset, {"Sequence": 5, "Timestamp": 6}, OffsetBase(5, 6)):
        client.reset_subscription_offset(project, "t", subscription, {"0": value})
    got = client.get_subscription_offset(project, "t", subscription, "0").offsets["0"]
    assert (got.sequence, got.timestamp, got.version) == (5, 6, 3)


def test_commits_that_are_not_entitled(client, project, subscription):
    never = {"0": OffsetWithSession(1, 1, 0, 1)}
    with pytest.raises(InvalidOperationException) as error:
        client.update_subscription_offset(project, "t", subscription, never)
    assert error.value.error_code == "OffsetSessionClosed"
    old = client.init_and_get_subscription_offset(project, "t", subscription, "0").offsets["0"]
    new = client.init_and_get_subscription_offset(project, "t", subscription, "0").offsets["0"]
    with pytest.raises(InvalidOperationException) as error:
        client.update_subscription_offset(project, "t", subscription, {"0": old})
    assert error.value.error_code == "OffsetSessionChanged"
    client.reset_subscription_offset(project, "t", subscription, {"0": OffsetBase(0, 0)})
    with pytest.raises(OffsetResetException):
        client.update_subscription_offset(project, "t", subscription, {"0": new})
    client.update_subscription_state(project, "t", subscription, SubscriptionState.INACTIVE)
    with pytest.raises(SubscriptionOfflineException):
        client.update_subscription_offset(project, "t", subscription, {"0": new})


def test_metering(client, project):
    client.create_blob_topic(project, "t", 1, 1, "")
    with pytest.raises(DatahubException) as error:
        client.get_metering_info(project, "t", "0")
    assert error.value.error_code == "NoSuchMeteringInfo"
    client.put_records(project, "t", [BlobRecord(blob_data=b"x" * 100)])
    metering = client.get_metering_info(project, "t", "0")
    assert metering.active_time > 0
    assert metering.storage >= 100
