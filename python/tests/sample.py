"""What several tests use."""

from __future__ import annotations

import socket

from hubstream.datahub import DataHub
from hubstream.datahub.models import CursorType, FieldType, RecordSchema

ALL_TYPES = RecordSchema.from_lists([kind.value for kind in FieldType], list(FieldType))


class Given:
    """Credentials in the form of the vendor's own packages."""

    def get_access_key_id(self) -> str:
        return "emulator"

    def get_access_key_secret(self) -> str:
        return "emulator"

    def get_security_token(self) -> None:
        return None


def oldest(hub: DataHub, topic: tuple[str, str], shard_id: str = "0") -> str:
    return hub.get_cursor(*topic, shard_id, CursorType.OLDEST).cursor


def url_of(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}"
