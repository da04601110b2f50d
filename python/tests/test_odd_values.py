"""Values that are easily mistaken.

Each is kept exactly, or refused with the library's own error, which names record and column.
"""

from __future__ import annotations

import datetime
import fractions
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

import numpy
import pytest

from hubstream.datahub import DataHub
from hubstream.datahub.exceptions import InvalidParameterException
from hubstream.datahub.models import (
    ConnectorType,
    CursorType,
    Field,
    FieldType,
    OdpsConnectorConfig,
    OffsetBase,
    PartitionMode,
    RecordSchema,
    TupleRecord,
)
from hubstream.records import RecordBatch

REFUSED = object()
UTC = datetime.UTC


class Raises:
    """An object that is no number although it says so."""

    def __float__(self) -> float:
        raise ValueError("private")

    def __repr__(self) -> str:
        return "Raises()"


class RaisesIndex:
    def __index__(self) -> int:
        raise KeyError("private")


class NoFloat:
    def __float__(self) -> Any:
        return "1"


class Interrupted:
    def __float__(self) -> float:
        raise KeyboardInterrupt


NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "TIMESTAMP")
EVERY = (*NUMBERS, "FLOAT", "DOUBLE", "DECIMAL", "BOOLEAN", "STRING", "JSON")
NAN = float("nan")
INFINITY = math.inf
BIG = 2**63

# Columns, the value, and what is read back.
TABLE: list[tuple[tuple[str, ...], Any, Any]] = [
    (("BOOLEAN",), numpy.bool_(True), True),
    ((*NUMBERS, "FLOAT", "DOUBLE", "DECIMAL", "STRING", "JSON"), numpy.bool_(False), REFUSED),
    (("FLOAT", "DOUBLE"), Decimal("sNaN"), REFUSED),
    (("FLOAT", "DOUBLE"), Decimal("NaN"), NAN),
    (("FLOAT", "DOUBLE"), Decimal("-Infinity"), -INFINITY),
    (("FLOAT", "DOUBLE"), Decimal("-0"), -0.0),
    (("FLOAT", "DOUBLE"), Decimal("1E+400"), REFUSED),
    (("FLOAT", "DOUBLE"), Decimal("-1E+999999"), REFUSED),
    (("FLOAT", "DOUBLE"), Decimal("1E-999999"), 0.0),
    (("FLOAT",), Decimal("1E+39"), REFUSED),
    (("DOUBLE",), Decimal("0.1"), 0.1),
    (("DECIMAL",), Decimal("sNaN"), REFUSED),
    (("DECIMAL",), Decimal("NaN"), REFUSED),
    (("DECIMAL",), Decimal("Infinity"), REFUSED),
    (("DECIMAL",), Decimal("-0.00"), Decimal("-0.00")),
    (("DECIMAL",), Decimal("1E+999999"), REFUSED),
    (("DECIMAL",), Decimal("1E-999999"), REFUSED),
    (("DECIMAL",), Decimal("1E+20"), Decimal(10**20)),
    (("DECIMAL",), NAN, REFUSED),
    (("DECIMAL",), 1.5, REFUSED),
    ((*NUMBERS, "BOOLEAN", "STRING", "JSON"), Decimal("1"), REFUSED),
    (("FLOAT", "DOUBLE"), NAN, NAN),
    (("FLOAT", "DOUBLE"), -INFINITY, -INFINITY),
    (("FLOAT", "DOUBLE"), -0.0, -0.0),
    (("FLOAT",), 3.5e38, REFUSED),
    ((*NUMBERS, "BOOLEAN", "STRING", "JSON"), NAN, REFUSED),
    ((*NUMBERS, "BOOLEAN", "STRING", "JSON"), 1.0, REFUSED),
    (("TINYINT",), 128, REFUSED),
    (("SMALLINT",), -32769, REFUSED),
    (("INTEGER",), 2**31, REFUSED),
    (("BIGINT",), BIG - 1, BIG - 1),
    (("BIGINT",), -BIG, -BIG),
    ((*NUMBERS, "BOOLEAN", "STRING", "JSON"), BIG, REFUSED),
    ((*NUMBERS, "BOOLEAN", "STRING", "JSON"), -BIG - 1, REFUSED),
    (("STRING", "JSON", "BOOLEAN"), 1, REFUSED),
    (("FLOAT", "DOUBLE"), BIG, float(BIG)),
    (("FLOAT", "DOUBLE"), BIG + 1, REFUSED),
    (("DOUBLE",), 2**53 + 1, REFUSED),
    (("FLOAT",), 2**24 + 1, REFUSED),
    (("FLOAT",), 2**128, REFUSED),
    (("FLOAT", "DOUBLE"), 10**400, REFUSED),
    (("DECIMAL",), BIG, Decimal(BIG)),
    (EVERY, 10**20_000, REFUSED),
    (("BOOLEAN",), True, True),
    (tuple(kind for kind in EVERY if kind != "BOOLEAN"), True, REFUSED),
    (EVERY, "\ud800", REFUSED),
    (EVERY, "a\udc00b", REFUSED),
    (("DOUBLE",), "1e400", REFUSED),
    ((*NUMBERS, "FLOAT", "DOUBLE", "DECIMAL", "BOOLEAN"), "x", REFUSED),
    (EVERY, b"1", REFUSED),
    (EVERY, bytearray(b"1"), REFUSED),
    (EVERY, datetime.datetime(2020, 1, 1, tzinfo=UTC), REFUSED),
    (EVERY, datetime.datetime(2020, 1, 1), REFUSED),
    (EVERY, datetime.datetime(9999, 12, 31, tzinfo=UTC), REFUSED),
    (EVERY, datetime.date(2020, 1, 1), REFUSED),
    (EVERY, datetime.timedelta(1), REFUSED),
    (("TIMESTAMP",), -1, -1),
    (("TIMESTAMP",), BIG - 1, REFUSED),
    (("DOUBLE",), fractions.Fraction(1, 4), 0.25),
    (EVERY, fractions.Fraction(10**400), REFUSED),
    (EVERY, 1j, REFUSED),
    (EVERY, Raises(), REFUSED),
    (EVERY, RaisesIndex(), REFUSED),
    (EVERY, NoFloat(), REFUSED),
    (EVERY, [1], REFUSED),
    (EVERY, {}, REFUSED),
    (EVERY, object(), REFUSED),
]
CASES = [(kind, value, expected) for kinds, value, expected in TABLE for kind in kinds]


