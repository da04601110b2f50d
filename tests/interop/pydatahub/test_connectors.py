"""Connectors through the official client: what it sets is what it gets."""

import time
from collections import OrderedDict

import pytest
from datahub.exceptions import (
    InvalidOperationException,
    InvalidParameterException,
    ResourceExistException,
    ResourceNotFoundException,
)
from datahub.models import FieldType, RecordSchema
from datahub.models.connector import (
    AuthMode,
    ConnectorOffset,
    ConnectorShardStatus,
    ConnectorState,
    ConnectorType,
    DatabaseConnectorConfig,
    DataHubConnectorConfig,
    EsConnectorConfig,
    FcConnectorConfig,
    HologresConnectorConfig,
    OdpsConnectorConfig,
    OssConnectorConfig,
    OtsConnectorConfig,
    PartitionMode,
    WriteMode,
)

SCHEMA = RecordSchema.from_lists(["f1", "f2"], [FieldType.STRING, FieldType.BIGINT])
PARTITIONS = OrderedDict([("ds", "%Y%m%d"), ("hh", "%H"), ("mm", "%M")])
START = 10000000


def odps(mode=PartitionMode.SYSTEM_TIME, minutes=15, partitions=PARTITIONS):
    return OdpsConnectorConfig("project", "table", "http://odps", "http://tunnel", "id", "key", mode, minutes, partitions)


CONFIGS = [
    (ConnectorType.SINK_ODPS, odps()),
    (ConnectorType.SINK_ODPS, odps(PartitionMode.EVENT_TIME, 60)),
    (ConnectorType.SINK_ODPS, odps(PartitionMode.USER_DEFINE, 15, OrderedDict([("pt", "%s"), ("a", "%d")]))),
    (ConnectorType.SINK_ADS, DatabaseConnectorConfig("host", 3306, "db", "user", "password", "table", True)),
    (ConnectorType.SINK_MYSQL, DatabaseConnectorConfig("host", 3306, "db", "user", "password", "table", True)),
    (ConnectorType.SINK_ES, EsConnectorConfig("index", "http://es", "user", "password", ["f1"], ["f2"], True)),
    (ConnectorType.SINK_FC, FcConnectorConfig("http://fc", "service", "function", AuthMode.AK, "id", "key")),
    (ConnectorType.SINK_FC, FcConnectorConfig("http://fc", "service", "function", AuthMode.STS)),
    (ConnectorType.SINK_OSS, OssConnectorConfig("http://oss", "bucket", "prefix", "%Y%m%d", 100, AuthMode.STS)),
    (ConnectorType.SINK_OSS, OssConnectorConfig("http://oss", "bucket", "prefix", "%Y", 15, AuthMode.AK, "id", "key")),
    (ConnectorType.SINK_OTS, OtsConnectorConfig("http://ots", "instance", "table", AuthMode.AK, "id", "key",
                                                WriteMode.UPDATE)),
    (ConnectorType.SINK_HOLOGRES, HologresConnectorConfig("db", "table", "http://holo", "instance", AuthMode.AK,
                                                          "MILLISECOND", "id", "key")),
    (ConnectorType.SINK_DATAHUB, DataHubConnectorConfig("http://datahub", "project", "topic", AuthMode.AK, "id", "key")),
]
SECRETS = {"access_key", "password"}


def shown(config):
    """The members of a configuration that the service gives back."""
    names = [name.lstrip("_") for name in type(config).__slots__]
    return {name: getattr(config, name) for name in names if name not in SECRETS}


@pytest.fixture
def topic(client, project):
    client.create_tuple_topic(project, "t", 2, 7, SCHEMA, "")
    return "t"


@pytest.fixture
def connector(client, project, topic):
    """The id of a connector to MaxCompute."""
    return client.create_connector(project, topic, ConnectorType.SINK_ODPS, ["f1"], odps(), START).connector_id


@pytest.mark.parametrize(("kind", "config"), CONFIGS)
def test_every_type(client, project, topic, kind, config):
    created = client.create_connector(project, topic, kind, ["f1", "f2"], config, START)
    assert created.connector_id
    for name in (created.connector_id, kind):
        found = client.get_connector(project, topic, name)
        assert found.connector_id == created.connector_id
        assert found.type == kind
        assert found.state == ConnectorState.CONNECTOR_RUNNING
        assert found.column_fields == ["f1", "f2"]
        assert type(found.config) is type(config)
        assert shown(found.config) == shown(config)
    client.update_connector(project, topic, kind, found.config)
    assert shown(client.get_connector(project, topic, kind).config) == shown(config)
    with pytest.raises(ResourceExistException) as error:
        client.create_connector(project, topic, kind, ["f1"], config)
    assert error.value.error_code == "ConnectorAlreadyExist"
    client.delete_connector(project, topic, kind)
    with pytest.raises(ResourceNotFoundException) as error:
        client.delete_connector(project, topic, kind)
    assert error.value.error_code == "NoSuchConnector"


