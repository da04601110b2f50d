"""The work that is timed: for each case the same with the official client and with hubstream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import data
import datahub
import hubstream.datahub
import hubstream.datahub.models as models
import lz4.block
from datahub.core import DatahubProtocolType
from datahub.models import (
    BlobRecord,
    CompressFormat,
    FieldType,
    GetRecordsResult,
    PutRecordsRequestParams,
    RecordSchema,
    TupleRecord,
)
from datahub.models.compress import get_compressor
from datahub.models.params import PutPBRecordsRequestParams
from datahub.models.results import GetPBRecordsResult
from hubstream import _native
from hubstream.records import RecordBatch

KEY = "emulator"
START = "30000000000000000000000000000000"
PROJECT = "bench"
ROWS = data.rows()
BLOBS = data.blobs()
SCHEMA = RecordSchema.from_lists([name for name, _ in data.COLUMNS], [FieldType[kind] for _, kind in data.COLUMNS])
OUR_SCHEMA = models.RecordSchema.from_lists(
    [name for name, _ in data.COLUMNS], [models.FieldType[kind] for _, kind in data.COLUMNS]
)
NATIVE_SCHEMA = OUR_SCHEMA._native
LZ4 = get_compressor(CompressFormat.LZ4)


@dataclass
class Case:
    """One comparison. `check` fails when the two do not give the same values."""

    name: str
    units: int
    official: Callable[[], object]
    ours: Callable[[], object]
    check: Callable[[], None]


def official_tuples() -> list[TupleRecord]:
    return [TupleRecord(schema=SCHEMA, values=row) for row in ROWS]


def official_blobs() -> list[BlobRecord]:
    return [BlobRecord(blob_data=blob) for blob in BLOBS]


def official_values(result: object, kind: str) -> list[object]:
    if kind == "tuple":
        return [list(record.values) for record in result.records]
    return [record.blob_data for record in result.records]


def our_values(batch: RecordBatch, kind: str) -> list[object]:
    return batch.rows() if kind == "tuple" else [bytes(blob) for blob in batch.blobs()]


# How a program that came from the official client makes its records, and how one made for hubstream does.
OURS = {
    ("tuple", "records"): lambda: RecordBatch.from_records(
        [models.TupleRecord(schema=OUR_SCHEMA, values=row) for row in ROWS]
    ),
    ("tuple", "rows"): lambda: RecordBatch.from_rows(OUR_SCHEMA, ROWS),
    ("blob", "records"): lambda: RecordBatch.from_records([models.BlobRecord(blob) for blob in BLOBS]),
    ("blob", "rows"): lambda: RecordBatch.from_blobs(BLOBS),
}
OFFICIAL = {"tuple": official_tuples, "blob": official_blobs}
SAME = {"records": "same program", "rows": "rows at once"}


class Bench:
    """Both clients of one protocol, and topics for them."""

    def __init__(self, url: str, protocol: str) -> None:
        kind = DatahubProtocolType.PB if protocol == "protobuf" else DatahubProtocolType.JSON
        self.protocol = protocol
        self.official = datahub.DataHub(KEY, KEY, url, CompressFormat.LZ4, protocol_type=kind)
        self.ours = hubstream.datahub.DataHub(KEY, KEY, url, protocol=protocol, compress_format="lz4")
        if PROJECT not in self.ours.list_project().project_names:
            self.ours.create_project(PROJECT, "benchmarks")
        self.topics = {}
        for use in ("put", "get"):
            self.topics["tuple", use] = f"tuple_{use}_{protocol}"
            self.ours.create_tuple_topic(PROJECT, self.topics["tuple", use], 1, 1, OUR_SCHEMA, "")
            self.topics["blob", use] = f"blob_{use}_{protocol}"
            self.ours.create_blob_topic(PROJECT, self.topics["blob", use], 1, 1, "")
        for item in ("tuple", "blob"):
            self.ours.put_records(PROJECT, self.topics[item, "get"], OURS[item, "rows"]())

    def official_get(self, kind: str, topic: str, cursor: str = START) -> object:
        if kind == "tuple":
            return self.official.get_tuple_records(PROJECT, topic, "0", SCHEMA, cursor, data.COUNT)
        return self.official.get_blob_records(PROJECT, topic, "0", cursor, data.COUNT)

    def our_get(self, kind: str, topic: str, cursor: str = START) -> RecordBatch:
        if kind == "tuple":
            got = self.ours.get_tuple_records(PROJECT, topic, "0", OUR_SCHEMA, cursor, data.COUNT)
        else:
            got = self.ours.get_blob_records(PROJECT, topic, "0", cursor, data.COUNT)
        return got.records

    def expect(self, kind: str, found: list[object]) -> None:
        wanted = ROWS if kind == "tuple" else BLOBS
        listed = [list(row) for row in found] if kind == "tuple" else found
        if listed != wanted:
            raise SystemExit(f"{kind} {self.protocol}: the values are not those that were written")

    def reply(self, kind: str) -> bytes:
        """The body of the reply to a get, as the official client receives it, decompressed."""
        seen = []
        rest = self.official._datahub_impl._rest_client
        post = rest.post
        rest.post = lambda *words, **named: seen.append(post(*words, **named)) or seen[-1]
        try:
            self.official_get(kind, self.topics[kind, "get"])
        finally:
            del rest.post
        return seen[0][0]

    def encode(self, kind: str, way: str) -> Case:
        params = PutPBRecordsRequestParams if self.protocol == "protobuf" else PutRecordsRequestParams

        def official() -> bytes:
            content = params(OFFICIAL[kind]()).content()
            return LZ4.compress(content if isinstance(content, bytes) else content.encode())

        def ours() -> tuple[bytes, int]:
            return _native.encode_put(OURS[kind, way](), self.protocol, "lz4")

        def check() -> None:
            for client in (self.official, self.ours):
                topic = f"check_{kind}_{way}_{self.protocol}_{'o' if client is self.ours else 't'}"
                if kind == "tuple":
                    self.ours.create_tuple_topic(PROJECT, topic, 1, 1, OUR_SCHEMA, "")
                else:
                    self.ours.create_blob_topic(PROJECT, topic, 1, 1, "")
                client.put_records(PROJECT, topic, OURS[kind, way]() if client is self.ours else OFFICIAL[kind]())
                self.expect(kind, official_values(self.official_get(kind, topic), kind))
                self.expect(kind, our_values(self.our_get(kind, topic), kind))

        name = f"encode {kind} {self.protocol}, {SAME[way]}"
        return Case(name, data.COUNT, official, ours, check)

    def decode(self, kind: str) -> Case:
        raw = self.reply(kind)
        raw = raw if isinstance(raw, bytes) else raw.encode()
        body = lz4.block.compress(raw, store_size=False)
        result = GetPBRecordsResult if self.protocol == "protobuf" else GetRecordsResult
        schema, native = (SCHEMA, NATIVE_SCHEMA) if kind == "tuple" else (None, None)

        def official() -> list[object]:
            content = LZ4.decompress(body, len(raw))
            return official_values(result.parse_content(content, headers={}, record_schema=schema), kind)

        def ours() -> list[object]:
            batch = _native.decode_get(body, self.protocol, "lz4", len(raw), native)
            return our_values(batch, kind)

        def check() -> None:
            self.expect(kind, official())
            self.expect(kind, ours())

        return Case(f"decode {kind} {self.protocol}", data.COUNT, official, ours, check)

    def put(self, kind: str, way: str) -> Case:
        topic = self.topics[kind, "put"]

        def official() -> object:
            return self.official.put_records(PROJECT, topic, OFFICIAL[kind]())

        def ours() -> object:
            return self.ours.put_records(PROJECT, topic, OURS[kind, way]())

        def check() -> None:
            for put, get in ((official, self.our_get), (ours, self.official_get)):
                end = self.ours.get_cursor(PROJECT, topic, "0", models.CursorType.LATEST)
                put()
                cursor = self.ours.get_cursor(
                    PROJECT, topic, "0", models.CursorType.SEQUENCE, end.sequence + (1 if end.record_time else 0)
                ).cursor
                got = get(kind, topic, cursor)
                values = our_values(got, kind) if put is official else official_values(got, kind)
                self.expect(kind, values)

        name = f"put {kind} {self.protocol}, {SAME[way]}"
        return Case(name, data.COUNT, official, ours, check)

    def get(self, kind: str) -> Case:
        topic = self.topics[kind, "get"]

        def official() -> list[object]:
            return official_values(self.official_get(kind, topic), kind)

        def ours() -> list[object]:
            return our_values(self.our_get(kind, topic), kind)

        def check() -> None:
            self.expect(kind, official())
            self.expect(kind, ours())

        return Case(f"get {kind} {self.protocol}", data.COUNT, official, ours, check)

    def small(self) -> Case:
        def check() -> None:
            if self.official.get_project(PROJECT).comment != self.ours.get_project(PROJECT).comment:
                raise SystemExit("get_project: the results differ")

        return Case(
            "one small request (get_project)",
            1,
            lambda: self.official.get_project(PROJECT),
            lambda: self.ours.get_project(PROJECT),
            check,
        )


def all_cases(url: str) -> Iterator[Case]:
    """All cases, each ready to run."""
    benches = [Bench(url, protocol) for protocol in ("protobuf", "json")]
    for kind in ("tuple", "blob"):
        for bench in benches:
            yield from (bench.encode(kind, way) for way in SAME)
    for kind in ("tuple", "blob"):
        yield from (bench.decode(kind) for bench in benches)
    for kind in ("tuple", "blob"):
        for bench in benches:
            yield from (bench.put(kind, way) for way in SAME)
    for kind in ("tuple", "blob"):
        yield from (bench.get(kind) for bench in benches)
    yield benches[0].small()