def schema(kind: str) -> RecordSchema:
    return RecordSchema([Field("name", FieldType.STRING), Field("value", FieldType[kind])])


def by_rows(kind: str, value: Any) -> RecordBatch:
    return RecordBatch.from_rows(schema(kind), [["first", None], ["second", value]])


def by_tuples(kind: str, value: Any) -> RecordBatch:
    return RecordBatch.from_rows(schema(kind), (("first", None), ("second", value)))


def by_records(kind: str, value: Any) -> RecordBatch:
    columns = schema(kind)
    rows = (["first", None], ["second", value])
    return RecordBatch.from_records([TupleRecord(schema=columns, values=row) for row in rows])


def same(one: Any, other: Any) -> bool:
    if isinstance(other, float) and isinstance(one, float):
        return (math.isnan(one) and math.isnan(other)) or (
            one == other and math.copysign(1, one) == math.copysign(1, other)
        )
    return type(one) is type(other) and str(one) == str(other)


@pytest.mark.parametrize("make", [by_rows, by_tuples, by_records])
def test_every_value_is_kept_or_refused(make: Any) -> None:
    wrong = []
    for kind, value, expected in CASES:
        try:
            found = make(kind, value).rows()[1][1]
        except InvalidParameterException as error:
            found = REFUSED
            said = str(error)
            # A `TupleRecord` is checked when it is made, and is then the only one.
            number = 0 if make is by_records else 1
            if f"record {number}, field `value`" not in said or "private" in said:
                wrong.append((kind, type(value), said))
        except Exception as error:
            found = error
        if not (found is expected or same(found, expected)):
            shown = (
                f"10^{len(bin(value)) // 3}"
                if isinstance(value, int) and value > BIG**2
                else repr(value)
            )
            wrong.append((kind, shown, expected, found))
    assert len(CASES) > 250
    assert not wrong


class Shortens(Decimal):
    """A number that takes the values behind it out of their list when it is asked for its text."""

    row: list[Any]

    def __str__(self) -> str:
        del self.row[1:]
        return super().__str__()


