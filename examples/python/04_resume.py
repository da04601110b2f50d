"""A new process: resumes exactly behind what was committed; the old session cannot commit any more."""

import os
import sys
from dataclasses import replace

from dataset import DataSet
from hubstream.datahub.models import OffsetWithSession
from hubstream.errors import HubstreamError
from journey import TOPIC, connect, load, newest, project_of, read, save, shard_ids

data = DataSet()
project = project_of("python")
sub_id = load("created")["sub_id"]
old = {shard: OffsetWithSession(**offset) for shard, offset in load("first_half")["session"].items()}
lines, session = {}, {}
with connect() as hub:
    opened = hub.init_and_get_subscription_offset(project, TOPIC, sub_id, shard_ids(hub, project))
    for shard, offset in old.items():
        if opened.offsets[shard].sequence != offset.sequence:
            sys.exit(f"error: shard {shard} does not resume where it was committed")

    try:
        hub.update_subscription_offset(project, TOPIC, sub_id, old)
    except HubstreamError as error:
        if error.kind != "session_lost":
            raise
        print(f"commit of the outdated session refused: {type(error).__name__}: {error}")
    else:
        sys.exit("error: the outdated session could commit")

    for shard, offset in opened.offsets.items():
        until = newest(hub, project, shard)
        got = read(hub, project, data.schema, shard, offset.sequence, until)
        if got.first not in (None, offset.sequence + 1):
            sys.exit(f"error: shard {shard} goes on at {got.first} behind {offset.sequence}")
        session[shard] = replace(offset, sequence=got.last, timestamp=got.last_time)
        lines[shard] = got.lines
    hub.update_subscription_offset(project, TOPIC, sub_id, session)
save("second_half", {"lines": lines})
count = sum(map(len, lines.values()))
print(f"process {os.getpid()}: resumed, read and committed the other {count} rows")
