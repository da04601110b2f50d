"""The vendor's client for Python as a reader and writer of the matrix: `python official_python.py read|write …`."""

import json
import os
import sys
from base64 import b64decode, b64encode
from decimal import Decimal

from datahub import DataHub
from datahub.core import DatahubProtocolType
from datahub.models import BlobRecord, CursorType, FieldType, RecordType, TupleRecord

PROTOCOLS = {
    "json": DatahubProtocolType.JSON,
    "pb": DatahubProtocolType.PB,
    "batch0": DatahubProtocolType.BATCH,
    "batch": DatahubProtocolType.BATCH,
}
SHARD = "0"


def value_of(kind, value):
    if value is None or isinstance(value, bool):
        return value
    if kind == FieldType.STRING:
        return value
    if kind == FieldType.DECIMAL:
        return Decimal(value)
    return float(value) if kind in (FieldType.FLOAT, FieldType.DOUBLE) else int(value)


def shown(value):
    return value if value is None or isinstance(value, (bool, str)) else str(value)


def record_of(schema, line):
    if schema is None:
        record = BlobRecord(blob_data=b64decode(line["data"]))
    else:
        kinds = [field.type for field in schema.field_list]
        record = TupleRecord(
            schema=schema, values=[value_of(*pair) for pair in zip(kinds, line["values"], strict=True)]
        )
    for key, value in line["attributes"].items():
        record.put_attribute(key, value)
    record.shard_id = SHARD
    return record


def write(hub, project, topic, protocol, schema):
    records = [record_of(schema, json.loads(line)) for line in sys.stdin]
    if protocol != "json":
        hub.put_records_by_shard(project, topic, SHARD, records)
        return
    for failed in hub.put_records(project, topic, records).failed_records:
        raise SystemExit(f"record {failed.index}: {failed.error_message}")


def read(hub, project, topic, schema):
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
            print(json.dumps({**line, "attributes": dict(record.attributes)}))
        cursor = got.next_cursor


def main():
    action, endpoint, project, topic, protocol = sys.argv[1:]
    access = os.environ["DATAHUB_ACCESS_ID"], os.environ["DATAHUB_ACCESS_KEY"]
    hub = DataHub(*access, endpoint, protocol_type=PROTOCOLS[protocol])
    found = hub.get_topic(project, topic)
    schema = found.record_schema if found.record_type == RecordType.TUPLE else None
    if action == "write":
        write(hub, project, topic, protocol, schema)
    else:
        read(hub, project, topic, schema)


main()