def test_a_row_may_change_while_it_is_read() -> None:
    columns = RecordSchema([Field("a", FieldType.DECIMAL), Field("b", FieldType.STRING)])
    value = Shortens("1.5")
    value.row = [value, "gone"]
    with pytest.raises(
        InvalidParameterException, match="record 0, field `b`: fewer values than the 2 columns"
    ):
        RecordBatch.from_rows(columns, [value.row])


class Pair(tuple[Any, ...]):
    pass


class Several(list[Any]):
    pass


def test_rows_are_any_sequence() -> None:
    columns = RecordSchema(
        [Field(kind.name, kind) for kind in (FieldType.BIGINT, FieldType.BOOLEAN, FieldType.STRING)]
    )
    row = [2**60, True, "x"]
    rows: list[Any] = [
        row,
        tuple(row),
        Pair(row),
        Several(row),
        numpy.array(row, dtype=object),
        dict.fromkeys(row),
    ]
    assert RecordBatch.from_rows(columns, rows[:-1]).rows() == [tuple(row)] * 5
    with pytest.raises(InvalidParameterException, match="record 5: a sequence of values is needed"):
        RecordBatch.from_rows(columns, rows)


def test_an_interruption_is_none_of_the_value() -> None:
    with pytest.raises(KeyboardInterrupt):
        by_rows("DOUBLE", Interrupted())


@pytest.mark.parametrize("name", ["shard_id", "hash_key", "partition_key"])
@pytest.mark.parametrize("key", ["\ud800", 7, b"0"])
def test_routing_keys_are_text(name: str, key: Any) -> None:
    record = TupleRecord(schema=schema("STRING"), values=["a", "b"])
    setattr(record, name, key)
    with pytest.raises(InvalidParameterException, match=name):
        RecordBatch.from_records([record])


def with_attribute(key: Any, value: Any) -> RecordBatch:
    record = TupleRecord(schema=schema("STRING"), values=["a", "b"])
    record.put_attribute(key, value)
    return RecordBatch.from_records([record])


def test_attributes_are_texts() -> None:
    for key, value in [("\ud800", "v"), ("k", "\ud800"), ("k", 1), (1, "v")]:
        with pytest.raises(InvalidParameterException, match=r"attribute"):
            with_attribute(key, value)


def target(text: str) -> OdpsConnectorConfig:
    return OdpsConnectorConfig(
        project_name=text,
        table_name="table",
        odps_endpoint="endpoint",
        tunnel_endpoint="endpoint",
        partition_mode=PartitionMode.SYSTEM_TIME,
        time_range=15,
    )


# What the error names, and how a text gets there.
PLACES: list[tuple[str, Callable[[DataHub, str], object]]] = [
    ("project_name", lambda hub, text: hub.create_project(text, "comment")),
    ("comment", lambda hub, text: hub.create_project("name", text)),
    (
        "cursor_type",
        lambda hub, text: hub.get_cursor("name", "topic", "0", cast("CursorType", text)),
    ),
    (r"shard_ids\[1\]", lambda hub, text: hub.activate_shards("name", "topic", ["0", text])),
    (
        "offsets",
        lambda hub, text: hub.reset_subscription_offset(
            "name", "topic", "sub", {text: OffsetBase(0, 0)}
        ),
    ),
    (
        r"config\[project_name\]",
        lambda hub, text: hub.create_connector(
            "name", "topic", ConnectorType.SINK_ODPS, [], target(text)
        ),
    ),
    ("name of a field", lambda _, text: Field(text, FieldType.STRING)),
    ("comment of `a`", lambda _, text: Field("a", FieldType.STRING, True, text)),
    ("record schema", lambda _, text: RecordSchema.from_json_str(text)),
    ("name of a column", lambda _, text: schema("STRING").index_of(text)),
    ("url", lambda _, text: DataHub.from_url(text)),
    ("endpoint", lambda _, text: DataHub("id", "key", text)),
    ("access_id", lambda _, text: DataHub(text, "key", "http://localhost")),
]


@pytest.mark.parametrize("text", ["\ud800", "a\udfff"])
@pytest.mark.parametrize(("place", "give"), PLACES)
def test_arguments_are_text(
    place: str, give: Callable[[DataHub, str], object], text: str, hub: DataHub
) -> None:
    sent = hub.stats().attempts
    with pytest.raises(InvalidParameterException, match=place):
        give(hub, text)
    assert hub.stats().attempts == sent
