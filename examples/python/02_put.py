"""Puts all rows of the data set: protobuf, compressed with LZ4, 500 records per request."""

import sys

from dataset import DataSet
from journey import TOPIC, connect, project_of, save
from show import progress

data = DataSet()
stored = requests = 0
with connect() as hub:
    for batch in data.batches(500):
        result = hub.put_records(project_of("python"), TOPIC, batch)
        for failed in result.failed_records:
            sys.exit(f"error: record {failed.index} was refused: {failed.error_message}")
        requests += 1
        stored += len(batch)
        progress("put", stored, len(data.rows))
save("put", {"rows": stored, "checksum": data.checksum()})
print(f"put {stored} rows in {requests} requests")
