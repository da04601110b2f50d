"""Records as Arrow columns, and Arrow data as records, with the libraries that people use."""

from __future__ import annotations

import asyncio
import gc
import threading
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from hubstream._arrow import put_all
from hubstream.datahub import DataHub
from hubstream.datahub.aio import DataHub as AsyncDataHub
from hubstream.datahub.models import (
    Field,
    FieldType,
    PutRecordsResult,
    RecordBatch,
    RecordSchema,
)
from hubstream.errors import InvalidArgumentError
from hubstream.testing import Emulator
from sample import ALL_TYPES, oldest

ROWS: list[tuple[object, ...]] = [
    (-(2**7), -(2**15), -(2**31), -(2**63), "", False, -62_135_798_400_000_000, -1.5, 5e-324,
     Decimal("-99999999999999999999.5"), "null"),
    (2**7 - 1, 2**15 - 1, 2**31 - 1, 2**63 - 1, "\U0001f600 ÄÖ\n\x00", True,
     253_402_271_999_000_000, 3.0, 0.1, Decimal("0.000000000000000001"), '{"a": 1}'),
    (None,) * 11,
    (1, 2, 3, 4, "text", True, 1_700_000_000_123_456, 0.5, 0.25, Decimal("1.50"), "[]"),
]  # fmt: skip
LONG = Decimal("123456789012345678901234567890.123456789012345")

SALES = RecordSchema(
    [
        Field("id", FieldType.BIGINT, False),
        Field("name", FieldType.STRING),
        Field("price", FieldType.DECIMAL),
        Field("at", FieldType.TIMESTAMP),
    ]
)
MOMENT = datetime(2026, 5, 4, 3, 2, 1, 123_456, UTC)
MICROSECONDS = 1_777_863_721_123_456
TABLE = pa.table(
    {
        "ID": pa.array([1, 2, 3], pa.int32()),
        "name": ["tea", None, "Käse"],
        "at": pa.array([MOMENT, None, MOMENT], pa.timestamp("us", "UTC")),
        "price": pa.array([Decimal("2.50"), None, Decimal("-0.01")], pa.decimal128(10, 2)),
    }
)
SALES_ROWS = [
    (1, "tea", Decimal("2.50"), MICROSECONDS),
    (2, None, None, None),
    (3, "Käse", Decimal("-0.01"), MICROSECONDS),
]


def all_types() -> RecordBatch:
    return RecordBatch.from_rows(ALL_TYPES, ROWS)


def test_every_type_becomes_a_column_and_a_record_again() -> None:
    batch = all_types()
    table = pa.table(batch)
    assert table.schema == pa.schema(batch)
    assert [str(kind) for kind in table.schema.types] == [
        "int8", "int16", "int32", "int64", "string", "bool", "timestamp[us, tz=UTC]", "float",
        "double", "decimal128(38, 18)", "string",
    ]  # fmt: skip
    times = table["timestamp"].cast(pa.int64())
    table = table.set_column(6, "timestamp", times)
    assert list(zip(*(column.to_pylist() for column in table.columns), strict=True)) == ROWS
    assert RecordBatch.from_arrow(ALL_TYPES, batch).rows() == ROWS
    assert RecordBatch.from_arrow(ALL_TYPES, table).rows() == ROWS
    assert RecordBatch.from_arrow(ALL_TYPES, batch[3:]).rows() == ROWS[3:]
    assert pa.table(batch[:0]).num_rows == 0


def test_records_that_were_received_become_columns(hub: DataHub, tuple_topic: Any) -> None:
    hub.put_records_by_shard(*tuple_topic, "0", all_types())
    for protocol in ("protobuf", "json", "batch"):
        client = DataHub("emulator", "emulator", hub.endpoint, protocol=protocol)
        cursor = oldest(client, tuple_topic)
        result = client.get_tuple_records(*tuple_topic, "0", ALL_TYPES, cursor, 10)
        expected = pa.table(all_types())
        assert pa.table(result.records).equals(expected)
        assert pa.table(result.records.to_arrow(views=True)).cast(expected.schema).equals(expected)
        metadata = pa.table(result.records.to_arrow(metadata=True)).select(range(11, 17))
        assert metadata["__sequence"].to_pylist() == [record.sequence for record in result.records]
        assert metadata["__system_time"].cast(pa.int64()).to_pylist() == [
            record.system_time for record in result.records
        ]