def test_properties(client, project, connector):
    assert client.list_connector(project, "t").connector_ids == [connector]
    found = client.get_connector(project, "t", connector)
    assert abs(found.create_time - time.time()) < 600
    assert found.cluster_addr and found.creator and found.owner and found.sub_id
    assert [context.shard_id for context in found.shard_contexts] == ["0", "1"]
    assert client.list_subscription(project, "t", "", 1, 10).total_count == 0


def test_partition_formats_keep_their_order(client, project, connector):
    found = client.get_connector(project, "t", connector).config
    assert list(found.partition_config.items()) == list(PARTITIONS.items())


@pytest.mark.parametrize("shard", ["", "0", "1"])
def test_shard_status(client, project, connector, shard):
    infos = client.get_connector_shard_status(project, "t", connector, shard).shard_status_infos
    assert sorted(infos) == ([shard] if shard else ["0", "1"])
    for status in infos.values():
        assert status.state == ConnectorShardStatus.CONTEXT_PLANNED
        assert status.last_error_message == "Loading"
        assert (status.current_timestamp, status.current_sequence) == (START, -1)
        assert (status.done_time, status.discard_count) == (0, 0)
        assert abs(status.update_time - time.time()) < 600
    client.reload_connector(project, "t", connector, shard)


def test_shards_that_do_not_exist(client, project, connector):
    with pytest.raises(ResourceNotFoundException):
        client.get_connector_shard_status(project, "t", connector, "9")
    with pytest.raises(ResourceNotFoundException):
        client.reload_connector(project, "t", connector, "9")


def test_append_field(client, project, connector):
    client.append_connector_field(project, "t", connector, "f2")
    assert client.get_connector(project, "t", connector).column_fields == ["f1", "f2"]
    for name in ("f2", "f3"):
        with pytest.raises(InvalidParameterException):
            client.append_connector_field(project, "t", connector, name)


def test_offset(client, project, connector):
    def places():
        infos = client.get_connector_shard_status(project, "t", connector).shard_status_infos
        return {shard: (info.current_sequence, info.current_timestamp) for shard, info in infos.items()}

    with pytest.raises(InvalidOperationException) as error:
        client.update_connector_offset(project, "t", connector, "0", ConnectorOffset(10, 1000))
    assert error.value.error_code == "OperationDenied"
    client.update_connector_state(project, "t", connector, ConnectorState.CONNECTOR_STOPPED)
    assert client.get_connector(project, "t", connector).state == ConnectorState.CONNECTOR_STOPPED
    client.update_connector_offset(project, "t", connector, "0", ConnectorOffset(10, 1000))
    assert places() == {"0": (10, 1000), "1": (-1, START)}
    client.update_connector_offset(project, "t", connector, "", ConnectorOffset(20, 2000))
    assert places() == {"0": (20, 2000), "1": (20, 2000)}
    client.update_connector_offset(project, "t", connector, "1", ConnectorOffset(timestamp=3000))
    assert places() == {"0": (20, 2000), "1": (20, 3000)}
    client.update_connector_state(project, "t", connector, ConnectorState.CONNECTOR_RUNNING)
    assert client.get_connector(project, "t", connector).state == ConnectorState.CONNECTOR_RUNNING


def test_done_time(client, project, connector):
    done = client.get_connector_done_time(project, "t", connector)
    assert (done.done_time, done.time_zone, done.time_window) == (0, "Asia/Shanghai", 900)


def test_update(client, project, connector):
    client.update_connector(project, "t", connector, odps(PartitionMode.EVENT_TIME, 30, OrderedDict([("x", "%d")])))
    found = client.get_connector(project, "t", connector).config
    assert (found.partition_mode, found.time_range) == (PartitionMode.EVENT_TIME, 30)
    assert found.partition_config == OrderedDict([("x", "%d")])
    found.time_range = 60
    found.table_name = "other"
    client.update_connector(project, "t", ConnectorType.SINK_ODPS, found)
    again = client.get_connector(project, "t", connector).config
    assert shown(again) == shown(found)
    assert client.get_connector_done_time(project, "t", connector).time_window == 3600


def test_columns_must_exist(client, project, topic):
    with pytest.raises(InvalidParameterException):
        client.create_connector(project, topic, ConnectorType.SINK_ODPS, ["f1", "nowhere"], odps())
    assert client.list_connector(project, topic).connector_ids == []
