"""Connectors, schema versions and consumer groups through the official client."""

from collections import OrderedDict

import pytest
from datahub.exceptions import DatahubException, OffsetResetException, ResourceExistException, ResourceNotFoundException
from datahub.models import (
    AuthMode,
    ConnectorOffset,
    ConnectorState,
    ConnectorType,
    DatabaseConnectorConfig,
    EsConnectorConfig,
    FcConnectorConfig,
    FieldType,
    OdpsConnectorConfig,
    OffsetBase,
    OssConnectorConfig,
    OtsConnectorConfig,
    PartitionMode,
    RecordSchema,
)
from datahub.models.connector import DataHubConnectorConfig, HologresConnectorConfig

SCHEMA = RecordSchema.from_lists(["f1", "f2", "f3"], [FieldType.STRING, FieldType.STRING, FieldType.BIGINT])
PARTITIONS = OrderedDict([("ds", "%Y%m%d"), ("hh", "%H"), ("mm", "%M")])


def odps(mode=PartitionMode.SYSTEM_TIME, table="table"):
    return OdpsConnectorConfig("project", table, "endpoint", "tunnel", "id", "key", mode, 15, PARTITIONS)


CONFIGS = {
    ConnectorType.SINK_ODPS: odps(),
    ConnectorType.SINK_ADS: DatabaseConnectorConfig("host", 3306, "database", "user", "password", "table", True),
    ConnectorType.SINK_MYSQL: DatabaseConnectorConfig("host", 3306, "database", "user", "password", "table", True),
    ConnectorType.SINK_ES: EsConnectorConfig("index", "endpoint", "user", "password", ["f1"], ["f2"], True),
    ConnectorType.SINK_FC: FcConnectorConfig("endpoint", "service", "function", AuthMode.AK, "id", "key"),
    ConnectorType.SINK_OSS: OssConnectorConfig("endpoint", "bucket", "prefix", "%Y%m%d%H%M", 15, AuthMode.STS),
    ConnectorType.SINK_OTS: OtsConnectorConfig("endpoint", "instance", "table", AuthMode.AK, "id", "key"),
    ConnectorType.SINK_HOLOGRES: HologresConnectorConfig(
        "project", "topic", "endpoint", "instance", AuthMode.AK, "MILLISECOND", "id", "key"
    ),
    ConnectorType.SINK_DATAHUB: DataHubConnectorConfig("endpoint", "project", "topic", AuthMode.STS),
}


@pytest.fixture
def topic(client, project):
    client.create_tuple_topic(project, "t", 2, 7, SCHEMA, "")
    return "t"


@pytest.fixture
def connector(client, project, topic):
    fields = ["f1", "f2"]
    return client.create_connector(project, topic, ConnectorType.SINK_ODPS, fields, odps(), 10000000).connector_id


@pytest.mark.parametrize("kind", CONFIGS, ids=lambda kind: kind.value)
def test_every_type(client, project, topic, kind):
    made = client.create_connector(project, topic, kind, ["f1", "f2"], CONFIGS[kind])
    assert client.list_connector(project, topic).connector_ids == [made.connector_id]
    for name in (made.connector_id, kind):
        got = client.get_connector(project, topic, name)
        assert (got.connector_id, got.type, got.column_fields) == (made.connector_id, kind, ["f1", "f2"])
        assert got.state == ConnectorState.CONNECTOR_RUNNING
        assert got.sub_id
        assert got.cluster_addr
        assert got.create_time > 0
    with pytest.raises(ResourceExistException):
        client.create_connector(project, topic, kind, ["f1"], CONFIGS[kind])
    client.delete_connector(project, topic, made.connector_id)
    with pytest.raises(ResourceNotFoundException):
        client.get_connector(project, topic, made.connector_id)


@pytest.mark.parametrize("mode", PartitionMode, ids=lambda mode: mode.value)
def test_a_config_survives(client, project, topic, mode):
    client.create_connector(project, topic, ConnectorType.SINK_ODPS, ["f1"], odps(mode), 1)
    config = client.get_connector(project, topic, ConnectorType.SINK_ODPS).config
    assert (config.project_name, config.table_name, config.partition_mode) == ("project", "table", mode)
    assert (config.time_range, config.partition_config) == (15, PARTITIONS)
    config.table_name = "changed"
    client.update_connector(project, topic, ConnectorType.SINK_ODPS, config)
    assert client.get_connector(project, topic, ConnectorType.SINK_ODPS).config.table_name == "changed"


