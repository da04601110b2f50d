"""The classes of the official client beside those of hubstream: constructors, attributes, printed forms."""

import importlib
import inspect

import datahub.core
import datahub.exceptions as official_exceptions
import datahub.models as official
import hubstream.datahub.models as own
import pytest
from conftest import ACCESS_ID, ACCESS_KEY
from datahub.core import DatahubProtocolType
from datahub.models import results
from datahub.models.subscription import OffsetWithBatchIndex
from hubstream.datahub import DataHub, exceptions
from hubstream.datahub.models import results as own_results
from hubstream.datahub.models import subscription

# Classes whose constructors differ, all of them made by the client alone.
OTHER_CONSTRUCTORS = {
    "GetConnectorResult",
    "GetSubscriptionResult",
    "GetTopicResult",
    "ListConnectorResult",
    "Subscription",
    # Takes comment and allow_null in either order.
    "Field",
}
# Attributes of the official classes that are about their own making.
OTHER_ATTRIBUTES = {
    "BlobRecord": {
        "decode_values",
        "encode",
        "encode_pb_record_data",
        "encode_values",
        "record_key",
        "to_pb_record_entry",
    },
    "TupleRecord": {
        "decode_values",
        "encode",
        "encode_pb_record_data",
        "encode_values",
        "record_key",
        "to_pb_record_entry",
    },
}
# States that are no longer in use; hubstream takes them as they come.
OTHER_MEMBERS = {"CONNECTOR_CREATED", "CONNECTOR_PAUSED"}
# How the official client makes its own objects of replies.
READING = {"from_dict", "from_json", "from_pb_message", "parse_content"}
# Modules of the official client with classes that users make or get.
MODULES = ("compress", "connector", "cursor", "record", "results", "schema", "shard", "subscription")


def is_for_users(kind):
    """Whether a class is one that users meet, and not a base, a part of the transport or an empty result."""
    if not inspect.isclass(kind) or kind.__module__ not in [f"datahub.models.{name}" for name in MODULES]:
        return False
    if (
        kind.__name__ in {"BaseConnectorConfig", "ConnectorConfig", "Record", "Result"}
        or "PB" in kind.__name__
        or "Batch" in kind.__name__
    ):
        return False
    if kind.__module__.endswith(("compress", "schema")):
        return kind.__name__ in official.__dict__
    if issubclass(kind, results.Result):
        return parameters(kind) != [] and "Binary" not in kind.__name__
    return "Builder" not in kind.__name__ and "Compress" not in kind.__name__


def classes():
    """The classes of the official client that users make or get, beside those of the same name."""
    found = {name: kind for name, kind in vars(official).items() if is_for_users(kind)}
    pairs = []
    for name, kind in sorted(found.items()):
        counterpart = getattr(own, name, None) or getattr(own_results, name, None)
        pairs.append(pytest.param(kind, counterpart, id=name))
    return pairs


def parameters(kind):
    return [name for name in inspect.signature(kind).parameters if name != "request_id"]


@pytest.mark.parametrize(("kind", "counterpart"), classes())
def test_a_class(kind, counterpart):
    assert counterpart is not None
    if hasattr(kind, "__members__"):
        assert set(kind.__members__) - OTHER_MEMBERS <= set(counterpart.__members__)
        return
    if kind.__name__ not in OTHER_CONSTRUCTORS:
        wanted = parameters(kind)
        assert parameters(counterpart)[: len(wanted)] == wanted
    public = {name for name in dir(kind) if not name.startswith("_")} - READING
    public -= OTHER_ATTRIBUTES.get(kind.__name__, set())
    has = {name for name in dir(counterpart) if not name.startswith("_")}
    has |= set(getattr(counterpart, "__dataclass_fields__", ()))
    assert public - has == set()


def all_classes():
    """All classes of the official client, its exceptions too, by their names."""
    modules = [importlib.import_module(f"datahub.models.{name}") for name in MODULES]
    modules += [official_exceptions, datahub.core]
    found = (kind for module in modules for kind in vars(module).values() if inspect.isclass(kind))
    return {kind.__name__: kind for kind in found if kind.__module__.startswith("datahub")}