def test_metadata_goes_both_ways() -> None:
    batch = RecordBatch.from_rows(
        SALES,
        [(1, "a", None, None), (2, "b", None, None)],
        shard_id=["0", None],
        hash_key=[None, "0" * 32],
        partition_key="käse",
        attributes={"k": "v", "x": ""},
    )
    table = pa.table(batch.to_arrow(metadata=True))
    assert table["__shard_id"].to_pylist() == ["0", None]
    assert table["__attributes"].to_pylist() == [[("k", "v"), ("x", "")]] * 2
    for data in (table, batch.to_arrow(metadata=True), pl.DataFrame(table)):
        records = list(RecordBatch.from_arrow(SALES, data))
        assert [record.shard_id for record in records] == ["0", ""]
        assert [record.hash_key for record in records] == ["", "0" * 32]
        assert [record.partition_key for record in records] == ["käse"] * 2
        assert [record.attributes for record in records] == [{"k": "v", "x": ""}] * 2
    bad = table.set_column(7, "__hash_key", pa.array(["0", "way too short"]))
    with pytest.raises(InvalidArgumentError, match="record 1, field `__hash_key`"):
        RecordBatch.from_arrow(SALES, bad)
    clash = RecordBatch.from_rows(RecordSchema([Field("__Sequence", FieldType.BIGINT)]), [(1,)])
    with pytest.raises(InvalidArgumentError, match="`__sequence`"):
        pa.table(clash.to_arrow(metadata=True))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1.50", None], "decimal128(38, 18)"),
        ([LONG, Decimal("-1e-18")], "decimal256(76, 18)"),
        ([LONG, Decimal("1e-30")], "decimal256(76, 30)"),
        ([Decimal("1e75"), Decimal("1e-30")], "string"),
    ],
)
def test_no_digit_of_a_decimal_is_lost(values: list[Any], kind: str) -> None:
    schema = RecordSchema([Field("d", FieldType.DECIMAL)])
    batch = RecordBatch.from_rows(schema, [(value,) for value in values])
    table = pa.table(batch)
    assert str(table.schema.field("d").type) == kind
    assert pa.schema(batch) == table.schema
    expected = [None if value is None else Decimal(value) for value in values]
    given = table["d"].to_pylist()
    assert [value if value is None else Decimal(value) for value in given] == expected
    assert RecordBatch.from_arrow(schema, table).column("d") == expected
    text = pa.table(batch.to_arrow(decimal="text"))["d"]
    assert RecordBatch.from_arrow(schema, pa.table({"d": text})).column("d") == expected


def test_the_type_of_decimals_can_be_chosen() -> None:
    batch = RecordBatch.from_rows(SALES, [(1, "a", "1.5", 0), (2, "b", "12.25", 0)])
    narrow = pa.table(batch.to_arrow(decimal=(6, 2)))
    assert narrow.schema.field("price").type == pa.decimal128(6, 2)
    wide = pa.table(batch.to_arrow(decimal=(50, 2)))
    assert wide.schema.field("price").type == pa.decimal256(50, 2)
    asked = pa.schema([("price", pa.decimal128(9, 3)), ("name", pa.string_view())])
    _, array = batch.__arrow_c_array__(asked.__arrow_c_schema__())
    assert array is not None
    given = pa.RecordBatch._import_from_c_capsule(
        *batch.__arrow_c_array__(asked.__arrow_c_schema__())
    )
    assert given.schema.field("price").type == pa.decimal128(9, 3)
    assert given.schema.field("name").type == pa.string_view()
    with pytest.raises(InvalidArgumentError, match=r"record 1, field `price`"):
        pa.table(batch.to_arrow(decimal=(4, 1)))
    for bad in ("float", (5, -1), 5, (1, 2, 3)):
        with pytest.raises(ValueError, match="decimal"):
            batch.to_arrow(decimal=bad)  # type: ignore[arg-type]
    for size in ((0, 0), (77, 1), (5, 6), (255, 255)):
        with pytest.raises(InvalidArgumentError, match="DECIMAL cannot be given as"):
            pa.schema(batch.to_arrow(decimal=size))


