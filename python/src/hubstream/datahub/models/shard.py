"""Shards and their states, under the name of the reference."""

from hubstream.datahub.models.types import (
    Shard,
    ShardBase,
    ShardContext,
    ShardState,
)

__all__ = [
    "Shard",
    "ShardBase",
    "ShardContext",
    "ShardState",
]
