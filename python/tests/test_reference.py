"""Every name of the API reference is in the package, with the reference's parameters."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import tomllib
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from hubstream import _native
from hubstream.datahub import DataHub, DatahubProtocolType, aio, models
from hubstream.datahub.auth import AliyunAccount
from hubstream.datahub.exceptions import InvalidParameterException
from hubstream.testing import Emulator
from sample import Given

REFERENCE: dict[str, Any] = tomllib.loads(
    (Path(__file__).parent / "reference.toml").read_text(encoding="utf-8")
)
CLASSES: list[dict[str, Any]] = REFERENCE["class"]


def find(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(f"hubstream.{module}"), name)


def check_parameters(function: Any, wanted: list[str]) -> None:
    """By place or by name, each parameter can be given; those marked can be left out."""
    found = list(inspect.signature(function).parameters.values())[: len(wanted)]
    assert [item.name for item in found] == [name.removesuffix("?") for name in wanted]
    for item, name in zip(found, wanted, strict=True):
        assert item.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
        assert item.default is not inspect.Parameter.empty or not name.endswith("?"), name


def attributes(kind: type) -> set[str]:
    fields = {field.name for field in dataclasses.fields(kind)} if is_model(kind) else set()
    return fields | set(dir(kind))


def is_model(kind: type) -> bool:
    return dataclasses.is_dataclass(kind)


@pytest.mark.parametrize("entry", CLASSES, ids=lambda entry: str(entry["path"]))
def test_a_class_of_the_reference(entry: dict[str, Any]) -> None:
    kind = find(entry["path"])
    assert inspect.isclass(kind)
    if "parameters" in entry:
        check_parameters(kind, entry["parameters"])
    assert set(entry.get("keywords", ())) <= set(inspect.signature(kind).parameters)
    assert set(entry.get("members", ())) <= attributes(kind)
    if "values" in entry:
        assert issubclass(kind, Enum)
        assert set(entry["values"]) <= set(kind.__members__)


def methods() -> list[Any]:
    return [
        pytest.param(kind, name, wanted, id=f"{kind.__module__}.{kind.__name__}.{name}")
        for entry in CLASSES
        for kind in with_coroutines(find(entry["path"]))
        for name, wanted in entry.get("methods", {}).items()
    ]


def with_coroutines(kind: type) -> list[type]:
    return [kind, aio.DataHub] if kind is DataHub else [kind]


@pytest.mark.parametrize(("kind", "name", "wanted"), methods())
def test_a_method_of_the_reference(kind: type, name: str, wanted: list[str]) -> None:
    method = inspect.getattr_static(kind, name)
    if isinstance(method, classmethod):
        check_parameters(getattr(kind, name), wanted)
    else:
        check_parameters(method, ["self", *wanted])


@pytest.mark.parametrize("module", REFERENCE["places"])
def test_names_have_their_second_place(module: str) -> None:
    content = importlib.import_module(f"hubstream.{module}")
    for name in REFERENCE["places"][module]:
        assert getattr(content, name) is getattr(models, name)
        assert name in content.__all__


def test_exceptions_are_still_needed() -> None:
    for entry in CLASSES:
        kind = find(entry["path"])
        for what, reason in entry.get("except", {}).items():
            assert reason
            method, _, parameter = what.rpartition(" ")
            if method:
                assert parameter not in inspect.signature(getattr(kind, method)).parameters
            elif what == "parameters":
                assert "parameters" not in entry
            else:
                assert what not in attributes(kind), (kind, what)


class Credentials(Given):
    def get_credential(self) -> Credentials:
        return self


def test_every_way_to_make_a_client(hubstream_emulator: Emulator) -> None:
    url = hubstream_emulator.datahub_url
    lz4 = models.CompressFormat.LZ4
    clients = [
        DataHub("emulator", "emulator", url, True, lz4),
        DataHub("emulator", "emulator", url, enable_pb=False, compress_format=lz4),
        DataHub("emulator", "emulator", url, lz4),
        DataHub("", "", url, lz4, Credentials()),
        DataHub("", "", url, lz4, credential=Credentials()),
        DataHub.from_access("emulator", "emulator", url),
        DataHub.from_access(
            "emulator", "emulator", url, lz4, protocol_type=DatahubProtocolType.JSON
        ),
        DataHub.from_credential(Credentials(), url, models.CompressFormat.NONE),
        DataHub(
            "emulator",
            "emulator",
            url,
            security_token="",
            enable_schema_register=True,
            stream=False,
            retry_times=2,
            conn_timeout=5,
            read_timeout=20,
            pool_connections=10,
            pool_maxsize=10,
            proxies={},
            user_agent="mine",
        ),
    ]
    for client in clients:
        with client:
            assert client.list_project().project_names == []


class Noting(DataHub):
    """A client that notes what it is made of, and makes no connection."""

    __slots__ = ("credential", "settings")

    def _connect(
        self, settings: Mapping[str, object], credential: object, **_further: object
    ) -> None:
        self.settings, self.credential = settings, credential


def test_every_setting_is_passed_on() -> None:
    given = {name: f"some {name}" for name, *_ in _native.settings("datahub")}
    assert Noting(**given).settings == given  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ({"conn_timeout": 7, "read_timeout": 8}, {"connect_timeout": 7, "attempt_timeout": 8}),
        ({"conn_timeout": 7, "connect_timeout": 8}, {"connect_timeout": 8}),
        ({"read_timeout": 7, "attempt_timeout": 8}, {"attempt_timeout": 8}),
        ({"retry_times": 2}, {"max_attempts": 3}),
        ({"retry_times": 2, "max_attempts": 7}, {"max_attempts": 7}),
        ({"pool_maxsize": 2}, {"max_idle_connections": 2}),
        ({"pool_maxsize": 2, "max_idle_connections": 0}, {"max_idle_connections": 0}),
        ({"endpoint": "HTTP://x", "proxies": {"http": "a", "all": "b"}}, {"proxy": "a"}),
        ({"endpoint": "https://x", "proxies": {"http": "a", "all": "b"}}, {"proxy": "b"}),
        ({"endpoint": "https://x", "proxies": {"http": "a"}}, {"proxy": None}),
        ({"endpoint": "http://x", "proxies": {"http": "a"}, "proxy": "c"}, {"proxy": "c"}),
        ({"protocol": "json", "protocol_type": "pb"}, {"protocol": "json"}),
        ({"protocol_type": "batch", "enable_pb": True}, {"protocol": "batch"}),
        ({"enable_pb": False}, {"protocol": "json"}),
        ({"enable_pb": models.CompressFormat.ZSTD}, {"protocol": None, "compress_format": "zstd"}),
        ({"compress_format": models.CompressFormat.NONE}, {"compress_format": "none"}),
        ({"compress_format": ""}, {"compress_format": "none"}),
        ({"account": AliyunAccount("a", "b", "c")}, {"security_token": "c", "access_key": "b"}),
    ],
)
def test_other_names_of_settings(arguments: dict[str, Any], wanted: dict[str, object]) -> None:
    settings = Noting(**arguments).settings
    assert {name: settings[name] for name in wanted} == wanted


def test_how_makers_pass_compression_on() -> None:
    zstd = models.CompressFormat.ZSTD
    given = Credentials()
    for client in (
        Noting.from_access("id", "key", "http://x", zstd),
        Noting.from_credential(given, "http://x", zstd),
        Noting("", "", "http://x", zstd, given),
    ):
        assert client.settings["compress_format"] == "zstd"
    assert client.credential is given


def test_a_client_with_settings_of_a_wrong_form() -> None:
    for wrong in ({"protocol_type": 3}, {"compress_format": 3}, {"compress_format": "none such"}):
        settings: dict[str, Any] = wrong
        with pytest.raises(InvalidParameterException, match=r"protocol|compress_format"):
            DataHub("id", "key", "http://127.0.0.1:1", **settings)


def test_fields_in_the_order_of_each_release() -> None:
    string = models.FieldType.STRING
    field = models.Field("a", string, False, "text")
    assert models.Field("a", string, "text", False) == field
    assert models.Field("a", string, comment="text", allow_null=False) == field
    assert models.Field("a", string, "text") == models.Field("a", string, True, "text")
    assert models.Field("a", string, "", True) == models.Field("a", string)
    with pytest.raises(InvalidParameterException, match="comment"):
        models.Field("a", string, False, True)


def test_arguments_that_the_reference_takes(hubstream_emulator: Emulator) -> None:
    with hubstream_emulator.datahub_client() as hub:
        hub.create_project("shop", "things")
        schema = models.RecordSchema.from_lists(["id"], [models.FieldType.BIGINT])
        hub.create_tuple_topic("shop", "orders", 1, 7, schema, "all orders", False)
        hub.wait_shards_ready("shop", "orders", 30)
        kind = models.ConnectorType.SINK_ODPS
        config = models.OdpsConnectorConfig(
            "p", "t", "https://o", "https://t", "id", "key", models.PartitionMode.SYSTEM_TIME, 15
        )
        created = hub.create_connector("shop", "orders", kind, ["id"], config)
        found = hub.get_connector("shop", "orders", kind)
        assert found.connector_id == created.connector_id
        hub.reload_connector("shop", "orders", kind, "")
        assert list(hub.get_connector_shard_status("shop", "orders", kind, "").shard_status_infos)
        hub.create_subscription("shop", "orders", "mine")
        assert hub.list_subscription("shop", "orders", "", 1, 10).total_count == 1
        printed = str(hub.get_project("shop"))
        assert "'ProjectName': 'shop'" in printed
        assert "'Comment': 'things'" in printed
        assert hub.get_project("shop").to_json()["ProjectName"] == "shop"
        assert "'PartitionMode': 'SYSTEM_TIME'" in str(found)
        assert config.to_json()["AccessKey"] == "key"
        for shown in (str(found), repr(found), str(config), repr(config)):
            assert "'key'" not in shown