def test_blobs_are_a_column_of_bytes() -> None:
    blobs = [b"", b"short", b"x" * 10_000]
    batch = RecordBatch.from_blobs(blobs)
    table = pa.table(batch)
    assert table.schema == pa.schema([("data", pa.binary())])
    assert table["data"].to_pylist() == blobs
    views = pa.table(batch.to_arrow(views=True))
    assert views.schema.field("data").type == pa.binary_view()
    assert views["data"].to_pylist() == blobs
    for kind in (pa.binary(), pa.large_binary(), pa.binary_view()):
        table = pa.table({"anything": pa.array(blobs, kind)})
        assert [bytes(blob) for blob in RecordBatch.from_arrow(None, table).blobs()] == blobs
    text = RecordBatch.from_arrow(None, pl.DataFrame({"line": ["ä", "b"]}))
    assert [bytes(blob) for blob in text.blobs()] == ["ä".encode(), b"b"]
    with pytest.raises(InvalidArgumentError, match="record 1, field `data`: null"):
        RecordBatch.from_arrow(None, pa.table({"data": [b"a", None]}))
    with pytest.raises(InvalidArgumentError, match="`other`"):
        RecordBatch.from_arrow(None, pa.table({"data": [b"a"], "other": [1]}))
    with pytest.raises(InvalidArgumentError, match="field `n`"):
        RecordBatch.from_arrow(None, pa.table({"n": [1]}))


def polars_frame() -> pl.DataFrame:
    return pl.DataFrame(TABLE)


def pandas_frame() -> pd.DataFrame:
    frame = TABLE.to_pandas(types_mapper=pd.ArrowDtype)
    frame["ID"] = [1.0, 2.0, 3.0]  # as integers come out of pandas that once had a missing one
    return frame


def duckdb_relation() -> duckdb.DuckDBPyRelation:
    return duckdb.connect().from_arrow(TABLE).filter("true").order("id")


@pytest.mark.parametrize(
    "make",
    [
        lambda: TABLE,
        lambda: TABLE.combine_chunks().to_batches()[0],
        lambda: TABLE.to_reader(max_chunksize=2),
        lambda: TABLE.cast(
            pa.schema(
                [
                    ("ID", pa.uint64()),
                    ("name", pa.large_string()),
                    ("at", pa.timestamp("ns")),
                    ("price", pa.decimal256(50, 5)),
                ]
            )
        ),
        lambda: TABLE.set_column(1, "name", TABLE["name"].dictionary_encode()),
        lambda: TABLE.slice(0).select([3, 2, 1, 0]),
        polars_frame,
        lambda: polars_frame().with_columns(pl.col("name").cast(pl.Categorical)),
        pandas_frame,
        duckdb_relation,
    ],
)
def test_data_of_every_library_becomes_records(make: Any) -> None:
    assert RecordBatch.from_arrow(SALES, make()).rows() == SALES_ROWS


