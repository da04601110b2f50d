"""Consumer groups through the official client."""

import pytest
from datahub.exceptions import DatahubException, OffsetResetException, SubscriptionOfflineException
from datahub.models import OffsetBase, SubscriptionState


class Group:
    """The consumer group of a subscription, whose members are given as `joined` returns them."""

    def __init__(self, client, project, shards):
        client.create_blob_topic(project, "t", shards, 1, "")
        self.client = client
        self.id = client.create_subscription(project, "t", "").sub_id
        self.names = (project, "t", self.id)

    def join(self, timeout=60000):
        return self.client.join_group(*self.names, timeout)

    def heart_beat(self, member, held=(), finished=()):
        names = (*self.names, member.consumer_id, member.version_id)
        return self.client.heart_beat(*names, list(held), list(finished)).shard_list

    def sync(self, member, released=(), finished=()):
        names = (*self.names, member.consumer_id, member.version_id)
        return self.client.sync_group(*names, list(released), list(finished))

    def leave(self, member):
        return self.client.leave_group(*self.names, member.consumer_id, member.version_id)


@pytest.fixture
def group(client, project):
    return Group(client, project, 3)


def test_shards_are_handed_over(group):
    one = group.join(6000)
    assert one.consumer_id.startswith(group.id)
    assert one.session_timeout == 6000
    assert group.heart_beat(one) == ["0", "1", "2"]
    two = group.join()
    assert two.consumer_id != one.consumer_id
    assert group.heart_beat(two) == []
    assert group.heart_beat(one, ["0", "1", "2"]) == ["0", "1"]
    assert group.heart_beat(two) == []
    group.sync(one, ["2"])
    assert group.heart_beat(two) == ["2"]
    group.leave(one)
    assert group.heart_beat(two, ["2"]) == ["0", "1", "2"]


@pytest.mark.parametrize("call", [Group.heart_beat, Group.sync, Group.leave])
def test_a_consumer_that_left_is_unknown(group, call):
    member = group.join()
    group.leave(member)
    with pytest.raises(DatahubException) as error:
        call(group, member)
    assert error.value.error_code == "NoSuchConsumer"
    assert error.value.error_msg == "The specified consumer does not exist."


def test_a_reset_is_seen_by_all(group):
    member = group.join()
    group.heart_beat(member)
    group.client.reset_subscription_offset(*group.names, {"1": OffsetBase(0, 0)})
    for call in (group.heart_beat, group.sync):
        with pytest.raises(OffsetResetException):
            call(member)
    group.leave(member)
    assert group.heart_beat(group.join()) == ["0", "1", "2"]


def test_an_offline_subscription_has_no_group(group):
    member = group.join()
    group.client.update_subscription_state(*group.names, SubscriptionState.INACTIVE)
    with pytest.raises(SubscriptionOfflineException):
        group.join()
    with pytest.raises(SubscriptionOfflineException):
        group.heart_beat(member)


def test_a_missing_subscription(client, group, project):
    with pytest.raises(DatahubException) as error:
        client.join_group(project, "t", "none", 60000)
    assert error.value.error_code == "NoSuchSubscription"
    assert error.value.error_msg == "The specified subscription id invalid."


def test_children_come_after_their_parents(young_shards, connect, name):
    client = connect(url=young_shards.url)
    client.create_project(name, "")
    group = Group(client, name, 1)
    member = group.join()
    assert group.heart_beat(member, [], ["0"]) == ["0"]
    client.split_shard(name, "t", "0")
    assert group.heart_beat(member, ["0"]) == ["0"]
    assert group.heart_beat(member, ["0"], ["0"]) == ["1", "2"]
    with pytest.raises(TypeError):
        # The shards are merged, but this version of the client cannot make its own result object.
        client.merge_shard(name, "t", "1", "2")
    assert group.heart_beat(member, ["1", "2"], ["2"]) == ["1"]
    group.sync(member, [], ["1"])
    assert group.heart_beat(member) == ["3"]
