"""Fixtures: a running emulator and the official client pointed at it."""

import itertools
import os

import pytest
from datahub import DataHub
from datahub.core import DatahubProtocolType
from datahub.models import CompressFormat
from emulator_process import ACCESS_ID, ACCESS_KEY, EmulatorProcess


@pytest.fixture(scope="session")
def emulator():
    running = EmulatorProcess("datahub")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def young_shards():
    """An emulator whose shards may be split and merged at once."""
    running = EmulatorProcess("datahub", "--limits", "relaxed")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def connect(emulator):
    """Makes an official client for the emulator."""

    def connect(protocol=DatahubProtocolType.PB, compression=CompressFormat.LZ4, url=emulator.url, **options):
        return DataHub(ACCESS_ID, ACCESS_KEY, url, compression, protocol_type=protocol, **options)

    return connect


@pytest.fixture(scope="session")
def client(connect):
    return connect()


@pytest.fixture(scope="session", params=[DatahubProtocolType.JSON, DatahubProtocolType.PB], ids=["json", "pb"])
def protocol(request):
    return request.param


@pytest.fixture(scope="session", params=list(CompressFormat), ids=lambda member: member.name.lower())
def compression(request):
    return request.param


@pytest.fixture(scope="session")
def records_client(connect, protocol, compression):
    """A client of each protocol with each compression."""
    return connect(protocol, compression)


numbers = itertools.count(1)


@pytest.fixture
def name():
    """A name that no other test uses."""
    return f"n{next(numbers)}_{os.getpid()}"


@pytest.fixture
def project(client, name):
    """The name of a project of the test's own."""
    client.create_project(name, "")
    yield name
    for topic in client.list_topic(name).topic_names:
        client.delete_topic(name, topic)
    client.delete_project(name)
