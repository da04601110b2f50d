"""What the tests share: clients of an emulator, and servers that misbehave."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from hubstream.datahub import DataHub
from hubstream.testing import Emulator
from sample import ALL_TYPES


@pytest.fixture
def hub(hubstream_emulator: Emulator) -> Iterator[DataHub]:
    with hubstream_emulator.datahub_client() as client:
        yield client


@pytest.fixture
def tuple_topic(hub: DataHub) -> tuple[str, str]:
    hub.create_project("shop", "things to buy")
    hub.create_tuple_topic("shop", "orders", 1, 7, ALL_TYPES, "all types")
    hub.wait_shards_ready("shop", "orders")
    return "shop", "orders"


@pytest.fixture
def blob_topic(hub: DataHub) -> tuple[str, str]:
    hub.create_project("shop", "things to buy")
    hub.create_blob_topic("shop", "photos", 1, 7, "bytes")
    hub.wait_shards_ready("shop", "photos")
    return "shop", "photos"


@pytest.fixture
def silent_server() -> Iterator[socket.socket]:
    """A server that accepts nothing and answers nothing: connections wait in its queue."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server
