"""Compares what was put with what both reading processes got; fails if anything differs."""

import sys

from dataset import checksum
from journey import TOPIC, connect, load, newest, project_of, shard_ids
from show import short, table

project = project_of("python")
put, first, second = load("put"), load("first_half")["lines"], load("second_half")["lines"]
with connect() as hub:
    stored = {shard: newest(hub, project, shard) + 1 for shard in shard_ids(hub, project)}

lines = [line for half in (first, second) for shard in half.values() for line in shard]
rows = [["shard", "stored", "first process", "second process", "read"]]
for shard, count in stored.items():
    counts = [len(first[shard]), len(second[shard])]
    rows.append([shard, count, *counts, sum(counts)])
out = checksum(lines)

print(f"{project}/{TOPIC}")
table(rows)
table(
    [
        ["", "rows", "checksum"],
        ["in", put["rows"], short(put["checksum"])],
        ["out", len(lines), short(out)],
    ]
)
equal = all(row[1] == row[4] for row in rows[1:])
if not (equal and put["rows"] == len(lines) == sum(stored.values()) and put["checksum"] == out):
    sys.exit("error: what was read differs from what was put")
print("  equal on both ends")
