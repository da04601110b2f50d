"""Fixtures: a running emulator and the official client pointed at it."""

import itertools

import pytest
from emulator_process import ACCESS_ID, ACCESS_KEY, EmulatorProcess
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkdis.v2 import CreateAppReq, CreateAppRequest, CreateStreamReq, CreateStreamRequest, DisClient

PROJECT_ID = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"


def make_client(url: str, credentials: BasicCredentials | None = None) -> DisClient:
    """The official client for an emulator."""
    config = HttpConfig.get_default_config()
    config.user_agent = "hubstream-interop"
    return (
        DisClient.new_builder()
        .with_credentials(credentials or BasicCredentials(ACCESS_ID, ACCESS_KEY, PROJECT_ID))
        .with_endpoint(url)
        .with_http_config(config)
        .build()
    )


@pytest.fixture(scope="session")
def emulator():
    running = EmulatorProcess("dis")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def client(emulator):
    return make_client(emulator.url)


numbers = itertools.count(1)


@pytest.fixture
def name(request):
    """A name that no other test uses."""
    return f"{request.node.originalname.removeprefix('test_')[:40]}-{next(numbers)}"


@pytest.fixture
def stream(client, name):
    """The name of a stream of two partitions."""
    client.create_stream(CreateStreamRequest(body=CreateStreamReq(stream_name=name, partition_count=2)))
    return name


@pytest.fixture
def app(client, name):
    """The name of an app."""
    client.create_app(CreateAppRequest(body=CreateAppReq(app_name=name)))
    return name
