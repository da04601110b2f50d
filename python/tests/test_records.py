"""Records: columns, values, batches."""

from __future__ import annotations

import gc
import pickle
import weakref
import zlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from hubstream import _native
from hubstream.datahub import DataHub, exceptions
from hubstream.datahub.models import (
    Blob,
    BlobRecord,
    Field,
    FieldType,
    Record,
    RecordBatch,
    RecordSchema,
    RecordType,
    TupleRecord,
)
from hubstream.errors import InvalidArgumentError, MalformedError
from sample import ALL_TYPES, oldest

# One row per line, in the order of FieldType: lowest, highest, plain, nulls.
ROWS: list[tuple[object, ...]] = [
    (
        -(2**7), -(2**15), -(2**31), -(2**63), "", False, -62_135_798_400_000_000,
        -3.4028234663852886e38, -1.7976931348623157e308, Decimal("-99999999999999999999.5"), "null",
    ),
    (
        2**7 - 1, 2**15 - 1, 2**31 - 1, 2**63 - 1, "\U0001f600 ÄÖ\n\x00", True,
        253_402_271_999_000_000, 3.4028234663852886e38, 5e-324,
        Decimal("0.000000000000000000000000000001"), '{"a": [1, 2.50, "x"]}',
    ),
    (1, 2, 3, 4, "text", True, 5, 0.5, 0.1, Decimal("1.50"), "[]"),
    (None,) * 11,
]  # fmt: skip


@pytest.mark.parametrize("enable_pb", [True, False])
def test_every_type_comes_back_as_it_went(
    hub: DataHub,
    hubstream_emulator: object,
    tuple_topic: tuple[str, str],
    enable_pb: bool,
) -> None:
    client = DataHub("emulator", "emulator", hub.endpoint, enable_pb=enable_pb)
    written = [TupleRecord(schema=ALL_TYPES, values=row) for row in ROWS]
    written[0].put_attribute("source", "tests")
    assert client.put_records(*tuple_topic, written).failed_record_count == 0
    result = client.get_tuple_records(*tuple_topic, "0", ALL_TYPES, oldest(hub, tuple_topic))
    records = result.records
    assert result.record_count == len(records) == len(ROWS)
    assert list(records) == written
    assert records.rows() == ROWS
    for got, row in zip(records.rows(), ROWS, strict=True):
        assert [type(value) for value in got] == [type(value) for value in row]
    assert records.column("DECIMAL") == [row[9] for row in ROWS]
    assert records.column(-2) == records.column(9)
    assert records[0].attributes == {"source": "tests"}
    assert [record.sequence for record in records] == records.sequences() == [0, 1, 2, 3]
    assert all(time > 0 for time in records.system_times())
    # Without columns they are read from the topic.
    again = client.get_tuple_records(*tuple_topic, "0", cursor=oldest(hub, tuple_topic))
    assert again.records.rows() == ROWS


