"""Both clients, topics for them, and the records that they exchange."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import data
import datahub
import hubstream.datahub
import hubstream.datahub.models as models
import lz4.block
from datahub.core import DatahubProtocolType
from datahub.exceptions import DatahubException
from datahub.models import BlobRecord, CompressFormat, FieldType, RecordSchema, TupleRecord
from hubstream.records import RecordBatch

KEY = "emulator"
START = "30000000000000000000000000000000"
PROJECT = "bench"
SHARD = "0"
ROWS = data.rows()
BLOBS = data.blobs()
SCHEMA = RecordSchema.from_lists([name for name, _ in data.COLUMNS], [FieldType[kind] for _, kind in data.COLUMNS])
OUR_SCHEMA = models.RecordSchema.from_lists(
    [name for name, _ in data.COLUMNS], [models.FieldType[kind] for _, kind in data.COLUMNS]
)
NATIVE_SCHEMA = OUR_SCHEMA._native


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
OURS: dict[tuple[str, str], Callable[[], RecordBatch]] = {
    ("tuple", "records"): lambda: RecordBatch.from_records(
        [models.TupleRecord(schema=OUR_SCHEMA, values=row) for row in ROWS]
    ),
    ("tuple", "rows"): lambda: RecordBatch.from_rows(OUR_SCHEMA, ROWS),
    ("blob", "records"): lambda: RecordBatch.from_records([models.BlobRecord(blob) for blob in BLOBS]),
    ("blob", "rows"): lambda: RecordBatch.from_blobs(BLOBS),
}
OFFICIAL = {"tuple": official_tuples, "blob": official_blobs}


def expect(what: str, kind: str, found: list[object]) -> None:
    """Fails unless the values are those that were written."""
    wanted = ROWS if kind == "tuple" else BLOBS
    if [list(row) for row in found] != wanted if kind == "tuple" else found != wanted:
        raise SystemExit(f"{what}: the values are not those that were written")


@dataclass(frozen=True)
class Wire:
    """How records travel: the words that each client has for it."""

    name: str
    protocol: str
    official: DatahubProtocolType
    version: int | None = None

    def codec(self) -> str:
        """The name that the native functions have for it."""
        return f"{self.protocol}{self.version}" if self.protocol == "batch" else self.protocol


WIRES = (
    Wire("protobuf", "protobuf", DatahubProtocolType.PB),
    Wire("json", "json", DatahubProtocolType.JSON),
    Wire("batch v0", "batch", DatahubProtocolType.BATCH, 0),
    # The official client writes version 0 only; that is what it is measured with.
    Wire("batch v1", "batch", DatahubProtocolType.BATCH, 1),
)


class Pair:
    """Both clients of one way to travel and one compression, and topics with records."""

    def __init__(self, url: str, wire: Wire, compression: str = "lz4", **settings: str) -> None:
        self.wire = wire
        self.compression = compression
        self.official = datahub.DataHub(KEY, KEY, url, CompressFormat[compression.upper()], protocol_type=wire.official)
        named = settings if wire.version is None else {"batch_version": wire.version, **settings}
        self.ours = hubstream.datahub.DataHub(
            KEY, KEY, url, protocol=wire.protocol, compress_format=compression, **named
        )
        if PROJECT not in self.ours.list_project().project_names:
            self.ours.create_project(PROJECT, "benchmarks")
        self.made: set[str] = set()

    def topic(self, kind: str, use: str, side: str = "ours") -> str:
        """A topic for a use; those for getting hold the records.

        The official client reads what it wrote itself where it cannot read what ours writes.
        """
        alone = side == "official" and self.wire.version == 1
        name = f"{kind}_{use}_{self.wire.codec()}_{self.compression}{'_official' if alone else ''}"
        if name in self.made:
            return name
        if kind == "tuple":
            self.ours.create_tuple_topic(PROJECT, name, 1, 1, OUR_SCHEMA, "")
        else:
            self.ours.create_blob_topic(PROJECT, name, 1, 1, "")
        if use == "get":
            if alone:
                self.official_put(name, OFFICIAL[kind]())
            else:
                self.our_put(name, OURS[kind, "rows"]())
        self.made.add(name)
        return name

    def our_put(self, topic: str, records: RecordBatch) -> None:
        if self.wire.protocol == "batch":
            self.ours.put_records_by_shard(PROJECT, topic, SHARD, records)
        else:
            self.ours.put_records(PROJECT, topic, records)

    def official_put(self, topic: str, records: list[object]) -> None:
        if self.wire.protocol == "batch":
            self.official.put_records_by_shard(PROJECT, topic, SHARD, records)
        else:
            self.official.put_records(PROJECT, topic, records)

    def official_get(self, kind: str, topic: str, cursor: str = START) -> object:
        if kind == "tuple":
            return self.official.get_tuple_records(PROJECT, topic, SHARD, SCHEMA, cursor, data.COUNT)
        return self.official.get_blob_records(PROJECT, topic, SHARD, cursor, data.COUNT)

    def our_get(self, kind: str, topic: str, cursor: str = START) -> RecordBatch:
        if kind == "tuple":
            got = self.ours.get_tuple_records(PROJECT, topic, SHARD, OUR_SCHEMA, cursor, data.COUNT)
        else:
            got = self.ours.get_blob_records(PROJECT, topic, SHARD, cursor, data.COUNT)
        return got.records

    def reply(self, kind: str, topic: str) -> bytes:
        """The body of the reply to a get, as the official client receives it, decompressed."""
        seen = []
        rest = self.official._datahub_impl._rest_client
        post = rest.post
        rest.post = lambda *words, **named: seen.append(post(*words, **named)) or seen[-1]
        try:
            self.official_get(kind, topic)
        except DatahubException:
            # It does not read version 1 of batches, but it has received them by then.
            if self.wire.version != 1 or not seen:
                raise
        finally:
            del rest.post
        raw = seen[0][0]
        return raw if isinstance(raw, bytes) else raw.encode()


def compressed(body: bytes, compression: str) -> bytes:
    """A body as the service compresses it."""
    if compression == "lz4":
        return lz4.block.compress(body, store_size=False)
    if compression == "none":
        return body
    import zlib

    return zlib.compress(body)
