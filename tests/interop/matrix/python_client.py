"""The Python clients as readers and writers of the matrix, which differ in their options only.

python python_client.py hubstream.datahub|datahub read|write ENDPOINT PROJECT TOPIC PROTOCOL
"""

import json
import os
import sys
from base64 import b64decode, b64encode
from decimal import Decimal
from importlib import import_module

PACKAGE, ACTION, ENDPOINT, PROJECT, TOPIC, PROTOCOL = sys.argv[1:]
SHARD = "0"

types = import_module(f"{PACKAGE}.core").DatahubProtocolType
client = import_module(PACKAGE)
models = import_module(f"{PACKAGE}.models")

OPTIONS = {
    "json": {"protocol_type": types.JSON},
    "pb": {"protocol_type": types.PB},
    "batch": {"protocol_type": types.BATCH},
    # Layout 0 is all that pydatahub knows.
    "batch0": {"protocol_type": types.BATCH, **({"batch_version": 0} if PACKAGE != "datahub" else {})},
    "batch1": {"protocol_type": types.BATCH, "batch_version": 1},
}


def value_of(kind, value):
    if value is None or isinstance(value, bool) or kind in ("STRING", "JSON"):
        return value
    if kind == "DECIMAL":
        return Decimal(value)
    return float(value) if kind in ("FLOAT", "DOUBLE") else int(value)


def shown(value):
    return value if value is None or isinstance(value, (bool, str)) else str(value)


def record_of(schema, line):
    if schema is None:
        record = models.BlobRecord(blob_data=b64decode(line["data"]))
    else:
        kinds = [field.type.name for field in schema.field_list]
        values = [value_of(kind, value) for kind, value in zip(kinds, line["values"], strict=True)]
        record = models.TupleRecord(schema=schema, values=values)
    for key, value in line["attributes"].items():
        record.put_attribute(key, value)
    record.shard_id = SHARD
    return record


def write(hub, schema):
    records = [record_of(schema, json.loads(line)) for line in sys.stdin]
    if PROTOCOL != "json":
        hub.put_records_by_shard(PROJECT, TOPIC, SHARD, records)
        return
    for failed in hub.put_records(PROJECT, TOPIC, records).failed_records:
        raise SystemExit(f"record {failed.index}: {failed.error_message}")


def read(hub, schema):
    cursor = hub.get_cursor(PROJECT, TOPIC, SHARD, models.CursorType.OLDEST).cursor
    while True:
        if schema is None:
            got = hub.get_blob_records(PROJECT, TOPIC, SHARD, cursor, 1000)
            lines = [{"data": b64encode(record.blob_data).decode()} for record in got.records]
        else:
            got = hub.get_tuple_records(PROJECT, TOPIC, SHARD, schema, cursor, 1000)
            lines = [{"values": [shown(value) for value in record.values]} for record in got.records]
        if not lines:
            return
        for line, record in zip(lines, got.records, strict=True):
            print(json.dumps({**line, "attributes": dict(record.attributes)}))
        cursor = got.next_cursor


def main():
    access = os.environ["DATAHUB_ACCESS_ID"], os.environ["DATAHUB_ACCESS_KEY"]
    hub = client.DataHub(*access, ENDPOINT, **OPTIONS[PROTOCOL])
    topic = hub.get_topic(PROJECT, TOPIC)
    schema = topic.record_schema if topic.record_type == models.RecordType.TUPLE else None
    if ACTION == "write":
        write(hub, schema)
    else:
        read(hub, schema)


main()