def own_class(name):
    """What has that name in hubstream; a union of classes where it is one of several."""
    modules = (own, own_results, subscription, exceptions)
    return next((kind for module in modules if (kind := getattr(module, name, None)) is not None), None)


def test_the_bases_of_classes():
    """A class that is derived from another there is derived from that of the same name here."""
    checked = set()
    for name, kind in all_classes().items():
        for base in kind.__mro__[1:]:
            counterpart, own_base = own_class(name), own_class(base.__name__)
            if counterpart is None or own_base is None or counterpart is own_base:
                continue
            assert issubclass(counterpart, own_base), f"{name} is no {base.__name__}"
            checked.add((name, base.__name__))
    assert {
        ("OffsetWithVersion", "OffsetBase"),
        ("OffsetWithSession", "OffsetBase"),
        ("OffsetWithBatchIndex", "OffsetWithVersion"),
        ("Shard", "ShardBase"),
        ("MergeShardResult", "ShardBase"),
        ("GetSubscriptionResult", "Subscription"),
        ("OdpsConnectorConfig", "ConnectorConfig"),
        ("BlobRecord", "Record"),
        ("OffsetResetException", "DatahubException"),
    } <= checked


@pytest.fixture
def hub(emulator):
    with DataHub(ACCESS_ID, ACCESS_KEY, emulator.url) as hub:
        yield hub


def same(theirs, ours, *, besides=()):
    """Both say the same; `besides` are members that only hubstream has."""
    found = {key: value for key, value in ours.to_json().items() if key not in besides}
    assert found == theirs.to_json()


def test_printed_results(client, hub, project):
    schema = official.RecordSchema.from_lists(
        ["id", "share", "flag", "price", "name"],
        [
            official.FieldType.BIGINT,
            official.FieldType.DOUBLE,
            official.FieldType.BOOLEAN,
            official.FieldType.DECIMAL,
            official.FieldType.STRING,
        ],
    )
    client.create_tuple_topic(project, "t", 1, 1, schema, "text")
    same(client.list_project(), hub.list_project())
    same(client.get_project(project), hub.get_project(project), besides=("Creator",))
    same(client.list_topic(project), hub.list_topic(project))
    extra = ("ExpandMode", "EnableSchemaRegistry", "ExtraConfig")
    same(client.get_topic(project, "t"), hub.get_topic(project, "t"), besides=extra)
    same(client.list_shard(project, "t"), hub.list_shard(project, "t"))
    record = official.TupleRecord(schema=schema, values=[1, 0.1, True, "1.50", "x"])
    record.put_attribute("k", "v")
    nulls = official.TupleRecord(schema=schema)
    record.shard_id = nulls.shard_id = "0"
    same(client.put_records(project, "t", [record, nulls]), put(hub, project))
    cursors = [each.get_cursor(project, "t", "0", kind) for each, kind in oldest(client, hub)]
    same(*cursors)
    cursor = cursors[0].cursor
    theirs = client.get_tuple_records(project, "t", "0", schema, cursor, 1)
    ours = hub.get_tuple_records(project, "t", "0", None, cursor, 1)
    same(theirs, ours, besides=("LatestSeq", "LatestTime"))
    same(client.get_metering_info(project, "t", "0"), hub.get_metering_info(project, "t", "0"))
    sub = client.create_subscription(project, "t", "text").sub_id
    same(client.list_subscription(project, "t", "", 1, 10), hub.list_subscription(project, "t", "", 1, 10))
    client.init_and_get_subscription_offset(project, "t", sub, ["0"])
    batch_index = client.get_subscription_offset(project, "t", sub).to_json()
    found = hub.get_subscription_offset(project, "t", sub).to_json()
    for offset in found["Offsets"].values():
        assert offset.pop("BatchIndex") == 0
    for offset in batch_index["Offsets"].values():
        offset.pop("SessionId", None)
        offset.pop("BatchIndex", None)
    assert found == batch_index
    assert str(hub.list_topic(project)) == str(client.list_topic(project)) == "{'TopicNames': ['t']}"