def test_rows_go_without_record_objects(hub: DataHub, tuple_topic: tuple[str, str]) -> None:
    batch = RecordBatch.from_rows(ALL_TYPES, ROWS, shard_id="0", attributes={"a": "b"})
    assert batch.shard_id(3) == "0"
    assert hub.put_records(*tuple_topic, batch).failed_record_count == 0
    hub.put_records_by_shard(*tuple_topic, "0", batch[1:3])
    got = hub.get_tuple_records(*tuple_topic, "0", ALL_TYPES, oldest(hub, tuple_topic)).records
    assert got.rows() == ROWS + ROWS[1:3]
    assert got.attributes(0) == {"a": "b"}
    # What was read can be written again.
    hub.put_records(*tuple_topic, got)
    hub.put_records(*tuple_topic, list(got))
    more = hub.get_tuple_records(*tuple_topic, "0", ALL_TYPES, oldest(hub, tuple_topic)).records
    assert more.rows() == (ROWS + ROWS[1:3]) * 3


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (FieldType.TINYINT, 128),
        (FieldType.SMALLINT, -32769),
        (FieldType.INTEGER, 2**31),
        (FieldType.BIGINT, 2**63),
        (FieldType.BIGINT, 2**200),
        (FieldType.BIGINT, 1.5),
        (FieldType.BIGINT, "one"),
        (FieldType.BIGINT, ""),
        (FieldType.BIGINT, True),
        (FieldType.BOOLEAN, 2),
        (FieldType.TIMESTAMP, 253_402_271_999_000_001),
        (FieldType.FLOAT, 1e39),
        (FieldType.FLOAT, 2**70 + 2**30),
        (FieldType.DOUBLE, 2**70 + 1),
        (FieldType.DOUBLE, Decimal("1E+400")),
        (FieldType.DOUBLE, "x"),
        (FieldType.DECIMAL, "1.2.3"),
        (FieldType.DECIMAL, Decimal("NaN")),
        (FieldType.DECIMAL, 1.5),
        (FieldType.JSON, "{"),
        (FieldType.STRING, b"bytes"),
        (FieldType.STRING, 1),
        (FieldType.STRING, "\ud800"),
        (FieldType.STRING, object()),
    ],
)
def test_a_wrong_value_is_refused_by_name(kind: FieldType, value: object) -> None:
    schema = RecordSchema.from_lists(["first", "wrong"], [FieldType.BIGINT, kind])
    with pytest.raises(exceptions.InvalidParameterException, match="field `wrong`") as caught:
        TupleRecord(schema=schema, values=[1, value])
    assert isinstance(caught.value, InvalidArgumentError)
    record = TupleRecord(schema=schema)
    with pytest.raises(exceptions.InvalidParameterException, match="field `wrong`"):
        record.set_value("wrong", value)
    assert record.values == (None, None)
    with pytest.raises(InvalidArgumentError, match=r"record 2, field `wrong`"):
        RecordBatch.from_rows(schema, [(1, None), [2, None], (3, value)])


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        (FieldType.DECIMAL, "1.50", Decimal("1.50")),
        (FieldType.DECIMAL, 2**70, Decimal(2**70)),
        (FieldType.DECIMAL, Decimal("1E+3"), Decimal("1000")),
        (FieldType.DOUBLE, 3, 3.0),
        (FieldType.FLOAT, 0.1, 0.10000000149011612),
        (FieldType.FLOAT, 2**70, 2.0**70),
        (FieldType.DOUBLE, 2**70 + 2**30, 2.0**70 + 2.0**30),
        (FieldType.BIGINT, "12", 12),
        (FieldType.BOOLEAN, "true", True),
    ],
)
def test_values_are_kept_as_they_will_be_read(kind: FieldType, value: object, kept: object) -> None:
    schema = RecordSchema.from_lists(["x"], [kind])
    record = TupleRecord(schema=schema, values=[value])
    assert record.get_value("x") == kept
    assert type(record.values[0]) is type(kept)


