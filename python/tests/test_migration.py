"""What the page about moving over from pydatahub promises."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from decimal import Decimal
from typing import Any

import pytest

from hubstream.datahub import DataHub, DatahubProtocolType, models
from hubstream.datahub.auth import Account, AliyunAccount
from hubstream.datahub.exceptions import (
    DatahubException,
    InvalidParameterException,
    ResourceNotFoundException,
)
from hubstream.testing import Emulator
from sample import Given

SCHEMA = models.RecordSchema.from_lists(
    ["id", "name", "paid", "price"],
    [
        models.FieldType.BIGINT,
        models.FieldType.STRING,
        models.FieldType.BOOLEAN,
        models.FieldType.DECIMAL,
    ],
)


def client(emulator: Emulator, **settings: Any) -> DataHub:
    return DataHub("emulator", "emulator", emulator.datahub_url, **settings)


@pytest.fixture
def orders(hubstream_emulator: Emulator) -> Emulator:
    with hubstream_emulator.datahub_client() as hub:
        hub.create_project("shop", "things")
        hub.create_tuple_topic("shop", "orders", 1, 7, SCHEMA, "all orders")
        hub.create_blob_topic("shop", "pictures", 1, 7, "of things")
        hub.wait_shards_ready("shop", "orders", -1)
        hub.wait_shards_ready("shop", "pictures", -1)
    return hubstream_emulator


def read(hub: DataHub) -> list[Any]:
    cursor = hub.get_cursor("shop", "orders", "0", models.CursorType.OLDEST).cursor
    return list(hub.get_tuple_records("shop", "orders", "0", SCHEMA, cursor, 10).records)


@pytest.mark.parametrize("protocol", DatahubProtocolType)
@pytest.mark.parametrize("layout", [0, 1])
@pytest.mark.parametrize("compression", models.CompressFormat)
def test_what_pydatahub_damages(
    orders: Emulator,
    protocol: DatahubProtocolType,
    layout: int,
    compression: models.CompressFormat,
) -> None:
    empty = models.TupleRecord(schema=SCHEMA, values=[None] * 4)
    empty.put_attribute("fr\u00fcher", "\u00e9")
    full = models.TupleRecord(schema=SCHEMA, values=[1, "", False, Decimal("1E+3")])
    settings: dict[str, Any] = {"protocol_type": protocol, "compress_format": compression}
    with client(orders, batch_version=layout, **settings) as hub:
        hub.put_records_by_shard("shop", "orders", "0", [empty, full])
        one, other = read(hub)
    assert one.values == (None, None, None, None)
    assert one.attributes == {"fr\u00fcher": "\u00e9"}
    assert other.values == (1, "", False, Decimal(1000))
    assert str(other.get_value("price")) == "1000"


def test_a_blob_without_bytes(orders: Emulator) -> None:
    with client(orders) as hub:
        hub.put_records_by_shard("shop", "pictures", "0", [models.BlobRecord(b"")])
        cursor = hub.get_cursor("shop", "pictures", "0", models.CursorType.OLDEST).cursor
        records = hub.get_blob_records("shop", "pictures", "0", cursor, 10).records
        assert [record.blob_data for record in records] == [b""]


def test_exceptions(orders: Emulator) -> None:
    record = models.TupleRecord(schema=SCHEMA)
    with client(orders, protocol_type=DatahubProtocolType.BATCH) as hub:
        with pytest.raises(DatahubException, match="put_records_by_shard"):
            hub.put_records("shop", "orders", [record])
        with pytest.raises(ResourceNotFoundException) as caught:
            hub.get_subscription("shop", "orders", "none")
        assert caught.value.error_code == "NoSuchSubscription"
    with (
        DataHub("id", "key", "http://127.0.0.1:1", retry_times=0) as nobody,
        pytest.raises(DatahubException) as broken,
    ):
        nobody.list_project()
    assert broken.value.status_code == -1


def test_offsets_in_the_words_of_the_service(orders: Emulator) -> None:
    with client(orders) as hub:
        sub_id = hub.create_subscription("shop", "orders", "mine").sub_id
        opened = hub.init_and_get_subscription_offset("shop", "orders", sub_id, ["0"]).offsets["0"]
        offset = {
            "Sequence": 5,
            "Timestamp": 6,
            "Version": opened.version,
            "SessionId": opened.session_id,
        }
        hub.update_subscription_offset("shop", "orders", sub_id, {"0": offset})
        found = hub.get_subscription_offset("shop", "orders", sub_id).offsets["0"]
        assert (found.sequence, found.timestamp) == (5, 6)


def test_one_text_in_place_of_a_list(orders: Emulator) -> None:
    with client(orders) as hub:
        sub_id = hub.create_subscription("shop", "orders", "mine").sub_id
        opened = hub.init_and_get_subscription_offset("shop", "orders", sub_id, "0")
        assert opened.offsets.keys() == {"0"}


def test_a_connector_in_the_words_of_the_service(orders: Emulator) -> None:
    kind = models.ConnectorType.SINK_MYSQL
    config: Any = {"kind": "DatabaseConnectorConfig", "Host": "h", "port": 3306, "Database": "shop"}
    config |= {"User": "u", "Password": "hush", "table": "orders", "Ignore": False}
    with client(orders) as hub:
        hub.create_connector("shop", "orders", kind, "id", config)
        found = hub.get_connector("shop", "orders", kind)
        assert isinstance(found.config, models.DatabaseConnectorConfig)
        assert (found.config.host, found.config.database) == ("h", "shop")
        assert found.column_fields == ["id"]


def test_results_are_values(orders: Emulator) -> None:
    with client(orders) as hub:
        topic: Any = hub.get_topic("shop", "orders")
        assert dataclasses.asdict(topic)["life_cycle"] == 7
        with pytest.raises(AttributeError):
            topic.life_cycle = 3
        assert topic.to_json()["Lifecycle"] == 7
        hub.put_records_by_shard("shop", "orders", "0", [models.TupleRecord(schema=SCHEMA)])
        assert len([*read(hub), None]) == 2


def test_what_calls_are_given_may_be_changed(orders: Emulator) -> None:
    with client(orders) as hub:
        sub_id = hub.create_subscription("shop", "orders", "mine").sub_id
        offset = hub.init_and_get_subscription_offset("shop", "orders", sub_id, ["0"]).offsets["0"]
        offset.sequence += 8
        offset.timestamp = 9
        hub.update_subscription_offset("shop", "orders", sub_id, {"0": offset})
        found = hub.get_subscription_offset("shop", "orders", sub_id).offsets["0"]
        assert (found.sequence, found.timestamp) == (7, 9)
        with pytest.raises(AttributeError):
            offset.sequense = 1  # type: ignore[attr-defined]
        with pytest.raises(AttributeError):
            del offset.sequence
        with pytest.raises(TypeError):
            hash(offset)
        assert pickle.loads(pickle.dumps(offset)) == offset == copy.deepcopy(offset)


def test_settings_of_a_connector_may_be_changed(orders: Emulator) -> None:
    kind = models.ConnectorType.SINK_MYSQL
    config = models.DatabaseConnectorConfig("host", 3306, "shop", "u", "first", "orders", False)
    with client(orders) as hub:
        hub.create_connector("shop", "orders", kind, ["id"], config)
        config = hub.get_connector("shop", "orders", kind).config
        assert isinstance(config, models.DatabaseConnectorConfig)
        config.table, config.password = "bills", "second"
        hub.update_connector("shop", "orders", kind, config)
        config = hub.get_connector("shop", "orders", kind).config
        assert isinstance(config, models.DatabaseConnectorConfig)
        assert config.table == "bills"
        assert "second" not in f"{config!r} {config}"


def test_an_update_keeps_settings_that_only_other_clients_know(orders: Emulator) -> None:
    kind = models.ConnectorType.SINK_OSS
    config = models.OssConnectorConfig("oss", "b", "p", "%Y", 15, models.AuthMode.STS)
    config.max_file_size, config.timestamp_unit = 2**40, models.TimestampUnit.SECOND
    config.other_settings = {"Further": "hush"}
    with client(orders) as hub:
        hub.create_connector("shop", "orders", kind, ["id"], config)
        found = hub.get_connector("shop", "orders", kind).config
        assert found == config
        assert isinstance(found, models.OssConnectorConfig)
        found.bucket = "c"
        hub.update_connector("shop", "orders", kind, found)
        again = hub.get_connector("shop", "orders", kind)
        assert again.config == dataclasses.replace(config, bucket="c")
        assert "hush" not in f"{again!r} {again} {again.config}"
        # They stand beside those that have members of their own, as in the service's messages.
        assert found.to_json() == {**config.to_json(), "Bucket": "c"}
        assert (found.to_json()["Further"], "'Further': '***'" in str(found)) == ("hush", True)
        found.other_settings = {}
        assert found.to_json().keys() == config.to_json().keys() - {"Further"}
        found.other_settings = {"Bucket": "d"}
        with pytest.raises(InvalidParameterException, match="Bucket"):
            hub.update_connector("shop", "orders", kind, found)


@pytest.mark.parametrize("protocol", DatahubProtocolType)
def test_a_put_to_one_shard_has_a_result(orders: Emulator, protocol: DatahubProtocolType) -> None:
    record = models.TupleRecord(schema=SCHEMA, values=[1, "a", None, None])
    with client(orders, protocol_type=protocol) as hub:
        result = hub.put_records_by_shard("shop", "orders", "0", [record])
        assert isinstance(result, models.PutRecordsResult)
        assert (result.failed_record_count, result.failed_records) == (0, [])
        assert result.request_id


def test_what_differs_on_purpose(orders: Emulator) -> None:
    record = models.TupleRecord(schema=SCHEMA, values=[1, "a", None, None])
    blob = models.BlobRecord(b"a")
    offset = models.OffsetBase(1, 2)
    for value in (record, blob, SCHEMA, offset):
        with pytest.raises(TypeError, match="unhashable"):
            hash(value)
    assert "\n" not in f"{record} {SCHEMA}"
    assert not {"CONNECTOR_CREATED", "CONNECTOR_PAUSED"} & set(models.ConnectorState.__members__)
    assert models.ConnectorState.received("CONNECTOR_PAUSED").name == "CONNECTOR_PAUSED"
    with client(orders) as hub:
        hub.wait_shards_ready("shop", "orders", -1)
        hub.put_records_by_shard("shop", "orders", "0", [record, record])
        cursor = hub.get_cursor("shop", "orders", "0", models.CursorType.OLDEST).cursor
        found = [hub.get_tuple_records("shop", "orders", "0", SCHEMA, cursor)]
        found.append(hub.get_tuple_records("shop", "orders", "0", SCHEMA, cursor, 0))
        found.append(hub.get_tuple_records("shop", "orders", "0", SCHEMA, cursor, 1))
        assert [result.record_count for result in found] == [2, 2, 1]
        version = hub.get_topic_schema("shop", "orders", version_id=0)
        assert version.record_schema is not None
        assert version.record_schema.has_columns_of(SCHEMA)
        assert hub.list_topic_schema("shop", "orders").record_schema_list[0].version_id == 0


def test_a_client_of_an_account(orders: Emulator) -> None:
    class Credentials(Given):
        def get_credential(self) -> Given:
            return self

    class Signing(AliyunAccount):
        def sign_request(self, request: Any) -> None:
            raise NotImplementedError

    for account in (
        AliyunAccount(access_id="emulator", access_key="emulator\n"),
        AliyunAccount(access_id="emulator", access_key="emulator", security_token="token"),
        AliyunAccount(credential=Credentials()),
    ):
        with DataHub("", "", orders.datahub_url, account=account) as hub:
            assert hub.list_project().project_names == ["shop"]
    others: list[Any] = [Account(), Signing(), "emulator"]
    for other in others:
        with pytest.raises(InvalidParameterException, match="AliyunAccount"):
            DataHub("", "", orders.datahub_url, account=other)


@pytest.mark.parametrize("protocol", ["json", "pb", "batch"])
def test_a_protocol_by_its_value(orders: Emulator, protocol: str) -> None:
    with client(orders, protocol_type=protocol) as hub:
        hub.put_records_by_shard("shop", "pictures", "0", [models.BlobRecord(b"a")] * 2)
        cursor = hub.get_cursor("shop", "pictures", "0", models.CursorType.OLDEST).cursor
        found = hub.get_blob_records("shop", "pictures", "0", cursor)
        assert found.record_count == 2
        if protocol == "batch":
            places = [(record.batch_index, record.batch_size) for record in found.records]
            assert places == [(0, 2), (1, 2)]