def test_every_library_takes_records() -> None:
    batch = RecordBatch.from_rows(SALES, SALES_ROWS)
    names = ["tea", None, "Käse"]
    for data in (batch, batch.to_arrow(), batch.to_arrow(views=True)):
        assert pa.record_batch(data).num_rows == 3
        assert pa.RecordBatchReader.from_stream(data).read_all()["name"].to_pylist() == names
        frame = pl.DataFrame(data)
        assert frame["name"].to_list() == names
        assert frame["price"].to_list() == [Decimal("2.5"), None, Decimal("-0.01")]
        assert frame["at"].to_list() == [MOMENT, None, MOMENT]
        relation = duckdb.from_arrow(data)
        assert relation.aggregate('sum(price), max(epoch_us("at"))').fetchall() == [
            (Decimal("2.49"), MICROSECONDS)
        ]
        series = pd.DataFrame.from_arrow(data)["name"]
        assert [None if pd.isna(name) else name for name in series] == names


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("id", pa.array([1, 2**63], pa.uint64()), r"record 1, field `id`: `9223372036854775808`"),
        ("id", pa.array([1, None]), "record 1, field `id`: null"),
        ("id", pa.array([1.0, 1.5]), r"record 1, field `id`: `1.5`"),
        ("id", pa.array([1.0, float("nan")]), r"record 1, field `id`: `nan`"),
        ("id", pa.array(["1", ""]), r"record 1, field `id`"),
        ("id", pa.array([Decimal("1.0"), Decimal("1.5")]), r"record 1, field `id`: `1.5`"),
        ("id", pa.array([True, False]), "field `id`: Arrow's Boolean is not a type for BIGINT"),
        ("id", pa.array([[1], [2]]), "field `id`: Arrow's List.* is not a type for BIGINT"),
        ("name", pa.array([1, 2]), "field `name`: Arrow's Int64 is not a type for STRING"),
        ("price", pa.array(["1", "x"]), r"record 1, field `price`: `x` is not a valid DECIMAL"),
        ("price", pa.array([0.1, 0.2]), "field `price`: Arrow's Float64 is not a type"),
        ("at", pa.array([1000, 1001], pa.timestamp("ns")), r"record 1, field `at`: `1001"),
        ("at", pa.array([0, 2**60], pa.timestamp("s")), r"record 1, field `at`"),
        ("AT", pa.array([1, 2]), "field `AT`: the data has two columns of this name"),
        ("more", pa.array([1, 2]), "field `more`: the topic has no such column"),
    ],
)
def test_what_does_not_fit_is_named(column: str, values: pa.Array, message: str) -> None:
    table = pa.table({"id": [1, 2], "name": ["a", "b"], "price": [None, None], "at": [0, 0]})
    place = table.schema.get_field_index(column)
    if place < 0:
        table = table.append_column(column, values)
    else:
        table = table.set_column(place, column, values)
    with pytest.raises(InvalidArgumentError, match=message) as caught:
        RecordBatch.from_arrow(SALES, table)
    assert caught.value.context["argument"] == "records"
    # Records are counted from the beginning of the data.
    if message.startswith("record 1") and len(table) == 2:
        stream = pa.Table.from_batches(
            [*table.slice(0, 1).to_batches() * 3, *table.slice(1).to_batches()]
        )
        with pytest.raises(InvalidArgumentError, match=message.replace("record 1", "record 3")):
            RecordBatch.from_arrow(SALES, stream)


def test_columns_may_be_missing_where_null_is_allowed() -> None:
    rows = RecordBatch.from_arrow(SALES, pa.table({"id": [7]})).rows()
    assert rows == [(7, None, None, None)]
    with pytest.raises(InvalidArgumentError, match="field `id`: the data has no such column"):
        RecordBatch.from_arrow(SALES, pa.table({"name": ["a"]}))
    with pytest.raises(InvalidArgumentError, match="none of the columns"):
        RecordBatch.from_arrow(RecordSchema([Field("a", FieldType.JSON)]), pa.table({}))


def test_conversions_that_lose_nothing() -> None:
    schema = RecordSchema([Field(kind.value, kind) for kind in FieldType])
    table = pa.table(
        {
            "tinyint": pa.array([12], pa.float32()),
            "smallint": pa.array([12], pa.decimal128(5, 2)),
            "integer": ["12"],
            "bigint": pa.array([2**63 - 1], pa.uint64()),
            "string": pa.array(["x"], pa.string_view()),
            "boolean": ["true"],
            "timestamp": [date(1970, 1, 2)],
            "float": [16_777_216],
            "double": pa.array([Decimal("0.1")]),
            "decimal": pa.array([2**64 - 1], pa.uint64()),
            "json": pa.array(["[1]"]).dictionary_encode(),
        }
    )
    day = timedelta(days=1) // timedelta(microseconds=1)
    row = (12, 12, 12, 2**63 - 1, "x", True, day, 16_777_216.0, 0.1, Decimal(2**64 - 1), "[1]")
    assert RecordBatch.from_arrow(schema, table).rows() == [row]