def test_a_record_has_the_reference_s_methods() -> None:
    schema = RecordSchema.from_lists(["name", "id"], [FieldType.STRING, FieldType.STRING])
    record = TupleRecord(schema=schema, values=["test", "test2"])
    assert record.values[0:2] == ("test", "test2")
    record.set_value("name", "test1")
    record.set_value(1, "test3")
    assert (record.get_value(0), record.get_value("ID")) == ("test1", "test3")
    assert record.has_field("NAME")
    assert not record.has_field("other")
    assert record.get_type() is RecordType.TUPLE
    assert record.to_dict() == {"name": "test1", "id": "test3"}
    assert record.get_offset() == (0, 0)
    assert record.get_attribute("x") is None
    wrongs: list[Any] = [2, -1, "other", 1.0, b"name", None]
    for wrong in wrongs:
        with pytest.raises(exceptions.InvalidParameterException):
            record.get_value(wrong)
    with pytest.raises(exceptions.InvalidParameterException):
        record.put_attribute("x", 1)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        _ = record.nothing
    appended = TupleRecord(schema.field_list)
    appended.append_values(["a"])
    appended.append_values(["b"])
    assert appended.values == ("a", "b")
    [received] = RecordBatch.from_records([appended])
    for full in (appended, received, pickle.loads(pickle.dumps(appended))):
        with pytest.raises(exceptions.InvalidParameterException, match="no number 2"):
            full.append_values(["c"])
    appended.values = ["c", "d"]
    with pytest.raises(exceptions.InvalidParameterException, match="no number 2"):
        appended.append_values(["e"])
    with pytest.raises(exceptions.InvalidParameterException, match="no number 2"):
        TupleRecord(schema=schema, values=["a", "b"]).append_values(["c"])
    with pytest.raises(exceptions.InvalidParameterException):
        TupleRecord()
    with pytest.raises(exceptions.InvalidParameterException, match="fewer values"):
        TupleRecord(schema=schema, values=["a"])
    with pytest.raises(exceptions.InvalidParameterException, match="more values"):
        TupleRecord(schema=schema, values=["a", "b", "c"])


def test_a_row_is_no_text_and_a_key_may_be_missing() -> None:
    schema = RecordSchema.from_lists(["a", "b"], [FieldType.STRING] * 2)
    rows: list[Any] = ["xy", b"xy", {"a": "x", "b": "y"}]
    for row in rows:
        with pytest.raises(InvalidArgumentError, match="record 0: a sequence of values is needed"):
            RecordBatch.from_rows(schema, [row])
    record: Any = BlobRecord(b"x")
    record.shard_id = record.hash_key = record.partition_key = None
    assert RecordBatch.from_records([record]).shard_id(0) is None


def test_what_makes_records_equal() -> None:
    text, number = RecordSchema([Field("a", FieldType.JSON)]), Field("a", FieldType.BIGINT)
    records: list[Any] = [
        TupleRecord(schema=text, values=["1"]),
        TupleRecord(schema=text, values=["2"]),
        TupleRecord([number], values=[1]),
        TupleRecord([Field("b", FieldType.BIGINT)], values=[1]),
        BlobRecord(b"1"),
        BlobRecord(b"2"),
    ]
    for attributed in (TupleRecord(schema=text, values=["1"]), BlobRecord(b"1")):
        attributed.put_attribute("x", "y")
        records.append(attributed)
    for place, one in enumerate(records):
        again = pickle.loads(pickle.dumps(one))
        assert [one == other for other in records] == [place == n for n in range(len(records))]
        assert one == again


def test_a_record_by_the_names_of_the_service() -> None:
    kinds = [FieldType.BOOLEAN, FieldType.DOUBLE, FieldType.DOUBLE, FieldType.DECIMAL]
    schema = RecordSchema.from_lists(["a", "b", "c", "d"], kinds)
    record = TupleRecord(schema=schema, values=[False, 0.5, float("inf"), Decimal("1E+2")])
    plain = {"Data": ["false", "5.e-01", "inf", "100"], "Sequence": 0, "SystemTime": 0}
    assert record.to_json() == plain | {"BatchIndex": 0}
    record.put_attribute("k", "v")
    record.shard_id = "7"
    further = {"BatchIndex": 0, "ShardId": "7", "Attributes": {"k": "v"}}
    assert record.to_json() == plain | further
    assert BlobRecord(b"x").to_json()["Data"] == "eA=="


def test_a_received_record_may_be_changed() -> None:
    [blob] = RecordBatch.from_blobs([b"x"])
    assert isinstance(blob, BlobRecord)
    assert isinstance(blob.view().obj, Blob)
    blob.attributes["k"] = "v"
    assert blob.get_attribute("k") == "v"
    blob.sequence, blob.system_time = 1, 2
    assert blob.get_offset() == (1, 2)
    given = bytearray(b"x")
    own = BlobRecord(given)
    given[0] = 0
    assert own.blob_data == b"x"


