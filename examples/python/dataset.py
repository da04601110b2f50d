"""The public data set of `examples/data`, and the checksum of its content."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from hubstream.datahub.models import FieldType, RecordBatch, RecordSchema

DATA = Path(__file__).resolve().parent.parent / "data"
NULL = r"\N"
# The column whose value decides which shard a record goes to.
KEY_COLUMN = "destination"

ESCAPES = {"t": "\t", "n": "\n", "\\": "\\"}


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: ESCAPES[match[1]], text)


READERS = {FieldType.BOOLEAN: "true".__eq__, FieldType.DOUBLE: float, FieldType.STRING: unescaped}


class DataSet:
    """Rows of values with the columns that give them their types."""

    def __init__(self) -> None:
        self.schema = RecordSchema.from_json_str((DATA / "flights.schema.json").read_text(encoding="utf-8"))
        lines = (DATA / "flights.tsv").read_text(encoding="utf-8").splitlines()
        if lines[0].split("\t") != [field.name for field in self.schema]:
            raise SystemExit("flights.tsv and flights.schema.json have different columns")
        readers = [READERS.get(field.type, int) for field in self.schema]
        self.rows = [
            [None if text == NULL else read(text) for read, text in zip(readers, line.split("\t"), strict=True)]
            for line in lines[1:]
        ]

    def batches(self, size: int) -> Iterator[RecordBatch]:
        """All rows as batches of records of at most `size`."""
        key = self.schema.index_of(KEY_COLUMN)
        for start in range(0, len(self.rows), size):
            rows = self.rows[start : start + size]
            yield RecordBatch.from_rows(self.schema, rows, partition_key=[row[key] for row in rows])

    def checksum(self) -> str:
        """The checksum of all rows; see `examples/data/README.md`."""
        return checksum(line for batch in self.batches(1000) for line in canonical(batch))


def canonical(batch: RecordBatch) -> list[str]:
    """Records as the lines that the checksum is made of."""
    return ["\t".join(map(canonical_value, row)) for row in batch.rows()]


def canonical_value(value: object) -> str:
    if value is None:
        return NULL
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return struct.pack(">d", value).hex()
    if isinstance(value, str):
        return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
    return str(value)


def checksum(lines: Iterable[str]) -> str:
    """The checksum of lines in any order."""
    digest = hashlib.sha256()
    for line in sorted(line.encode() for line in lines):
        digest.update(line + b"\n")
    return digest.hexdigest()