@pytest.mark.parametrize("mode", AuthMode, ids=lambda mode: mode.value)
def test_rights_survive(client, project, topic, mode):
    config = OssConnectorConfig("endpoint", "bucket", "prefix", "%Y%m%d%H%M", 100, mode, "id", "key")
    client.create_connector(project, topic, ConnectorType.SINK_OSS, ["f1"], config)
    got = client.get_connector(project, topic, ConnectorType.SINK_OSS).config
    assert (got.bucket, got.time_format, got.time_range, got.auth_mode) == ("bucket", "%Y%m%d%H%M", 100, mode)


def test_shards_of_a_connector(client, project, topic, connector):
    infos = client.get_connector_shard_status(project, topic, connector).shard_status_infos
    assert sorted(infos) == ["0", "1"]
    entry = infos["0"]
    assert (entry.current_sequence, entry.current_timestamp, entry.discard_count) == (-1, 10000000, 0)
    assert list(client.get_connector_shard_status(project, topic, connector, "1").shard_status_infos) == ["1"]
    client.reload_connector(project, topic, connector)
    client.reload_connector(project, topic, connector, "0")
    with pytest.raises(DatahubException):
        client.update_connector_offset(project, topic, connector, "0", ConnectorOffset(5, 1000))
    client.update_connector_state(project, topic, connector, ConnectorState.CONNECTOR_STOPPED)
    client.update_connector_offset(project, topic, connector, "0", ConnectorOffset(5, 1000))
    infos = client.get_connector_shard_status(project, topic, connector).shard_status_infos
    assert [infos[shard].current_sequence for shard in ("0", "1")] == [5, -1]
    client.update_connector_offset(project, topic, connector, "", ConnectorOffset(9, 2000))
    infos = client.get_connector_shard_status(project, topic, connector).shard_status_infos
    assert [infos[shard].current_sequence for shard in ("0", "1")] == [9, 9]
    client.update_connector_state(project, topic, connector, ConnectorState.CONNECTOR_RUNNING)
    assert client.get_connector(project, topic, connector).state == ConnectorState.CONNECTOR_RUNNING


def test_fields_and_done_time(client, project, topic, connector):
    client.append_connector_field(project, topic, connector, "f3")
    assert client.get_connector(project, topic, connector).column_fields == ["f1", "f2", "f3"]
    done = client.get_connector_done_time(project, topic, connector)
    assert (done.time_zone, done.time_window) == ("Asia/Shanghai", 900)
    assert done.done_time >= 0


def test_schema_versions(client, project, topic):
    assert client.list_topic_schema(project, topic).total_count == 1
    wide = RecordSchema.from_lists(["f1", "added"], [FieldType.STRING, FieldType.DECIMAL])
    version = client.register_topic_schema(project, topic, wide).version_id
    got = client.get_topic_schema(project, topic, version_id=version).record_schema
    assert RecordSchema.from_json_str(got).to_json() == wide.to_json()
    assert client.get_topic_schema(project, topic, schema=wide).version_id == version
    client.delete_topic_schema(project, topic, version)
    assert client.list_topic_schema(project, topic).total_count == 1


def test_consumer_group(client, project, topic):
    group = client.create_subscription(project, topic, "").sub_id
    member = client.join_group(project, topic, group, 60000)
    assert member.session_timeout == 60000
    who = (project, topic, group, member.consumer_id, member.version_id)
    assert sorted(client.heart_beat(*who, [], []).shard_list) == ["0", "1"]
    client.sync_group(*who, [], [])
    client.reset_subscription_offset(project, topic, group, {"0": OffsetBase(0, 0)})
    with pytest.raises(OffsetResetException):
        client.heart_beat(*who, ["0", "1"], [])
    again = client.join_group(project, topic, group, 60000)
    client.leave_group(project, topic, group, again.consumer_id, again.version_id)
    with pytest.raises(DatahubException) as error:
        client.heart_beat(project, topic, group, again.consumer_id, again.version_id, [], [])
    assert error.value.error_code == "NoSuchConsumer"