def test_null_is_refused_where_the_column_does() -> None:
    schema = RecordSchema([Field("id", FieldType.BIGINT, allow_null=False)])
    record = TupleRecord(schema=schema)
    with pytest.raises(InvalidArgumentError, match="field `id`: null"):
        record.set_value("id", None)
    with pytest.raises(InvalidArgumentError, match="record 0, field `id`: null"):
        RecordBatch.from_records([record])
    for row in ([None], (None,)):
        with pytest.raises(InvalidArgumentError, match="field `id`: null"):
            TupleRecord(schema=schema, values=row)


def test_columns() -> None:
    schema = RecordSchema()
    schema.add_field(Field("Id", FieldType.BIGINT, allow_null=False, comment="the id"))
    schema.add_field(Field("name", FieldType("String")))
    text = schema.to_json_string()
    assert RecordSchema.from_json_str(text) == schema
    assert RecordSchema.from_jsonstring(text) == schema
    assert RecordSchema.from_json(schema.to_json()) == schema
    assert [Field.from_json(field.to_json()) for field in schema] == schema.field_list
    assert Field.from_json({"name": "a", "type": "BIGINT"}) == Field("a", FieldType.BIGINT)
    for bad in ({"name": "a"}, {"name": "a", "type": "DATE"}, {"name": 1, "type": "BIGINT"}):
        with pytest.raises(exceptions.InvalidParameterException):
            Field.from_json(bad)
    assert RecordSchema.from_lists(["a"], [FieldType.JSON], [], []).fields[0].allow_null
    assert schema.get_field("ID").comment == "the id"
    assert [field.name for field in schema] == ["Id", "name"]
    assert schema != RecordSchema(schema.field_list[:1])
    nullable = RecordSchema.from_lists(["Id", "name"], [FieldType.BIGINT, FieldType.STRING])
    assert (schema == nullable, schema.has_columns_of(nullable)) == (False, True)
    assert repr(schema) == "RecordSchema(Id BIGINT NOT NULL, name STRING)"
    with pytest.raises(exceptions.InvalidParameterException, match="twice"):
        schema.add_field(Field("NAME", FieldType.STRING))
    schema.add_field(Field("late", FieldType.JSON))
    assert TupleRecord(schema=schema, values=[1, "a", "[]"]).get_value("LATE") == "[]"
    kinds = [FieldType.STRING] * 2
    uneven: list[Any] = [(kinds[:1],), (kinds, ["a"]), (kinds, None, [True])]
    for lists in uneven:
        with pytest.raises(exceptions.InvalidParameterException, match="equal length"):
            RecordSchema.from_lists(["a", "b"], *lists)
    with pytest.raises(exceptions.InvalidParameterException, match="not empty"):
        Field("", FieldType.STRING)
    with pytest.raises(exceptions.InvalidParameterException, match="needs `name`"):
        Field.from_json({})
    with pytest.raises(exceptions.InvalidParameterException):
        Field("a", "DATE")  # type: ignore[arg-type]
    with pytest.raises(exceptions.DatahubException) as caught:
        RecordSchema.from_json_str("{")
    assert caught.value.kind == "malformed"


