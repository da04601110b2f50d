"""Where the journey goes, what one process leaves for the next, and how a shard is read."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dataset import canonical
from hubstream.datahub import DataHub
from hubstream.datahub.models import CursorType, RecordSchema

TOPIC = "flights"
SHARDS = 3
LIMIT = 500
STATE = Path(os.environ.get("HUBSTREAM_DEMO_STATE", "target/demo"))


def project_of(language: str) -> str:
    return f"demo_{language}"


def connect() -> DataHub:
    """A client made from DATAHUB_ENDPOINT, DATAHUB_ACCESS_ID and DATAHUB_ACCESS_KEY."""
    return DataHub.from_env(protocol="protobuf", compress_format="lz4")


def save(step: str, value: Any) -> None:
    """Leaves something for the next process."""
    STATE.mkdir(parents=True, exist_ok=True)
    (STATE / f"python.{step}.json").write_text(json.dumps(value), encoding="utf-8")


def load(step: str) -> Any:
    """Takes what an earlier process left."""
    try:
        return json.loads((STATE / f"python.{step}.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        sys.exit(f"error: run the programs in order: {error}")


def shard_ids(hub: DataHub, project: str) -> list[str]:
    return [shard.shard_id for shard in hub.list_shard(project, TOPIC).shards]


def newest(hub: DataHub, project: str, shard: str) -> int:
    """Sequence number of the newest record of a shard."""
    return hub.get_cursor(project, TOPIC, shard, CursorType.LATEST).sequence


@dataclass
class ShardRead:
    """What was read of a shard: first and last sequence number, time of the last record, and lines."""

    last: int
    first: int | None = None
    last_time: int = -1
    lines: list[str] = field(default_factory=list)


def read(hub: DataHub, project: str, schema: RecordSchema, shard: str, after: int, until: int) -> ShardRead:
    """Reads the records behind a sequence number up to another one."""
    got = ShardRead(last=after)
    if after >= until:
        return got
    if after < 0:
        cursor = hub.get_cursor(project, TOPIC, shard, CursorType.OLDEST).cursor
    else:
        cursor = hub.get_cursor(project, TOPIC, shard, CursorType.SEQUENCE, after + 1).cursor
    while got.last < until:
        limit = min(LIMIT, until - got.last)
        result = hub.get_tuple_records(project, TOPIC, shard, schema, cursor, limit)
        batch = result.records
        if not batch:
            sys.exit(f"error: shard {shard} ends at {got.last} instead of {until}")
        if got.first is None:
            got.first = batch.sequence(0)
        got.last = batch.sequence(len(batch) - 1)
        got.last_time = batch.system_time(len(batch) - 1)
        got.lines += canonical(batch)
        cursor = result.next_cursor
    return got
