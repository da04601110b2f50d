"""The work on records that is timed: for each case the same with the official client and with hubstream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import bare
import data
import hubstream.datahub
import hubstream.datahub.models as models
import pyarrow
from clients import (
    KEY,
    NATIVE_SCHEMA,
    OFFICIAL,
    OUR_SCHEMA,
    OURS,
    PROJECT,
    ROWS,
    SCHEMA,
    SHARD,
    WIRES,
    Pair,
    compressed,
    expect,
    official_values,
    our_values,
)
from datahub.models import CompressFormat, TupleRecord
from datahub.models.compress import get_compressor
from datahub.models.params import PutBatchRecordsRequestParams, PutPBRecordsRequestParams, PutRecordsRequestParams
from datahub.models.results import GetBatchRecordsResult, GetPBRecordsResult, GetRecordsResult
from hubstream import _native
from hubstream.records import RecordBatch

Check = Callable[[], None]
WAYS = {"rows": "rows at once", "records": "same program"}

# How many times less CPU time it must be: operation, kind, way to travel, compression.
TARGETS = {
    ("encode", "tuple", "json", "lz4"): 12,
    ("encode", "tuple", "protobuf", "lz4"): 14,
    ("encode", "tuple", "batch v0", "lz4"): 45,
    ("encode", "tuple", "batch v1", "lz4"): 50,
    ("encode", "tuple", "protobuf", "none"): 60,
    ("encode", "tuple", "protobuf", "zlib"): 3.8,
    ("decode", "tuple", "json", "lz4"): 18,
    ("decode", "tuple", "protobuf", "lz4"): 25,
    ("decode", "tuple", "batch v0", "lz4"): 75,
    ("arrow", "tuple", "json", "lz4"): 26,
    ("arrow", "tuple", "protobuf", "lz4"): 43,
    ("arrow", "tuple", "batch v0", "lz4"): 130,
    ("arrow", "tuple", "batch v1", "lz4"): 130,
    ("encode", "blob", "protobuf", "lz4"): 2.4,
    ("encode", "blob", "batch v0", "lz4"): 13,
    ("encode", "blob", "json", "lz4"): 2.6,
    ("encode", "blob", "protobuf", "none"): 27,
    ("decode", "blob", "protobuf", "lz4"): 9,
    ("decode", "blob", "batch v0", "lz4"): 19,
    ("decode", "blob", "json", "lz4"): 5,
    ("put", "tuple", "json", "lz4"): 12,
    ("put", "tuple", "protobuf", "lz4"): 15,
    ("put", "tuple", "batch v0", "lz4"): 38,
    ("get", "tuple", "json", "lz4"): 16,
    ("get", "tuple", "protobuf", "lz4"): 24,
    ("get", "tuple", "batch v0", "lz4"): 55,
    ("put", "blob", "json", "lz4"): 4,
    ("put", "blob", "protobuf", "lz4"): 5,
    ("put", "blob", "batch v0", "lz4"): 14,
    ("get", "blob", "json", "lz4"): 6,
    ("get", "blob", "protobuf", "lz4"): 13,
    ("get", "blob", "batch v0", "lz4"): 20,
}


@dataclass
class Case:
    """One comparison. `check` fails when the two do not give the same values."""

    table: str
    name: str
    units: int
    official: Callable[[], object]
    ours: Callable[[], object]
    check: Callable[[], None]
    target: float | None = None
    # The same bytes over a bare socket.
    bare: Callable[[], object] | None = None


def _case(operation: str, kind: str, pair: Pair, way: str, **work: Callable[[], object]) -> Case:
    words = [kind, pair.wire.name]
    if pair.compression != "lz4":
        words.append({"none": "uncompressed"}.get(pair.compression, pair.compression))
    name = " ".join(words) + (f", {WAYS[way]}" if way else "")
    key = (operation, kind, pair.wire.name, pair.compression)
    target = None if way == "records" else TARGETS.get(key)
    return Case(operation, name, data.COUNT, target=target, **work)


def encode(pair: Pair, kind: str, way: str) -> Case:
    """From Python values to the body of a put."""
    topic = pair.topic(kind, "put")
    batch = pair.wire.protocol == "batch"
    format_ = CompressFormat[pair.compression.upper()]
    compressor = get_compressor(format_)

    def official() -> bytes:
        records = OFFICIAL[kind]()
        if batch:
            register = pair.official._datahub_impl._schema_register
            return PutBatchRecordsRequestParams(records, PROJECT, topic, format_, register).content()
        params = PutPBRecordsRequestParams if pair.wire.protocol == "protobuf" else PutRecordsRequestParams
        content = params(records).content()
        content = content if isinstance(content, bytes) else content.encode()
        return content if pair.compression == "none" else compressor.compress(content)

    def ours() -> tuple[_native.Blob, int]:
        return _native.encode_put(OURS[kind, way](), pair.wire.codec(), pair.compression)

    def check() -> None:
        checking = pair.topic(kind, f"check_{way}")
        check_puts(
            pair,
            kind,
            checking,
            lambda: pair.official_put(checking, OFFICIAL[kind]()),
            lambda: pair.our_put(checking, OURS[kind, way]()),
        )

    return _case("encode", kind, pair, way, official=official, ours=ours, check=check)


def check_puts(pair: Pair, kind: str, topic: str, official: Callable[[], object], ours: Callable[[], object]) -> None:
    """Fails unless what each client puts is read by both, or by ours where the official one cannot."""
    what = f"{kind} {pair.wire.name} {pair.compression}"
    for put in (official, ours):
        end = pair.ours.get_cursor(PROJECT, topic, SHARD, models.CursorType.LATEST)
        put()
        place = end.sequence + (1 if end.record_time else 0)
        cursor = pair.ours.get_cursor(PROJECT, topic, SHARD, models.CursorType.SEQUENCE, place).cursor
        expect(what, kind, our_values(pair.our_get(kind, topic, cursor), kind))
        if put is official or pair.wire.version != 1:
            expect(what, kind, official_values(pair.official_get(kind, topic, cursor), kind))


def decoders(pair: Pair, kind: str) -> tuple[Callable[[], object], Callable[[], RecordBatch]]:
    """Both ways from the body of a reply to what each client makes of it."""
    raw, earlier = (pair.reply(kind, pair.topic(kind, "get", side)) for side in ("ours", "official"))
    schema, native = (SCHEMA, NATIVE_SCHEMA) if kind == "tuple" else (None, None)
    codec, compression = pair.wire.codec(), pair.compression
    if pair.wire.protocol == "batch":
        words = {
            "project_name": PROJECT,
            "topic_name": pair.topic(kind, "get", "official"),
            "init_schema": schema,
            "schema_register": pair.official._datahub_impl._schema_register if schema else None,
        }
        return (
            lambda: GetBatchRecordsResult.parse_content(earlier, headers={}, record_schema=schema, **words),
            lambda: _native.decode_get(raw, codec, "none", len(raw), native),
        )
    body = compressed(raw, compression)
    compressor = get_compressor(CompressFormat[compression.upper()])
    result = GetPBRecordsResult if pair.wire.protocol == "protobuf" else GetRecordsResult

    def official() -> object:
        content = body if compression == "none" else compressor.decompress(body, len(raw))
        return result.parse_content(content, headers={}, record_schema=schema)

    return official, lambda: _native.decode_get(body, codec, compression, len(raw), native)


def decode(pair: Pair, kind: str) -> Case:
    """From the body of a reply to all values as Python objects."""
    read_official, read_ours = decoders(pair, kind)

    def official() -> list[object]:
        return official_values(read_official(), kind)

    def ours() -> list[object]:
        return our_values(read_ours(), kind)

    return _case("decode", kind, pair, "", official=official, ours=ours, check=_both(pair, kind, official, ours))


def _both(pair: Pair, kind: str, official: Callable[[], list[object]], ours: Callable[[], list[object]]) -> Check:
    def check() -> None:
        for work in (official, ours):
            expect(f"{kind} {pair.wire.name} {pair.compression}", kind, work())

    return check


def arrow(pair: Pair) -> Case:
    """From the body of a reply to Arrow columns, as pyarrow has them."""
    read_official, read_ours = decoders(pair, "tuple")
    schema = pyarrow.record_batch(OURS["tuple", "rows"]()).schema

    def official() -> pyarrow.RecordBatch:
        columns = zip(*official_values(read_official(), "tuple"), strict=True)
        arrays = [pyarrow.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)]
        return pyarrow.RecordBatch.from_arrays(arrays, schema=schema)

    def ours() -> pyarrow.RecordBatch:
        return pyarrow.record_batch(read_ours())

    def check() -> None:
        if not official().equals(ours()):
            raise SystemExit(f"arrow {pair.wire.name}: the columns differ")

    return _case("arrow", "tuple", pair, "", official=official, ours=ours, check=check)


def put(pair: Pair, kind: str, way: str) -> Case:
    """The whole call, from Python values."""
    topic = pair.topic(kind, "put")

    def official() -> object:
        return pair.official_put(topic, OFFICIAL[kind]())

    def ours() -> object:
        return pair.our_put(topic, OURS[kind, way]())

    def check() -> None:
        check_puts(pair, kind, topic, official, ours)

    return _case("put", kind, pair, way, official=official, ours=ours, check=check)


def get(pair: Pair, kind: str) -> Case:
    """The whole call, to all values as Python objects."""
    topic, earlier = pair.topic(kind, "get"), pair.topic(kind, "get", "official")

    def official() -> list[object]:
        return official_values(pair.official_get(kind, earlier), kind)

    def ours() -> list[object]:
        return our_values(pair.our_get(kind, topic), kind)

    return _case("get", kind, pair, "", official=official, ours=ours, check=_both(pair, kind, official, ours))


def get_project(pair: Pair) -> Case:
    """A call with next to nothing in it."""

    def check() -> None:
        if pair.official.get_project(PROJECT).comment != pair.ours.get_project(PROJECT).comment:
            raise SystemExit("get_project: the results differ")

    return Case(
        "request",
        "get_project",
        1,
        lambda: pair.official.get_project(PROJECT),
        lambda: pair.ours.get_project(PROJECT),
        check,
        25,
        _bare(pair, lambda hub: hub.get_project(PROJECT)),
    )


def _bare(pair: Pair, call: Callable[[hubstream.datahub.DataHub], object]) -> Callable[[], object] | None:
    """What a call of ours sends, over a bare socket; nothing for TLS."""
    if not pair.ours.endpoint.startswith("http:"):
        return None

    def send(url: str) -> None:
        with hubstream.datahub.DataHub(KEY, KEY, url, protocol=pair.wire.protocol) as hub:
            call(hub)

    return bare.exchange(pair.ours.endpoint, send)


def put_one(pair: Pair) -> Case:
    """A put of a single record."""
    topic = pair.topic("tuple", "one")
    row = ROWS[0]

    def official() -> object:
        return pair.official_put(topic, [TupleRecord(schema=SCHEMA, values=row)])

    def ours() -> object:
        return pair.our_put(topic, record())

    def record() -> list[models.TupleRecord]:
        return [models.TupleRecord(schema=OUR_SCHEMA, values=row)]

    def check() -> None:
        for put in (official, ours):
            put()
        found = our_values(pair.our_get("tuple", topic), "tuple")
        if [list(found_row) for found_row in found] != [row, row]:
            raise SystemExit("put of one record: the values are not those that were written")

    other = pair.topic("tuple", "bare")
    sent = _bare(pair, lambda hub: hub.put_records(PROJECT, other, record()))
    return Case("request", "put of one tuple record", 1, official, ours, check, 25, sent)


def all_cases(url: str) -> Iterator[Case]:
    """All cases, each ready to run."""
    pairs = [Pair(url, wire) for wire in WIRES]
    packed = [Pair(url, WIRES[0], compression) for compression in ("none", "zlib")]
    for kind in ("tuple", "blob"):
        for way in WAYS:
            yield from (encode(pair, kind, way) for pair in pairs)
        yield from (encode(pair, kind, "rows") for pair in packed)
    for kind in ("tuple", "blob"):
        yield from (decode(pair, kind) for pair in pairs + packed)
    yield from (arrow(pair) for pair in pairs)
    for kind in ("tuple", "blob"):
        for way in WAYS:
            yield from (put(pair, kind, way) for pair in pairs)
    for kind in ("tuple", "blob"):
        yield from (get(pair, kind) for pair in pairs)
    yield get_project(pairs[0])
    yield put_one(pairs[0])


def secured(url: str, authority: str) -> Iterator[Case]:
    """Small requests over TLS."""
    pair = Pair(url, WIRES[0], ca_file=authority)
    for case in (get_project(pair), put_one(pair)):
        case.name += ", over TLS"
        yield case


def nearby(url: str) -> Iterator[Case]:
    """Small requests to a server on the same processor: no other processor has to be woken for each."""
    pair = Pair(url, WIRES[0])
    for case in (get_project(pair), put_one(pair)):
        case.name += ", client and server on one processor"
        yield case