def test_blobs(hub: DataHub, blob_topic: tuple[str, str]) -> None:
    big = bytes(range(256)) * 64
    records = [
        BlobRecord(b""),
        BlobRecord("Ä"),
        BlobRecord(bytearray(b"x")),
        BlobRecord(memoryview(big)),
        BlobRecord(values="AAEC"),
    ]
    records[4].partition_key = "p"
    hub.put_records(*blob_topic, records)
    got = hub.get_blob_records(*blob_topic, "0", oldest(hub, blob_topic)).records
    assert list(got) == records
    assert got[1].values == "w4Q="
    assert got[2].get_type() is RecordType.BLOB
    blob = got.blob(3)
    assert blob == big
    assert hash(blob) == hash(big)
    assert len(blob) == len(big)
    assert (blob[1], blob[-1], blob[:2]) == (1, 255, b"\x00\x01")
    view = memoryview(blob)
    assert view.readonly
    assert view == big
    del got, blob
    gc.collect()
    assert bytes(view[:3]) == b"\x00\x01\x02"
    assert Blob(b"\xc3\x84").text() == "Ä"
    with pytest.raises(ValueError, match="UTF-8"):
        Blob(b"\xff").text()
    with pytest.raises(exceptions.InvalidParameterException):
        BlobRecord()
    with pytest.raises(exceptions.InvalidParameterException):
        BlobRecord(values="%")
    with pytest.raises(exceptions.InvalidParameterException):
        BlobRecord(1)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match="record 1: a bytes-like object"):
        RecordBatch.from_blobs([b"a", "text"])  # type: ignore[list-item]


def test_a_batch_is_read_like_a_sequence() -> None:
    batch = RecordBatch.from_rows(ALL_TYPES, ROWS)
    # Libraries that take Arrow data try sequences first.
    assert not isinstance(batch, Sequence)
    assert batch[-1] == TupleRecord(schema=ALL_TYPES, values=ROWS[-1])
    assert batch[1:3].rows() == ROWS[1:3]
    assert batch[::-1].rows() == ROWS[::-1]
    assert batch[::2].rows() == ROWS[::2]
    assert batch[5:].rows() == batch[2:1].rows() == []
    assert batch[10:0:-3].rows() == ROWS[10:0:-3]
    assert RecordBatch.concat([batch[:1], batch[1:]]).rows() == ROWS
    assert batch.schema == ALL_TYPES
    assert len(RecordBatch.from_records([])) == 0
    iterator = iter(batch)
    next(iterator)
    assert iterator.__length_hint__() == 3
    for wrong in (4, -5):
        with pytest.raises(IndexError):
            batch[wrong]
        with pytest.raises(IndexError):
            batch.row(wrong)
    with pytest.raises(IndexError):
        batch.column("none")
    with pytest.raises(InvalidArgumentError):
        batch.blobs()
    with pytest.raises(ValueError, match="columns"):
        RecordBatch.from_blobs([b""]).rows()


def test_records_of_one_batch_belong_together() -> None:
    one = RecordSchema.from_lists(["a"], [FieldType.BIGINT])
    other = RecordSchema.from_lists(["a"], [FieldType.STRING])
    same = RecordSchema.from_lists(["A"], [FieldType.BIGINT])
    first = TupleRecord(schema=one, values=[1])
    assert len(RecordBatch.from_records([first, TupleRecord(schema=same, values=[2])])) == 2
    with pytest.raises(InvalidArgumentError, match="record 1: its columns differ"):
        RecordBatch.from_records([first, TupleRecord(schema=other, values=["2"])])
    with pytest.raises(InvalidArgumentError, match="record 1"):
        RecordBatch.from_records([first, BlobRecord(b"x")])
    with pytest.raises(InvalidArgumentError, match="record 1: a tuple among blobs"):
        RecordBatch.from_records([BlobRecord(b"x"), first])
    with pytest.raises(InvalidArgumentError, match="record 0: a TupleRecord"):
        RecordBatch.from_records(["x"])  # type: ignore[list-item]


def test_bytes_that_are_no_text_name_their_record_and_column() -> None:
    schema = RecordSchema.from_lists(["a", "b"], [FieldType.BIGINT, FieldType.STRING])
    record = b'{"Sequence":7,"SystemTime":1,"Data":["1","\xff"]}'
    body = b'{"NextCursor":"c","RecordCount":1,"StartSeq":7,"Records":[' + record + b"]}"
    batch = _native.decode_get(body, "json", "none", len(body), schema._native)
    assert batch.column("a") == [1]
    for read in (batch.rows, lambda: batch.row(0), lambda: batch.column("b")):
        with pytest.raises(MalformedError, match=r"record with sequence 7, field `b`: .* UTF-8"):
            read()


