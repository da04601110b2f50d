"""hubstream's Python client as a reader and writer of the matrix: `python hubstream_python.py read|write …`."""

import json
import os
import sys
from base64 import b64decode, b64encode
from decimal import Decimal

from hubstream.datahub import DataHub
from hubstream.datahub.models import BlobRecord, CursorType, FieldType, RecordSchema, TupleRecord

PROTOCOLS = {
    "json": {"protocol": "json"},
    "pb": {"protocol": "protobuf"},
    "batch0": {"protocol": "batch", "batch_version": 0},
    "batch1": {"protocol": "batch", "batch_version": 1},
    "batch": {"protocol": "batch"},
}
SHARD = "0"


def value_of(kind: FieldType, value):
    if value is None or isinstance(value, bool):
        return value
    if kind in (FieldType.STRING, FieldType.JSON):
        return value
    if kind == FieldType.DECIMAL:
        return Decimal(value)
    return float(value) if kind in (FieldType.FLOAT, FieldType.DOUBLE) else int(value)


def shown(value):
    return value if value is None or isinstance(value, (bool, str)) else str(value)


def record_of(schema: RecordSchema | None, line: dict):
    if schema is None:
        record = BlobRecord(b64decode(line["data"]))
    else:
        values = [value_of(field.type, value) for field, value in zip(schema, line["values"], strict=True)]
        record = TupleRecord(schema=schema, values=values)
    for key, value in line["attributes"].items():
        record.put_attribute(key, value)
    record.shard_id = SHARD
    return record


def write(hub: DataHub, project: str, topic: str, protocol: str, schema: RecordSchema | None) -> None:
    records = [record_of(schema, json.loads(line)) for line in sys.stdin]
    if protocol != "json":
        hub.put_records_by_shard(project, topic, SHARD, records)
        return
    for failed in hub.put_records(project, topic, records).failed_records:
        raise SystemExit(f"record {failed.index}: {failed.error_message}")


def read(hub: DataHub, project: str, topic: str, schema: RecordSchema | None) -> None:
    cursor = hub.get_cursor(project, topic, SHARD, CursorType.OLDEST).cursor
    while True:
        if schema is None:
            got = hub.get_blob_records(project, topic, SHARD, cursor, 1000)
            lines = [{"data": b64encode(record.blob_data).decode()} for record in got.records]
        else:
            got = hub.get_tuple_records(project, topic, SHARD, schema, cursor, 1000)
            lines = [{"values": [shown(value) for value in record.values]} for record in got.records]
        if not lines:
            return
        for line, record in zip(lines, got.records, strict=True):
            print(json.dumps(line | {"attributes": dict(record.attributes)}))
        cursor = got.next_cursor


def main() -> None:
    action, endpoint, project, topic, protocol = sys.argv[1:]
    access = os.environ["DATAHUB_ACCESS_ID"], os.environ["DATAHUB_ACCESS_KEY"]
    with DataHub(*access, endpoint, **PROTOCOLS[protocol]) as hub:
        schema = hub.get_topic(project, topic).record_schema
        if action == "write":
            write(hub, project, topic, protocol, schema)
        else:
            read(hub, project, topic, schema)


main()