def oldest(client, hub):
    return [(client, official.CursorType.OLDEST), (hub, own.CursorType.OLDEST)]


def put(hub, project):
    schema = hub.get_topic(project, "t").record_schema
    record = own.TupleRecord(schema=schema, values=[1, 0.1, True, "1.50", "x"])
    record.shard_id = "0"
    return hub.put_records(project, "t", [record])


def test_a_place_inside_a_batch(connect, client, hub, project):
    """Either client goes on where the other one stopped."""
    batch_client = connect(DatahubProtocolType.BATCH)
    client.create_blob_topic(project, "b", 1, 1, "")
    blobs = [official.BlobRecord(blob_data=text) for text in (b"a", b"b", b"c")]
    batch_client.put_records_by_shard(project, "b", "0", blobs)
    sub = client.create_subscription(project, "b", "").sub_id

    offset = hub.init_and_get_subscription_offset(project, "b", sub, ["0"]).offsets["0"]
    cursor = hub.get_cursor_after(project, "b", "0", offset).cursor
    records = hub.get_blob_records(project, "b", "0", cursor, after=offset).records
    assert [record.blob_data for record in records] == [b"a", b"b", b"c"]
    place = {"Sequence": records[0].sequence, "Timestamp": records[0].system_time}
    place |= {"Version": offset.version, "SessionId": offset.session_id, "BatchIndex": records[0].batch_index}
    hub.update_subscription_offset(project, "b", sub, {"0": place})

    theirs = client.init_and_get_subscription_offset(project, "b", sub, ["0"]).offsets["0"]
    assert (theirs.sequence, theirs.batch_index) == (0, 0)
    moved = OffsetWithBatchIndex(0, theirs.timestamp, theirs.version, theirs.session_id, 1)
    client.update_subscription_offset(project, "b", sub, {"0": moved})

    offset = hub.init_and_get_subscription_offset(project, "b", sub, ["0"]).offsets["0"]
    assert offset.batch_index == 1
    cursor = hub.get_cursor_after(project, "b", "0", offset).cursor
    records = hub.get_blob_records(project, "b", "0", cursor, after=offset).records
    assert [record.blob_data for record in records] == [b"c"]


@pytest.mark.parametrize("versions", [False, True], ids=["plain", "versions"])
@pytest.mark.parametrize("reader", ["JSON", "PB", "BATCH"])
def test_what_hubstream_writes_by_itself_is_read(connect, client, hub, project, versions, reader):
    schema = own.RecordSchema.from_lists(["id", "name"], [own.FieldType.BIGINT, own.FieldType.STRING])
    theirs = official.RecordSchema.from_lists(["id", "name"], [official.FieldType.BIGINT, official.FieldType.STRING])
    client.create_tuple_topic(project, "t", 1, 1, theirs, "")
    if versions:
        wider = own.RecordSchema([*schema.field_list, own.Field("note", own.FieldType.STRING)])
        hub.register_topic_schema(project, "t", wider)
        assert hub.get_topic(project, "t").enable_schema_registry
    hub.put_records_by_shard(project, "t", "0", [own.TupleRecord(schema=schema, values=[1, "one"])])
    put = own.TupleRecord(schema=schema, values=[2, "two"])
    put.shard_id = "0"
    assert hub.put_records(project, "t", [put]).failed_record_count == 0
    official_client = connect(DatahubProtocolType[reader])
    cursor = official_client.get_cursor(project, "t", "0", official.CursorType.OLDEST).cursor
    columns = theirs
    if versions:
        columns = official.RecordSchema.from_lists(
            ["id", "name", "note"], [*(field.type for field in theirs.field_list), official.FieldType.STRING]
        )
    records = official_client.get_tuple_records(project, "t", "0", columns, cursor, 10).records
    assert [tuple(record.values[:2]) for record in records] == [(1, "one"), (2, "two")]