def test_bodies_are_not_copied() -> None:
    batch = RecordBatch.from_rows(ALL_TYPES, ROWS * 10)
    for compression in ("none", "zlib"):
        body, size = _native.encode_put(batch, "protobuf", compression)
        raw = bytes(body) if compression == "none" else zlib.decompress(body)
        assert (raw[:4], len(raw)) == (b"DHUB", size)
    record = b'{"Sequence":7,"SystemTime":1,"Data":["1"]}'
    reply = b'{"NextCursor":"c","RecordCount":1,"StartSeq":7,"Records":[' + record + b"]}"
    schema = RecordSchema.from_lists(["a"], [FieldType.BIGINT])
    for kind in (bytes, bytearray, memoryview, Blob):
        batch = _native.decode_get(kind(reply), "json", "none", len(reply), schema._native)
        assert batch.rows() == [(1,)]
    with pytest.raises(TypeError, match="bytes-like"):
        _native.decode_get("text", "json", "none", 4, None)  # type: ignore[arg-type]


def test_routing_keys_of_rows() -> None:
    batch = RecordBatch.from_blobs([b"a", b"b"], partition_key=["x", None])
    assert [batch.partition_key(0), batch.partition_key(1)] == ["x", None]
    for name in ("shard_id", "hash_key", "partition_key"):
        for keys in ([None], [None] * 3):
            given: dict[str, Any] = {name: keys}
            with pytest.raises(InvalidArgumentError, match="keys"):
                RecordBatch.from_blobs([b"a", b"b"], **given)
    assert RecordBatch.from_blobs([]).rows() == []
    with pytest.raises(InvalidArgumentError):
        RecordBatch.from_blobs([b"a"], hash_key="xyz")


def test_records_are_pickled() -> None:
    batch = RecordBatch.from_rows(ALL_TYPES, ROWS, shard_id="7", attributes={"a": "b"})
    for record in [*batch, BlobRecord(b"x"), ALL_TYPES, Blob(b"y")]:
        again = pickle.loads(pickle.dumps(record))
        assert again == record
    assert pickle.loads(pickle.dumps(batch[0])).shard_id == "7"
    keyed = RecordBatch.from_blobs([b"x"], hash_key="0" * 32, partition_key="p")
    again = pickle.loads(pickle.dumps(keyed))
    assert (again.hash_key(0), again.partition_key(0)) == ("0" * 32, "p")


def test_results_are_pickled(hub: DataHub, tuple_topic: tuple[str, str]) -> None:
    keys = {"shard_id": "0", "partition_key": "p", "attributes": {"a": "b"}}
    hub.put_records(*tuple_topic, RecordBatch.from_rows(ALL_TYPES, ROWS, **keys))  # type: ignore[arg-type]
    result = hub.get_tuple_records(*tuple_topic, "0", ALL_TYPES, oldest(hub, tuple_topic))
    again = pickle.loads(pickle.dumps(result))
    assert (again.next_cursor, again.request_id) == (result.next_cursor, result.request_id)
    assert again.records.rows() == ROWS
    for mine, other in zip(result.records, again.records, strict=True):
        assert mine == other
        for name in Record.__slots__[2:]:
            assert getattr(mine, name) == getattr(other, name)
    blobs = RecordBatch.from_blobs([b"x", b""])
    assert [bytes(blob) for blob in pickle.loads(pickle.dumps(blobs)).blobs()] == [b"x", b""]


def test_nothing_is_kept_alive() -> None:
    record = TupleRecord(schema=ALL_TYPES, values=ROWS[0])

    class Marked(dict[str, str]):
        pass

    record.attributes = Marked(a="b")
    mark = weakref.ref(record.attributes)
    batch = RecordBatch.from_records([record])
    assert batch.attributes(0) == {"a": "b"}
    del record
    gc.collect()
    assert mark() is None