class Counted:
    """Arrow data that tells when it was released, how much of it was read, and by which threads."""

    def __init__(self, batches: int, rows: int = 1000, fail_at: int = -1) -> None:
        self.read = 0
        self.threads: set[int] = set()
        self._batches, self._rows, self._fail_at = batches, rows, fail_at
        self.released = False

    def _make(self) -> Iterator[pa.RecordBatch]:
        try:
            for number in range(self._batches):
                if number == self._fail_at:
                    raise RuntimeError("the source dried up")
                self.read += 1
                self.threads.add(threading.get_ident())
                yield pa.record_batch({"id": list(range(self._rows))})
        finally:
            self.released = True

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        schema = pa.schema([("id", pa.int64())])
        reader = pa.RecordBatchReader.from_batches(schema, self._make())
        return reader.__arrow_c_stream__(requested_schema)


def test_capsules_release_what_they_hold() -> None:
    blob = b"x" * 1_000_000
    batch = RecordBatch.from_blobs([blob])
    tracemalloc.start()
    try:
        for _ in range(50):
            capsules = [batch.__arrow_c_stream__(), batch.__arrow_c_schema__()]
            capsules.extend(batch.__arrow_c_array__())
            del capsules
            schema, array = batch.__arrow_c_array__()
            pa.RecordBatch._import_from_c_capsule(schema, array)
        gc.collect()
    finally:
        tracemalloc.stop()
    # What was imported lives on without the batch.
    table = pa.table(RecordBatch.from_blobs([blob]).to_arrow(views=True))
    gc.collect()
    assert table["data"].to_pylist() == [blob]


def test_a_capsule_is_taken_once() -> None:
    class Once:
        def __init__(self, capsule: object) -> None:
            self.capsule = capsule

        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return self.capsule

    class OnceArray:
        def __init__(self, capsules: object) -> None:
            self.capsules = capsules

        def __arrow_c_array__(self, requested_schema: object = None) -> object:
            return self.capsules

    batch = RecordBatch.from_rows(SALES, SALES_ROWS)
    for data in (
        Once(batch.__arrow_c_stream__()),
        Once(TABLE.__arrow_c_stream__()),
        OnceArray(batch.__arrow_c_array__()),
    ):
        assert RecordBatch.from_arrow(SALES, data).rows() == SALES_ROWS  # type: ignore[arg-type]
        with pytest.raises(InvalidArgumentError, match="taken by another reader"):
            RecordBatch.from_arrow(SALES, data)  # type: ignore[arg-type]
    for wrong in (Once(batch.__arrow_c_schema__()), Once(5), OnceArray((1, 2)), OnceArray(())):
        with pytest.raises((TypeError, ValueError, IndexError)):
            RecordBatch.from_arrow(SALES, wrong)  # type: ignore[arg-type]
    for array in (pa.array([1, 2]), pa.chunked_array([[1, 2]])):
        with pytest.raises(InvalidArgumentError, match=r"columns are needed, .* Int64"):
            RecordBatch.from_arrow(SALES, array)
    with pytest.raises(InvalidArgumentError, match="__arrow_c_stream__ is needed, not list"):
        RecordBatch.from_arrow(SALES, [1, 2])  # type: ignore[arg-type]


def test_a_source_that_fails_is_released_and_its_words_are_kept() -> None:
    data = Counted(3, fail_at=1)
    with pytest.raises(InvalidArgumentError, match="the source dried up"):
        RecordBatch.from_arrow(SALES, data)
    gc.collect()
    assert data.released


def test_tables_are_put_into_topics(hub: DataHub) -> None:
    hub.create_project("shop", "")
    hub.create_tuple_topic("shop", "sales", 1, 7, SALES, "")
    hub.wait_shards_ready("shop", "sales")
    topic = ("shop", "sales")
    for data in (TABLE, polars_frame(), pandas_frame(), duckdb_relation()):
        result = hub.put_records(*topic, data)
        assert (result.failed_record_count, result.failed_records) == (0, [])
    assert hub.put_records_by_shard(*topic, "0", TABLE).failed_records == []
    records = hub.get_tuple_records(*topic, "0", SALES, oldest(hub, topic), 100).records
    assert records.rows() == SALES_ROWS * 5
    # Nothing is no error, and the data is mapped before anything is put.
    assert hub.put_records(*topic, TABLE.slice(0, 0)).failed_record_count == 0
    with pytest.raises(InvalidArgumentError, match="`price2`"):
        hub.put_records(*topic, TABLE.rename_columns(["id", "name", "at", "price2"]))


