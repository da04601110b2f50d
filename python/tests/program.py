"""A program as users write it: `python/check` looks at its types in the strictest way."""

from __future__ import annotations

import hubstream
from hubstream.datahub import DataHub, DatahubProtocolType
from hubstream.datahub.aio import DataHub as AsyncDataHub
from hubstream.datahub.exceptions import ResourceNotFoundException
from hubstream.datahub.models import (
    CursorType,
    Field,
    FieldType,
    OffsetWithSession,
    RecordBatch,
    RecordSchema,
    ShardState,
    TupleRecord,
)
from hubstream.testing import Emulator

SCHEMA = RecordSchema(
    [Field("id", FieldType.BIGINT, allow_null=False), Field("n", FieldType.STRING)]
)


def names_exist_or_are_refused() -> None:
    """Type checkers must see which names there are, though they are imported when they are used."""
    print(hubstream.errors.HubstreamError, hubstream.datahub.models.CursorType.OLDEST)
    hubstream.Nothing  # type: ignore[attr-defined]  # noqa: B018
    hubstream.datahub.models.Nothing  # type: ignore[attr-defined]  # noqa: B018
    hubstream.dis.models.Nothing  # type: ignore[attr-defined]  # noqa: B018


def put_and_get(hub: DataHub) -> list[str | None]:
    """Uses what calls return by the types that they say they have."""
    record = TupleRecord(schema=SCHEMA, values=[1, "a"])
    record.put_attribute("k", "v")
    failed: list[int] = [
        f.index for f in hub.put_records("shop", "orders", [record]).failed_records
    ]
    batch: RecordBatch = RecordBatch.from_rows(SCHEMA, [(len(failed), None)])
    hub.put_records_by_shard("shop", "orders", "0", batch)
    cursor: str = hub.get_cursor("shop", "orders", "0", CursorType.OLDEST).cursor
    got = hub.get_tuple_records("shop", "orders", "0", SCHEMA, cursor, 10)
    sequences: list[int] = [record.sequence for record in got.records]
    print(sequences, got.records.rows()[0][0], got.records.column("id"))
    shards = hub.list_shard("shop", "orders").shards
    return [shard.shard_id for shard in shards if shard.state is ShardState.ACTIVE]


def commit(hub: DataHub, sub_id: str) -> None:
    """Takes an offset out of a mapping and puts another in."""
    offset = hub.init_and_get_subscription_offset("shop", "orders", sub_id, ["0"]).offsets["0"]
    moved = OffsetWithSession(1, 2, offset.version, offset.session_id)
    hub.update_subscription_offset("shop", "orders", sub_id, {"0": moved})


async def asynchronous(hub: AsyncDataHub) -> list[str]:
    """Awaits a result of a type of its own."""
    return (await hub.list_project()).project_names


def main() -> None:
    """Runs the program."""
    with Emulator() as emulator, emulator.datahub_client() as hub:
        hub.create_project("shop", "")
        hub.create_tuple_topic("shop", "orders", 1, 7, SCHEMA, "")
        print(put_and_get(hub), DatahubProtocolType.BATCH)
        commit(hub, hub.create_subscription("shop", "orders", "").sub_id)
        try:
            hub.get_topic("shop", "none")
        except ResourceNotFoundException as error:
            print(error.error_code, error.request_id, error.status_code)
