"""What is exchanged: topics of each kind, and their records as lines of JSON."""

from __future__ import annotations

import json
import math
import struct
from base64 import b64encode
from dataclasses import dataclass
from decimal import Decimal

from hubstream.datahub.models import FieldType, RecordSchema

COLUMNS = {
    "tiny": FieldType.TINYINT,
    "small": FieldType.SMALLINT,
    "whole": FieldType.INTEGER,
    "big": FieldType.BIGINT,
    "single": FieldType.FLOAT,
    "number": FieldType.DOUBLE,
    "flag": FieldType.BOOLEAN,
    "moment": FieldType.TIMESTAMP,
    "text": FieldType.STRING,
    "amount": FieldType.DECIMAL,
}
DOCUMENTS = {"id": FieldType.BIGINT, "document": FieldType.JSON}

ATTRIBUTES = {"empty": "", "key": "a value"}
WIDE = {"schlüssel": "wert 😀", "key": "€"}


# What not every client can write.
NULLS = "NULLs"
WIDE_ATTRIBUTES = "attributes beyond ASCII"


@dataclass(frozen=True)
class Row:
    """A record, as lines carry it."""

    content: dict
    attributes: dict[str, str]
    trait: str = ""

    @property
    def values(self) -> list:
        return self.content.get("values", [])

    def line(self, further: dict[str, str]) -> str:
        return json.dumps({**self.content, "attributes": self.attributes | further})


def row(values: list, attributes: dict[str, str] | None = None, trait: str = "") -> Row:
    return Row({"values": values}, attributes or {}, trait)


def blob(data: bytes, attributes: dict[str, str] | None = None, trait: str = "") -> Row:
    return Row({"data": b64encode(data).decode()}, attributes or {}, trait)


ORDINARY = ["1", "2", "3", "4", "0.1", "0.1", True, "1700000000000000", "text", "1.50"]
SMALLEST = ["-128", "-32768", "-2147483648", "-9223372036854775807", "-3.4028235e38", "-1.7976931348623157e308", False]
LARGEST = ["127", "32767", "2147483647", "9223372036854775807", "3.4028235e38", "1.7976931348623157e308", True]
TINIEST = ["0", "0", "0", "0", "1e-45", "5e-324", False]
ROUND = ["-1", "-1", "-1", "-1", "16777216", "1e16", True]

TUPLES = [
    row(ORDINARY, ATTRIBUTES),
    row([*SMALLEST, "0", "", "-" + "9" * 45]),
    row([*LARGEST, "253402271999000000", 'ä€😀\n"\\\t', "9" * 45]),
    row([*TINIEST, "1", "1234567", "0.000000000000000000000000000000000000000000001"]),
    row([*ROUND, "1", "x" * 5000, "-123456789.0123456789"]),
]
WITH_NULLS = [
    [None] * len(COLUMNS),
    *([None if place == null else value for place, value in enumerate(ORDINARY)] for null in range(len(COLUMNS))),
]
BLOBS = [
    blob(b"text", ATTRIBUTES),
    blob(bytes(range(256))),
    blob(b"0123456789" * 10000),
    blob(b"text", WIDE, WIDE_ATTRIBUTES),
]

# Each kind of topic: its columns, none for blobs, and its records.
KINDS = {
    "tuples": (COLUMNS, TUPLES + [row(values, trait=NULLS) for values in WITH_NULLS]),
    "documents": (DOCUMENTS, [row(["1", '{"a": [1, 2.5, "ü", null], "b": {"c": true}}']), row(["2", None])]),
    "blobs": (None, BLOBS),
    "empty blobs": (None, [blob(b"")]),
}


def schema_of(kind: str) -> RecordSchema | None:
    columns = KINDS[kind][0]
    return columns and RecordSchema.from_lists(list(columns), list(columns.values()))


def types_of(kind: str) -> list[FieldType]:
    return list((KINDS[kind][0] or {}).values())


def single(text: str) -> float:
    """The single that a text stands for; the texts here are short enough for one rounding after another."""
    return struct.unpack("<f", struct.pack("<f", float(text)))[0]


def same(kind: FieldType, one: object, other: object) -> bool:
    """Whether two values of a column, as lines carry them, are equal."""
    if one is None or other is None or isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    if kind in (FieldType.FLOAT, FieldType.DOUBLE):
        read = single if kind == FieldType.FLOAT else float
        numbers = read(one), read(other)
        return all(map(math.isnan, numbers)) or (
            numbers[0] == numbers[1] and math.copysign(1, numbers[0]) == math.copysign(1, numbers[1])
        )
    if kind == FieldType.DECIMAL:
        return Decimal(one) == Decimal(other)
    if kind == FieldType.JSON:
        return json.loads(one) == json.loads(other)
    if kind == FieldType.STRING:
        return one == other
    return int(one) == int(other)