def test_large_data_is_put_in_several_requests(hub: DataHub, hubstream_emulator: Emulator) -> None:
    hub.create_project("shop", "")
    hub.create_tuple_topic("shop", "sales", 1, 7, SALES, "")
    hub.wait_shards_ready("shop", "sales")
    topic = ("shop", "sales")
    data = Counted(25)
    result = hub.put_records(*topic, data)
    assert (data.read, data.released, result.failed_record_count) == (25, True, 0)
    last = hub.get_cursor(*topic, "0", "LATEST")  # type: ignore[arg-type]
    assert last.sequence == 24_999
    # Long records are cut by their size.
    text = pa.table({"id": list(range(40)), "name": ["x" * 250_000] * 40})
    assert hub.put_records(*topic, text).failed_record_count == 0
    assert hub.get_cursor(*topic, "0", "LATEST").sequence == 25_039  # type: ignore[arg-type]
    # What fails later says how far it came.
    failing = Counted(25, fail_at=22)
    with pytest.raises(InvalidArgumentError, match="dried up") as caught:
        hub.put_records_by_shard(*topic, "0", failing)
    assert caught.value.__notes__ == ["the first 20000 records of the data were put before"]
    with pytest.raises(InvalidArgumentError, match="dried up") as caught:
        hub.put_records_by_shard(*topic, "0", Counted(25, fail_at=0))
    assert not hasattr(caught.value, "__notes__")
    assert hub.get_cursor(*topic, "0", "LATEST").sequence == 45_039  # type: ignore[arg-type]


def test_failed_records_are_counted_over_all_requests(hub: DataHub) -> None:
    hub.create_project("shop", "")
    hub.create_tuple_topic("shop", "sales", 1, 7, SALES, "")
    hub.wait_shards_ready("shop", "sales")
    shards = ["0"] * 15_000
    shards[3] = shards[12_345] = "77"
    data = pa.table({"id": range(15_000), "__shard_id": shards})
    result = hub.put_records("shop", "sales", data)
    assert [failed.index for failed in result.failed_records] == [3, 12_345]
    assert result.failed_record_count == 2


def test_several_requests_have_the_id_of_the_last() -> None:
    ids = ["first", "last"]
    result = put_all(SALES, Counted(15), lambda _: PutRecordsResult(0, [], ids.pop(0)))
    assert (result.request_id, ids) == ("last", [])


class OneArray:
    """Arrow data that is no stream."""

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        [batch] = TABLE.to_batches()
        arrays: tuple[object, object] = batch.__arrow_c_array__(requested_schema)
        return arrays


def test_coroutines_take_arrow_data(hubstream_emulator: Emulator) -> None:
    async def program() -> None:
        endpoint = hubstream_emulator.datahub_url
        async with AsyncDataHub("emulator", "emulator", endpoint) as hub:
            await hub.create_project("shop", "")
            await hub.create_tuple_topic("shop", "sales", 1, 7, SALES, "")
            await hub.wait_shards_ready("shop", "sales")
            await hub.put_records("shop", "sales", TABLE)
            await hub.put_records_by_shard("shop", "sales", "0", polars_frame())
            await hub.put_records_by_shard("shop", "sales", "0", OneArray())
            cursor = await hub.get_cursor("shop", "sales", "0", "OLDEST")
            got = await hub.get_tuple_records("shop", "sales", "0", SALES, cursor.cursor, 10)
            assert got.records.rows() == SALES_ROWS * 3
            failing = Counted(12, fail_at=11)
            with pytest.raises(InvalidArgumentError) as caught:
                await hub.put_records("shop", "sales", failing)
            assert "10000 records" in caught.value.__notes__[0]
            # The event loop goes on meanwhile.
            assert threading.get_ident() not in failing.threads

    asyncio.run(program())


def test_blob_topics_take_arrow_data(hub: DataHub, blob_topic: tuple[str, str]) -> None:
    blobs = [b"one", b"two" * 3000]
    hub.put_records(*blob_topic, pa.table({"payload": blobs}))
    records = hub.get_blob_records(*blob_topic, "0", oldest(hub, blob_topic), 10).records
    assert pa.table(records)["data"].to_pylist() == blobs
    assert pa.table(records.to_arrow(views=True))["data"].to_pylist() == blobs
