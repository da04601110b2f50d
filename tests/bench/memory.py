# Run by process.py in processes of its own: one client gets records and tells its memory.
# usage: CLIENT prepare|peak|held URL [...]; prints three numbers, of which the first counts.
import gc
import resource
import sys

client, job, url, *words = sys.argv[1:]
KEY, PROJECT, COUNT, BATCHES = "emulator", "memory", 1000, 20
START = "30000000000000000000000000000000"


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM"))


if client == "hubstream":
    from hubstream.datahub import DataHub
    from hubstream.datahub.models import FieldType, RecordSchema
else:
    from datahub import DataHub
    from datahub.core import DatahubProtocolType
    from datahub.models import CompressFormat, FieldType, RecordSchema

COLUMNS = [("id", "BIGINT"), ("price", "DOUBLE"), ("paid", "BOOLEAN"), ("at", "TIMESTAMP"), ("amount", "DECIMAL")]
COLUMNS += [(name, "STRING") for name in ("host", "path", "agent", "referrer", "message")]
SCHEMA = RecordSchema.from_lists([name for name, _ in COLUMNS], [FieldType[kind] for _, kind in COLUMNS])


def connect():
    if client == "hubstream":
        return DataHub(KEY, KEY, url)
    return DataHub(KEY, KEY, url, CompressFormat.LZ4, protocol_type=DatahubProtocolType.PB)


def get(hub, kind):
    if kind == "tuple":
        return hub.get_tuple_records(PROJECT, kind, "0", SCHEMA, START, COUNT).records
    return hub.get_blob_records(PROJECT, kind, "0", START, COUNT).records


def get_later(hub):
    return hub.get_tuple_records(PROJECT, "tuple", "0", SCHEMA, START, COUNT)


def values(records, kind, form="values"):
    if form == "arrow":
        import pyarrow

        return pyarrow.record_batch(records)
    if client == "hubstream":
        return records.rows() if kind == "tuple" else [bytes(blob) for blob in records.blobs()]
    return [record.values if kind == "tuple" else record.blob_data for record in records]


def prepare():
    import data
    from hubstream.records import RecordBatch

    hub = connect()
    hub.create_project(PROJECT, "")
    hub.create_tuple_topic(PROJECT, "tuple", 1, 1, SCHEMA, "")
    hub.create_blob_topic(PROJECT, "blob", 1, 1, "")
    hub.put_records(PROJECT, "tuple", RecordBatch.from_rows(SCHEMA, data.rows()))
    hub.put_records(PROJECT, "blob", RecordBatch.from_blobs(data.blobs()))
    return 0


def peak_of(at_once):
    if client == "hubstream" and at_once > 1:
        import asyncio

        from hubstream.datahub.aio import DataHub as AsyncDataHub

        async def work():
            async with AsyncDataHub(KEY, KEY, url) as hub:

                async def one():
                    for _ in range(4):
                        # Not kept in a variable, which would hold it during the next call.
                        values((await get_later(hub)).records, "tuple")

                await asyncio.gather(*(one() for _ in range(at_once)))

        asyncio.run(work())
        return peak()
    hub = connect()

    def one():
        for _ in range(4):
            values(get(hub, "tuple"), "tuple")

    if at_once == 1:
        one()
    else:
        from threading import Thread

        threads = [Thread(target=one) for _ in range(at_once)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return peak()


def held(kind, form):
    hub = connect()
    if client == "hubstream":
        values(get(hub, kind), kind, "values" if form == "lazy" else form)
    else:
        values(get(hub, kind), kind)
    kept = []
    gc.collect()
    before = resident()
    for _ in range(BATCHES):
        records = get(hub, kind)
        # The official client has made all values by now, whatever is done with them.
        lazy = form == "lazy" or client != "hubstream"
        kept.append(records if lazy else values(records, kind, form))
        del records
    gc.collect()
    return (resident() - before) / BATCHES / COUNT


if job == "prepare":
    found = prepare()
elif job == "peak":
    found = peak_of(int(words[0]))
else:
    found = held(*words)
print(found, 0, 0)
