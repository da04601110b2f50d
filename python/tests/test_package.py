"""The surface of the package: names, signatures, documentation."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pickle
import typing
from types import ModuleType

import pytest

import hubstream
import program
from hubstream import _native, datahub, dis, errors
from hubstream._model import Editable, Model
from hubstream.datahub import aio as datahub_aio
from hubstream.datahub import auth, exceptions, models
from hubstream.dis import aio as dis_aio
from hubstream.testing import Emulator

PAIRS = [(datahub.DataHub, datahub_aio.DataHub), (dis.DisClient, dis_aio.DisClient)]


def operations(client: type) -> dict[str, typing.Any]:
    members = inspect.getmembers(client, inspect.isfunction)
    plain = {"stats"}
    return {name: member for name, member in members if name[0] != "_" and name not in plain}


@pytest.mark.parametrize(("sync", "coroutines"), PAIRS)
def test_both_clients_have_the_same_methods(sync: type, coroutines: type) -> None:
    one, other = operations(sync), operations(coroutines)
    assert list(one) == list(other)
    for name, method in one.items():
        assert not inspect.iscoroutinefunction(method), name
        assert inspect.iscoroutinefunction(other[name]), name
        assert inspect.signature(method) == inspect.signature(other[name]), name
        assert inspect.getdoc(method) == inspect.getdoc(other[name]), name
    makers = {"from_env", "from_url"}
    makers |= {"from_access", "from_credential"} if sync is datahub.DataHub else set()
    for name in {"__init__", *makers}:
        mine = inspect.signature(getattr(sync, name))
        assert mine == inspect.signature(getattr(coroutines, name))
        assert inspect.getdoc(getattr(sync, name)) == inspect.getdoc(getattr(coroutines, name))


@pytest.mark.parametrize(("sync", "coroutines"), PAIRS)
def test_every_method_is_typed_and_documented(sync: type, coroutines: type) -> None:
    for name, method in {**operations(sync), **operations(coroutines)}.items():
        signature = inspect.signature(method)
        docs = inspect.getdoc(method) or ""
        assert signature.return_annotation is not inspect.Signature.empty, name
        for parameter in list(signature.parameters.values())[1:]:
            assert parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD, name
            assert parameter.annotation is not inspect.Parameter.empty, name
            assert f"    {parameter.name}: " in docs, (name, parameter.name)
        assert docs.split("\n\n", 1)[0].endswith("."), name
        if name != "close":
            assert "Raises:" in docs, name


def test_every_setting_is_an_argument() -> None:
    for service, client in (("datahub", datahub.DataHub), ("dis", dis.DisClient)):
        names = {name for name, *_ in _native.settings(service)}
        assert names <= set(inspect.signature(client).parameters)
        assert names <= set(inspect.signature(client.from_env).parameters)
        from_url = set(inspect.signature(client.from_url).parameters)
        assert names - {"endpoint"} <= from_url
    with pytest.raises(errors.InvalidArgumentError):
        _native.settings("none")


@pytest.mark.parametrize(
    "module",
    ["hubstream.datahub.models.results", "hubstream.datahub.models.types", "hubstream.dis.models"],
)
def test_models_are_documented_and_pickled(module: str) -> None:
    content: ModuleType = importlib.import_module(module)
    classes = [getattr(content, name) for name in content.__all__]
    models_found = [item for item in classes if dataclasses.is_dataclass(item)]
    assert models_found
    for model in models_found:
        typing.get_type_hints(model)
        assert model.__doc__
        assert model.__slots__ is not None
        fields = dataclasses.fields(model)
        for field in fields:
            assert f"{field.name}: " in model.__doc__
        value = model(*[None] * len(fields))
        assert pickle.loads(pickle.dumps(value)) == value
        assert isinstance(str(value), str)
        if issubclass(model, Editable):
            setattr(value, fields[0].name, 1)
            assert getattr(value, fields[0].name) == 1
            assert value != model(*[None] * len(fields))
        else:
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(value, fields[0].name, 1)


def test_a_column_is_printed_as_the_service_writes_it() -> None:
    field = models.Field("id", models.FieldType.BIGINT, allow_null=False, comment="the key")
    written = {"name": "id", "type": "bigint", "comment": "the key", "notnull": True}
    assert str(field) == str(written)
    assert field.to_json() == written


def test_a_program_that_type_checkers_accept_runs(capsys: pytest.CaptureFixture[str]) -> None:
    program.main()
    assert "['0']" in capsys.readouterr().out


def test_secrets_are_not_printed() -> None:
    config = models.FcConnectorConfig(
        endpoint="https://x",
        service="s",
        func="f",
        auth_mode=models.AuthMode.AK,
        access_id="id",
        access_key="hush",
    )
    assert "hush" not in repr(config)
    # Those who print data classes in a form of their own heed it.
    fields = {field.name: field for field in dataclasses.fields(config)}
    hidden = [name for name, field in fields.items() if not field.repr]
    assert hidden == ["access_key", "other_settings"]
    assert fields["access_id"].default == ""
    config.access_key = ""
    assert "***" not in str(config)
    assert "hush" not in repr(datahub.DataHub("id", "hush", "http://127.0.0.1:1"))


class Folder(Model):
    """A model with models in lists and maps."""

    __slots__ = ("items", "named", "word")
    _HIDDEN = ("word",)
    _WIRE = ("Items", "Named", "Word")

    def __init__(self, items: object, named: object, word: object) -> None:
        for name, value in zip(self.__slots__, (items, named, word), strict=True):
            object.__setattr__(self, name, value)


def test_secrets_are_not_printed_wherever_they_are() -> None:
    inner = Folder([], {}, "hush")
    hidden = {"Items": [], "Named": {}, "Word": "***"}
    folder = Folder([inner], {"a": inner}, None)
    assert str(folder) == str({"Items": [hidden], "Named": {"a": hidden}})
    shown = {**hidden, "Word": "hush"}
    assert folder.to_json() == {"Items": [shown], "Named": {"a": shown}}


def test_models_are_matched_and_compared_by_class() -> None:
    match models.OffsetBase(5, 6):
        case models.OffsetBase(sequence, timestamp):
            assert (sequence, timestamp) == (5, 6)
    assert models.CreateConnectorResult("a", "b") == models.CreateConnectorResult("a", "b")
    assert models.CreateConnectorResult("a", "b") != models.CreateSubscriptionResult("a", "b")
    zeros = {"Sequence": 0, "Timestamp": 0, "BatchIndex": 0}
    assert models.OffsetBase(0, 0).to_json() == zeros


def test_names_of_the_reference() -> None:
    from hubstream.datahub import core
    from hubstream.datahub.models import compress, record, results, schema

    assert compress.CompressFormat is models.CompressFormat
    assert schema.FieldType is models.FieldType
    assert record.BlobRecord is models.BlobRecord
    assert results.GetTopicResult is models.GetTopicResult
    assert core.DataHub is datahub.DataHub
    assert datahub.__version__ == hubstream.__version__
    assert models.FieldType("tinyint") is models.FieldType["TINYINT"]
    assert [kind.name for kind in models.CursorType] == [
        "OLDEST",
        "LATEST",
        "SYSTEM_TIME",
        "SEQUENCE",
    ]
    for name in exceptions.__all__:
        assert issubclass(getattr(exceptions, name), exceptions.DatahubException)


def test_lazy_names() -> None:
    import hubstream

    assert hubstream.__version__ == _native.VERSION
    assert hubstream.RecordBatch is models.RecordBatch
    assert hubstream.HubstreamError is errors.HubstreamError
    assert hubstream.datahub is datahub
    assert "testing" in dir(hubstream)
    with pytest.raises(AttributeError):
        _ = hubstream.nothing


@pytest.mark.parametrize("package", [models, dis.models])
def test_lazy_names_of_models(package: ModuleType) -> None:
    names: dict[str, object] = {}
    exec(f"from {package.__name__} import *", names)
    exported: list[str] = package.__all__
    assert set(exported) <= set(names)
    assert set(exported) <= set(dir(package))
    assert package.results.__name__ == f"{package.__name__}.results"
    for name in ["Nothing", "nothing", "NothingResult", "_nothing"]:
        with pytest.raises(AttributeError, match=f"{package.__name__}.*{name}"):
            getattr(package, name)


class Request:
    def __init__(self) -> None:
        self.method = "GET"
        self.path_url = "/projects?filter=a%20b&donetime"
        self.headers = {
            "Content-Type": "application/json",
            "Date": "Tue, 01 Nov 2016 00:00:00 GMT",
            "x-datahub-client-version": "1.1",
        }


def test_an_account_signs_requests() -> None:
    account = auth.AliyunAccount(access_id=" id ", access_key="key", security_token="token")
    assert account.get_type() == auth.AccountType.ALIYUN
    request = Request()
    account.sign_request(request)
    assert request.headers["x-datahub-security-token"] == "token"
    assert request.headers["Authorization"].startswith("DATAHUB id:")
    assert "key" not in repr(account)
    with pytest.raises(NotImplementedError):
        auth.Account().get_type()


def test_a_signed_request_is_let_in(hubstream_emulator: Emulator) -> None:
    from email.utils import formatdate
    from urllib.request import Request as HttpRequest
    from urllib.request import urlopen

    request = Request()
    request.headers["Date"] = formatdate(usegmt=True)
    auth.AliyunAccount(access_id="emulator", access_key="emulator").sign_request(request)
    url = hubstream_emulator.datahub_url + request.path_url
    with urlopen(HttpRequest(url, headers=request.headers)) as reply:
        assert reply.status == 200


@pytest.mark.parametrize(
    "module", ["hubstream.testing", "hubstream.record_schema", "hubstream.records"]
)
def test_examples_in_docstrings(module: str) -> None:
    import doctest

    assert doctest.testmod(importlib.import_module(module), raise_on_error=True).failed == 0
