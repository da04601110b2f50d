"""Opens an offset session, reads the first half of every shard, commits, and stops."""

import os
from dataclasses import asdict, replace

from dataset import DataSet
from journey import TOPIC, connect, load, newest, project_of, read, save, shard_ids

data = DataSet()
project = project_of("python")
sub_id = load("created")["sub_id"]
lines, session = {}, {}
with connect() as hub:
    opened = hub.init_and_get_subscription_offset(project, TOPIC, sub_id, shard_ids(hub, project))
    for shard, offset in opened.offsets.items():
        half = offset.sequence + (newest(hub, project, shard) - offset.sequence) // 2
        got = read(hub, project, data.schema, shard, offset.sequence, half)
        session[shard] = replace(offset, sequence=got.last, timestamp=got.last_time)
        lines[shard] = got.lines
    hub.update_subscription_offset(project, TOPIC, sub_id, session)
save(
    "first_half",
    {"session": {shard: asdict(offset) for shard, offset in session.items()}, "lines": lines},
)
count = sum(map(len, lines.values()))
print(f"process {os.getpid()}: read and committed {count} rows, then stopped half-way")
